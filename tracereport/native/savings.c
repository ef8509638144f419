/* What calls that needn't have been made took: of what lies inside a call never more counts than the call itself took.
 *
 * A call limits what those inside it save if its children took longer than it did. Parents stand before their children,
 * so that one pass finds the limits, and another one, in the same order, lets each call use up what is left of those that
 * it lies in, from the nearest one outwards.
 */
#include "common.h"

/* A time as recorded, and with all resolutions added. */
typedef struct {
    uint64_t least;
    uint64_t most;
} Time;

static inline Time time_at(Column time, Column range, int64_t at) {
    uint64_t least = (uint64_t)number_at(time, at);
    return (Time){least, least + (uint64_t)number_at(range, at)};
}

static inline bool is_time(Column time, Column range, int64_t at) {
    return number_at(time, at) >= 0 && number_at(range, at) >= 0;
}

/* The nearest limit above each call: `nearest` is given its number, -1 for none. Of each limit `place` is given the call
 * that it is, `above` the next limit outside of it, and `depth` in how many it lies, at most `most_depth`. Gives how many
 * limits there are; each of the columns has room for `count`. */
EXPORT int64_t tracereport_find_limits(Column parent, Column time, Column range, int64_t count, int64_t most_depth,
                                       int32_t *nearest, int32_t *place, int32_t *above, int32_t *depth) {
    if (count < 0 || count > INT32_MAX || most_depth < 0 || most_depth > INT32_MAX || !is_column(parent) ||
        !is_column(time) || !is_column(range))
        return BAD_ARGUMENT;
    Time *inside = calloc((size_t)count + 1, sizeof *inside);
    if (!inside)
        return NO_MEMORY;
    int64_t limits = 0;
    for (int64_t at = count - 1; at >= 0; at--) {
        int64_t up = number_at(parent, at);
        if (up >= at || !is_time(time, range, at)) {
            free(inside);
            return BAD_ARGUMENT;
        }
        Time own = time_at(time, range, at);
        /* From here on it holds whether the call is a limit. */
        inside[at].least = inside[at].least > own.least || inside[at].most > own.most;
        if (up >= 0) {
            inside[up].least = add_up_to_most(inside[up].least, own.least);
            inside[up].most = add_up_to_most(inside[up].most, own.most);
        }
    }
    for (int64_t at = 0; at < count; at++) {
        int64_t up = number_at(parent, at);
        /* A limit has been given its number and one. */
        nearest[at] = up < 0 ? -1 : inside[up].least ? (int32_t)(inside[up].least - 1) : nearest[up];
        if (!inside[at].least)
            continue;
        int64_t outer = nearest[at] < 0 ? -1 : depth[nearest[at]];
        place[limits] = (int32_t)at;
        above[limits] = nearest[at];
        depth[limits] = (int32_t)(outer + 1 < most_depth ? outer + 1 : most_depth);
        inside[at].least = (uint64_t)++limits;
    }
    free(inside);
    return limits;
}

/* What is used up of a limit's time, by one group where groups count apart. */
typedef struct {
    int64_t key; /* -1: free */
    Time time;
} Spent;

/* What is used up of each limit. Where groups count apart, most limits are of one, which is kept with the limit; what
 * others use up is in a table. */
typedef struct {
    Time *times;
    int32_t *first; /* per limit the group that has used up of it first, -1 for none; null where all count together */
} SpentOfLimits;

typedef struct {
    Spent *slots;
    int64_t size; /* a power of two, at least twice the keys */
    int64_t used;
} SpentTable;

static Spent *find_spent(const SpentTable *table, int64_t key) {
    uint64_t mask = (uint64_t)table->size - 1, at = hash_key(key) & mask;
    while (table->slots[at].key >= 0 && table->slots[at].key != key)
        at = (at + 1) & mask;
    return &table->slots[at];
}

static bool open_spent(SpentTable *table, int64_t size) {
    *table = (SpentTable){allocate(size, sizeof *table->slots), size, 0};
    if (table->slots)
        memset(table->slots, 0xff, (size_t)size * sizeof *table->slots);
    return table->slots;
}

/* What the key has used up, none at first; null where memory lacks. */
static Time *spent_of(SpentTable *table, int64_t key) {
    Spent *found = find_spent(table, key);
    if (found->key == key)
        return &found->time;
    if (2 * (table->used + 1) > table->size) {
        SpentTable larger;
        if (!open_spent(&larger, 2 * table->size))
            return NULL;
        for (int64_t at = 0; at < table->size; at++)
            if (table->slots[at].key >= 0)
                *find_spent(&larger, table->slots[at].key) = table->slots[at];
        larger.used = table->used;
        free(table->slots);
        *table = larger;
        found = find_spent(table, key);
    }
    *found = (Spent){key, {0, 0}};
    table->used++;
    return &found->time;
}

