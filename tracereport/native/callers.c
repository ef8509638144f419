/* Open callers: which call of the function that a call names as its caller was running when it began.
 *
 * Numbers are given at the start and lines are written at the end: a call is open when another begins if its number is
 * smaller and its line later. Where the calls of a process lie inside one another, a stack holds those that are open.
 *
 * Elsewhere the calls of one function (of one process) are a stretch, with a slot each in the order of their lines. Calls
 * are taken in the order of their numbers; a tree per stretch (Fenwick, Software: Practice and Experience, 1994) holds how
 * many have begun, and the sum of their indices. Where just one is open, that sum is its index.
 */
#include "common.h"

typedef struct {
    int64_t begun;
    int64_t indices;
} Sum;

static void add(Sum *tree, int64_t size, int64_t slot, int64_t index) {
    for (slot++; slot <= size; slot += slot & -slot) {
        tree[slot - 1].begun++;
        tree[slot - 1].indices += index;
    }
}

/* Of the slots below this one. */
static Sum sum_below(const Sum *tree, int64_t slot) {
    Sum sum = {0, 0};
    for (; slot; slot &= slot - 1) {
        sum.begun += tree[slot - 1].begun;
        sum.indices += tree[slot - 1].indices;
    }
    return sum;
}

typedef struct {
    int64_t *start; /* per stretch, and the end of the last: where its slots begin */
    Sum *whole;     /* per stretch: all that have begun */
    int64_t *slot;  /* per call, in its own stretch */
    int64_t *below; /* per call: how many slots of the stretch that it wants have lines before its own */
    Sum *trees;
} Room;

static bool open_room(Room *room, int64_t count, int64_t stretches) {
    *room = (Room){
        .start = calloc((size_t)stretches + 2, sizeof *room->start),
        .whole = calloc((size_t)stretches + 1, sizeof *room->whole),
        .slot = allocate(count, sizeof *room->slot),
        .below = allocate(count, sizeof *room->below),
        .trees = calloc((size_t)count + 1, sizeof *room->trees),
    };
    return room->start && room->whole && room->slot && room->below && room->trees;
}

/* Gives each call its slot, and what is below it. */
static bool give_slots(Room *room, int64_t count, const int64_t *by_line, const int32_t *stretch, const int32_t *wanted,
                       int64_t stretches) {
    for (int64_t at = 0; at < count; at++) {
        if (stretch[at] < 0 || stretch[at] >= stretches || wanted[at] >= stretches)
            return false;
        room->start[stretch[at] + 1]++;
        room->slot[at] = -1;
    }
    for (int64_t at = 0; at < stretches; at++)
        room->start[at + 1] += room->start[at];
    for (int64_t place = 0; place < count; place++) {
        int64_t at = by_line[place];
        if (at < 0 || at >= count || room->slot[at] >= 0)
            return false;
        room->below[at] = wanted[at] < 0 ? 0 : room->whole[wanted[at]].begun;
        room->slot[at] = room->whole[stretch[at]].begun++;
    }
    memset(room->whole, 0, (size_t)stretches * sizeof *room->whole);
    return true;
}

/* `by_line` is the order of the calls by their lines. `stretch` numbers the function (and process) of each, `wanted`
 * that of the function that it names as its caller, -1 for none. `found` is given the only open call of that; -1 where
 * none or several are open. */
EXPORT int64_t tracereport_open_callers(int64_t count, const int64_t *by_line, const int32_t *stretch,
                                        const int32_t *wanted, int64_t stretches, int64_t *found) {
    if (count < 0 || stretches < 0 || stretches > INT32_MAX)
        return BAD_ARGUMENT;
    Room room;
    int64_t status = open_room(&room, count, stretches) ? count : NO_MEMORY;
    if (status >= 0 && !give_slots(&room, count, by_line, stretch, wanted, stretches))
        status = BAD_ARGUMENT;
    for (int64_t at = 0; at < count && status >= 0; at++) {
        found[at] = -1;
        if (wanted[at] >= 0 && room.whole[wanted[at]].begun) {
            Sum *whole = room.whole + wanted[at];
            Sum before = sum_below(room.trees + room.start[wanted[at]], room.below[at]);
            if (whole->begun - before.begun == 1)
                found[at] = whole->indices - before.indices;
        }
        int64_t start = room.start[stretch[at]], size = room.start[stretch[at] + 1] - start;
        add(room.trees + start, size, room.slot[at], at);
        room.whole[stretch[at]].begun++;
        room.whole[stretch[at]].indices += at;
    }
    free(room.start);
    free(room.whole);
    free(room.slot);
    free(room.below);
    free(room.trees);
    return status;
}

/* What is open of a function. */
typedef struct {
    int64_t begun;
    int64_t indices; /* their sum */
} Open;

/* As above, of the scopes whose calls lie inside one another; those of others are given -2.
 *
 * Calls stand in the order of their numbers, those of a scope together. `function` and `caller` are codes below `names`;
 * a caller below 0 is none. Gives how many calls are of other scopes. */
EXPORT int64_t tracereport_open_on_stack(int64_t count, const int32_t *scope, const int32_t *function,
                                         const int32_t *caller, int64_t names, Column line, int32_t *found) {
    if (count < 0 || count > INT32_MAX || names < 0 || names > INT32_MAX || !is_column(line))
        return BAD_ARGUMENT;
    int32_t *stack = allocate(count, sizeof *stack);
    Open *open = calloc((size_t)names + 1, sizeof *open);
    int64_t status = stack && open ? 0 : NO_MEMORY;
    for (int64_t begin = 0, end; begin < count && status >= 0; begin = end) {
        int64_t depth = 0, latest = INT64_MIN; /* the last line of what has ended */
        bool is_nested = true;
        for (end = begin; end < count && scope[end] == scope[begin]; end++) {
            if (function[end] < 0 || function[end] >= names || caller[end] >= names) {
                status = BAD_ARGUMENT;
                break;
            }
            if (!is_nested)
                continue;
            int64_t own = number_at(line, end);
            for (; depth && number_at(line, stack[depth - 1]) <= own; depth--) {
                int64_t ended = stack[depth - 1], its_line = number_at(line, ended);
                latest = its_line > latest ? its_line : latest;
                open[function[ended]].begun--;
                open[function[ended]].indices -= ended;
            }
            is_nested = own > latest;
            const Open *called_by = caller[end] < 0 ? NULL : open + caller[end];
            found[end] = called_by && called_by->begun == 1 ? (int32_t)called_by->indices : -1;
            stack[depth++] = (int32_t)end;
            open[function[end]].begun++;
            open[function[end]].indices += end;
        }
        while (depth) {
            int64_t left = stack[--depth];
            open[function[left]] = (Open){0, 0};
        }
        for (int64_t at = begin; at < end && !is_nested; at++, status++)
            found[at] = -2;
    }
    free(stack);
    free(open);
    return status;
}