static inline uint64_t use_up(uint64_t *spent, uint64_t time, uint64_t limit) {
    uint64_t left = *spent < limit ? limit - *spent : 0;
    *spent = add_up_to_most(*spent, time);
    return time < left ? time : left;
}

/* Adds up by group what the chosen calls save. Where groups count `apart`, none uses up what another may save; calls in
 * more than `most_depth` limits save nothing. `nearest` may be null: nothing limits anything.
 *
 * `sums` is given three pairs of columns, each of the upper and the lower 32 bits added up: of times as recorded; of how
 * far they may lie above, or below, if others may use up more of a limit; and of the recorded times of `exclusive` calls
 * alone. */
EXPORT int64_t tracereport_sum_saved(const int32_t *nearest, const int32_t *place, const int32_t *above,
                                     const int32_t *depth, int64_t limits, int64_t most_depth, Column time, Column range,
                                     const uint8_t *chosen, const uint8_t *exclusive, int64_t count,
                                     const int32_t *group, int64_t groups, int64_t apart, int64_t *sums) {
    if (count < 0 || count > INT32_MAX || limits < 0 || limits > INT32_MAX || groups < 0 || groups > INT32_MAX ||
        !is_column(time) || !is_column(range))
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < limits; at++)
        if (above[at] >= at || place[at] < 0 || place[at] >= count || !is_time(time, range, place[at]))
            return BAD_ARGUMENT;
    SpentTable others = {NULL, 0, 0};
    SpentOfLimits spent = {calloc((size_t)limits + 1, sizeof *spent.times), NULL};
    if (apart && (spent.first = allocate(limits, sizeof *spent.first)))
        memset(spent.first, 0xff, (size_t)limits * sizeof *spent.first);
    int64_t status = spent.times && (!apart || (spent.first && open_spent(&others, 1024))) ? count : NO_MEMORY;
    int64_t(*recorded)[2] = (void *)sums, (*ranges)[2] = recorded + groups, (*alone)[2] = ranges + groups;
    memset(sums, 0, (size_t)groups * 6 * sizeof *sums);
    for (int64_t at = 0; at < count && status >= 0; at++) {
        if (!chosen[at])
            continue;
        int32_t own = group[at], limit = nearest ? nearest[at] : -1;
        if (own < 0 || own >= groups || limit >= limits || !is_time(time, range, at)) {
            status = BAD_ARGUMENT;
            break;
        }
        if (limit >= 0 && depth[limit] >= most_depth)
            continue;
        Time left = time_at(time, range, at);
        /* Once nothing is left, nothing more is used up. */
        for (; limit >= 0 && left.most | left.least; limit = above[limit]) {
            if (apart && spent.first[limit] < 0)
                spent.first[limit] = own;
            bool is_first = !apart || spent.first[limit] == own;
            Time *used = is_first ? spent.times + limit : spent_of(&others, limit * groups + own);
            if (!used) {
                status = NO_MEMORY;
                break;
            }
            Time most = time_at(time, range, place[limit]);
            left = (Time){use_up(&used->least, left.least, most.least), use_up(&used->most, left.most, most.most)};
        }
        bool is_below = left.most < left.least;
        add_in_halves(recorded[own], left.least, 1);
        add_in_halves(ranges[own], is_below ? left.least - left.most : left.most - left.least, is_below ? -1 : 1);
        if (exclusive && exclusive[at])
            add_in_halves(alone[own], left.least, 1);
    }
    free(spent.times);
    free(spent.first);
    free(others.slots);
    return status;
}

/* Which calls lie inside one that has an owner: bit 0; inside one of their own: bit 1, which those get, too, that lie
 * inside more than `most_steps` others. What has no owner, -1, is inside none of its own. */
EXPORT int64_t tracereport_inside_owned(Column parent, const int32_t *owner, int64_t count, int64_t most_steps,
                                        uint8_t *inside) {
    if (count < 0 || count > INT32_MAX || !is_column(parent))
        return BAD_ARGUMENT;
    int32_t *nearest = allocate(count, sizeof *nearest);
    int64_t status = nearest ? count : NO_MEMORY;
    for (int64_t at = 0; at < count && status >= 0; at++) {
        int64_t up = number_at(parent, at), steps = 0;
        if (up >= at) {
            status = BAD_ARGUMENT;
            break;
        }
        nearest[at] = up < 0 ? -1 : owner[up] >= 0 ? (int32_t)up : nearest[up];
        int32_t current = nearest[at];
        if (owner[at] >= 0)
            while (current >= 0 && steps++ < most_steps && owner[current] != owner[at])
                current = nearest[current];
        inside[at] = (uint8_t)((nearest[at] >= 0) | (owner[at] >= 0 && current >= 0) << 1);
    }
    free(nearest);
    return status;
}
