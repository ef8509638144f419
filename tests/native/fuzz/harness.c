/* Feeds bytes to every function of the native library, under the sanitizers, and holds the results to what they promise.
 *
 * The first byte of an input chooses what is tried, the second which allocation fails (0: none), and whether hashes are
 * worth nothing, so that only the comparing of texts tells them apart. The library is compiled into this file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t allocations_left = -1;
static uint64_t hash_mask = UINT64_MAX;

static int may_allocate(void) { return allocations_left < 0 || allocations_left-- > 0; }
static void *try_malloc(size_t size) { return may_allocate() ? malloc(size) : NULL; }
static void *try_calloc(size_t count, size_t size) { return may_allocate() ? calloc(count, size) : NULL; }
static void *try_realloc(void *memory, size_t size) { return may_allocate() ? realloc(memory, size) : NULL; }

#define malloc(size) try_malloc(size)
#define calloc(count, size) try_calloc(count, size)
#define realloc(memory, size) try_realloc(memory, size)
#define FUZZED_HASH(value) ((value) & hash_mask)
#include "keys.c"
#include "pairs.c"
#include "distances.c"
/* Two files have a function of this name. */
#define add add_call
#include "callers.c"
#undef add
#include "repeats.c"
#include "tally.c"
#include "texts.c"
#include "codes.c"
#include "paths.c"
#include "savings.c"
#include "metrics.c"
#include "split.c"
#include "stack.c"
#include "trees.c"
#undef malloc
#undef calloc
#undef realloc

#define HOLDS(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s doesn't hold\n", __FILE__, __LINE__, #condition);                               \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

enum { MOST_KEYS = 4096 };

static int64_t *column(int64_t count) { return calloc((size_t)count + 1, sizeof(int64_t)); }

/* Interns slices twice, which must give the same codes, and each code's text must be the slice. */
static void try_interning(const uint8_t *bytes, int64_t length, const int64_t *start, const int64_t *end, int64_t count) {
    Interner *interner = tracereport_interner_new();
    int32_t *codes = calloc((size_t)count + 1, sizeof *codes), *again = calloc((size_t)count + 1, sizeof *again);
    if (interner && tracereport_intern(interner, bytes, length, start, end, count, 1, codes) == count) {
        for (int64_t at = 0; at < count; at++) {
            if (start[at] < 0)
                continue;
            const int64_t *offset = tracereport_interner_offset(interner) + codes[at];
            HOLDS(offset[1] - offset[0] == end[at] - start[at]);
            HOLDS(!memcmp(tracereport_interner_bytes(interner) + offset[0], bytes + start[at],
                          (size_t)(end[at] - start[at])));
        }
        if (tracereport_intern(interner, bytes, length, start, end, count, 0, again) == count)
            HOLDS(!memcmp(codes, again, (size_t)count * sizeof *codes));
    }
    tracereport_interner_free(interner);
    free(codes);
    free(again);
}

static void try_metrics(const uint8_t *bytes, int64_t length, const int64_t *start, const int64_t *end, int64_t count) {
    static const uint8_t rules[] = "\6test=*\10process=\11escaped=1";
    MetricTable *table = tracereport_metrics_new(rules, sizeof rules - 1);
    int32_t *codes = calloc(3 * (size_t)count + 1, sizeof *codes);
    int64_t *numbers = column(2 * count);
    if (table && tracereport_intern_metrics(table, bytes, length, start, end, count, codes, codes + count,
                                            codes + 2 * count, numbers, numbers + count) == count) {
        for (int64_t at = 0; at < count; at++) {
            HOLDS((codes[at] < 0) == (codes[2 * count + at] >= 0));
            HOLDS(codes[at] < tracereport_metrics_count(table));
            HOLDS(numbers[at] >= MISSING && numbers[count + at] >= MISSING);
        }
    }
    tracereport_metrics_free(table);
    free(codes);
    free(numbers);
}

static void try_records(const uint8_t *bytes, int64_t length, const Split *split) {
    int64_t count, others, kept;
    const Record *records = tracereport_split_list(split, 0, &count);
    const Place *odd = tracereport_split_list(split, 1, &others);
    const uint8_t *lookups = tracereport_split_list(split, 3, &kept);
    int64_t *place = column(6 * count);
    for (int64_t at = 0; at < count; at++) {
        const Record *own = records + at;
        HOLDS(own->line >= 0 && own->line < split->lines && own->number >= 0 && own->elapsed_ns >= 0);
        HOLDS(own->signature_start > 0 && own->signature_start <= own->signature_end);
        HOLDS(own->signature_end < own->metrics_start && own->metrics_start <= own->metrics_end);
        HOLDS(own->metrics_end <= length && (own->caller_start < 0 || own->caller_end <= own->signature_end));
        HOLDS(own->lookup_start < 0 || (own->lookup_start <= own->lookup_end && own->lookup_end <= kept));
        const int64_t ends[] = {own->lookup_start, own->lookup_end,    own->caller_start,
                                own->caller_end,   own->metrics_start, own->metrics_end};
        for (int column_at = 0; column_at < 6; column_at++)
            place[column_at * count + at] = ends[column_at];
    }
    for (int64_t at = 0; at < others; at++)
        HOLDS(odd[at].start >= 0 && odd[at].start < length && odd[at].line < split->lines);
    try_interning(lookups, kept, place, place + count, count);
    try_interning(bytes, length, place + 2 * count, place + 3 * count, count);
    try_metrics(bytes, length, place + 4 * count, place + 5 * count, count);
    free(place);
}

static void try_chunk(const uint8_t *bytes, int64_t length) {
    Split *split = tracereport_split(bytes, length, 0), *quick = tracereport_split(bytes, length, 1);
    if (split)
        try_records(bytes, length, split);
    if (split && quick)
        HOLDS(quick->lines == split->lines && quick->candidates.count == split->candidates.count &&
              quick->records.count == 0 && quick->odd.count == 0);
    tracereport_split_free(split);
    tracereport_split_free(quick);
    tracereport_is_utf8(bytes, length);
}

/* Two codes of each eight bytes: any, so that most are beyond the table, or those that there are. */
static void try_codes(const uint8_t *bytes, int64_t count, int is_wild) {
    int32_t *codes = calloc(2 * (size_t)count + 1, sizeof *codes), *taken = calloc(2 * (size_t)count + 1, sizeof *taken);
    int32_t *used = calloc(2 * (size_t)count + 1, sizeof *used);
    memcpy(codes, bytes, (size_t)count * 8);
    for (int64_t at = 0; at < 2 * count; at++)
        codes[at] = is_wild ? codes[at] : (int32_t)(codes[at] % count);
    if (tracereport_take(bytes, count, 1, (Column){codes, 4}, 2 * count, taken) == 2 * count)
        for (int64_t at = 0; at < 2 * count; at++)
            HOLDS(((uint8_t *)taken)[at] == bytes[codes[at] < 0 ? codes[at] + count : codes[at]]);
    tracereport_take(bytes, count, 8, (Column){bytes, 8}, count, taken);
    int64_t found = tracereport_renumber(codes, 2 * count, 1 - count, 2 * count - 1, taken, used);
    for (int64_t at = 0; found >= 0 && at < 2 * count; at++)
        HOLDS(used[taken[codes[at] - 1 + count]] == codes[at]);
    PairTable *table = tracereport_pairs_new();
    if (table && tracereport_intern_pairs(table, codes, codes + count, count, taken) == count)
        for (int64_t at = 0; at < count; at++)
            HOLDS(taken[at] < tracereport_pairs_count(table) && tracereport_pairs(table)[2 * taken[at]] == codes[at] &&
                  tracereport_pairs(table)[2 * taken[at] + 1] == codes[count + at]);
    tracereport_pairs_free(table);
    free(codes);
    free(taken);
    free(used);
}

static void try_keys(const uint8_t *bytes, int64_t length) {
    int64_t count = length / 8 < MOST_KEYS ? length / 8 : MOST_KEYS;
    int64_t *keys = column(count), *result = column(count), *other = column(count);
    int32_t *codes = calloc((size_t)count + 1, sizeof *codes), *previous = calloc((size_t)count + 1, sizeof *previous);
    memcpy(keys, bytes, (size_t)count * 8);
    Column narrow = {keys, 4}, wide = {keys, 8};
    tracereport_factorize(narrow, count, codes, other);
    tracereport_group_order(narrow, count, result);
    tracereport_previous_same(narrow, count, previous);
    int64_t distinct = tracereport_factorize(wide, count, codes, other);
    for (int64_t at = 0; distinct >= 0 && at < count; at++)
        HOLDS(codes[at] < distinct && keys[other[codes[at]]] == keys[at] && other[codes[at]] <= at);
    if (tracereport_group_order(wide, count, result) == count)
        for (int64_t at = 1; at < count; at++)
            HOLDS(keys[result[at - 1]] < keys[result[at]] ||
                  (keys[result[at - 1]] == keys[result[at]] && result[at - 1] < result[at]));
    if (tracereport_previous_same(wide, count, previous) == count) {
        for (int64_t at = 0; at < count; at++)
            HOLDS(previous[at] < at && (previous[at] < 0 || keys[previous[at]] == keys[at]));
    }
    tracereport_sum_groups(narrow, (Column){result, 8}, count, other, count / 2);
    tracereport_sum_groups(wide, narrow, count, other, count);
    if (count) {
        try_codes(bytes, count, 0);
        try_codes(bytes, count, 1);
    }
    free(keys);
    free(result);
    free(other);
    free(codes);
    free(previous);
}

/* Two processes of lines whose numbers, callers and times are any, or so small that a stack may have written them. */
static void try_replay(const int32_t *group, const int64_t *values, int64_t count, int is_wild) {
    int64_t *number = column(count), *parent = column(count), found[2 * FINDINGS], first[] = {0, count / 2};
    int32_t *signature = calloc((size_t)count + 1, sizeof *signature), caller[4], function[4];
    for (int64_t at = 0; at < count; at++) {
        signature[at] = is_wild ? group[at] : group[at] & 3;
        int64_t start = at < first[1] ? 0 : first[1], size = start ? count - start : first[1], place = at - start;
        /* Inside one another, or every other one inside the one before. */
        int64_t tree = values[start] & 2 ? size - 1 - place : place ^ (values[start + (place & ~INT64_C(1))] & 1);
        number[at] = is_wild ? values[at] : tree;
    }
    for (int64_t at = 0; at < 4; at++) {
        caller[at] = count ? group[at % count] % 3 : 0;
        function[at] = is_wild && count ? group[at % count] : (int32_t)at % 2;
    }
    const int64_t one = 1;
    Column elapsed = {values, is_wild ? 8 : 4}, resolution = {&one, 0};
    if (tracereport_replay(number, signature, count, caller, function, 4, 3, elapsed, resolution, first, 2, parent,
                           found) == count)
        for (int64_t at = 0; at < count; at++) {
            int own = at >= first[1];
            HOLDS(parent[at] < number[at] || !found[own * FINDINGS + WORKS]);
            HOLDS(found[own * FINDINGS + CONFIRMED] <= found[own * FINDINGS + ADOPTED]);
        }
    free(number);
    free(parent);
    free(signature);
}

static void try_savings(Column parent, const int64_t *values, const int32_t *group, const uint8_t *flags, int64_t count,
                        int64_t groups) {
    int32_t *limit = calloc(4 * (size_t)count + 1, sizeof *limit), *place = limit + count;
    int64_t *sums = column(6 * groups);
    uint8_t *inside = calloc((size_t)count + 1, 1);
    Column time = {values, 8}, range = {values, count > 3 ? 8 : 0};
    int32_t *above = place + count, *depth = above + count;
    int64_t limits = tracereport_find_limits(parent, time, range, count, 2, limit, place, above, depth);
    for (int64_t at = 0; limits >= 0 && at < count; at++)
        HOLDS(limit[at] < limits && (limit[at] < 0 || place[limit[at]] < at));
    int32_t *nearest = limits < 0 ? NULL : limit;
    for (int apart = 0; apart < 2; apart++)
        if (tracereport_sum_saved(nearest, place, above, depth, limits < 0 ? 0 : limits, 2, time, range, flags,
                                  apart ? flags : NULL, count, group, groups, apart, sums) == count)
            for (int64_t at = 0; at < groups; at++) {
                const int64_t *recorded = sums + 2 * at, *alone = recorded + 4 * groups;
                HOLDS(recorded[0] >= 0 && recorded[1] >= 0 && (!apart || recorded[0] == alone[0]));
            }
    if (tracereport_inside_owned(parent, group, count, 2, inside) == count)
        for (int64_t at = 0; at < count; at++)
            HOLDS(inside[at] < 4 && inside[at] != 2);
    free(limit);
    free(sums);
    free(inside);
}

static void try_tree(const int64_t *parent, const int64_t *values, const int32_t *group, const int32_t *set,
                     const uint8_t *flags, int64_t count, int64_t groups) {
    Column up = {parent, 8};
    uint8_t *mask = calloc((size_t)count + 1, 1);
    int32_t *path = calloc((size_t)count + 1, sizeof *path);
    int64_t *sums = column(2 * groups);
    if (tracereport_marks_above(up, flags, count, mask) == count)
        for (int64_t at = 0; at < count; at++)
            HOLDS(parent[at] < 0 ? !mask[at] : mask[at] >= flags[parent[at]]);
    memset(mask, 1, (size_t)count);
    if (tracereport_unlike_above(up, group, count, mask) == count)
        for (int64_t at = 0; at < count; at++)
            HOLDS(mask[at] == (parent[at] < 0 || group[parent[at]] != group[at]));
    if (tracereport_parent_places((Column){group, 4}, (Column){values, 8}, up, flags, count, path) == count)
        for (int64_t at = 0; at < count; at++)
            HOLDS(path[at] < 0 || (flags[at] && flags[path[at]] && values[path[at]] == parent[at]));
    tracereport_sum_children(up, group, (Column){values, 8}, count, sums, groups);
    PairTable *table = tracereport_pairs_new();
    if (table && tracereport_find_paths(up, set, mask, flags, count, count, 3, table, path) == count)
        for (int64_t at = 0; at < count; at++) {
            const int32_t *own = tracereport_pairs(table) + 2 * (path[at] - 2);
            HOLDS(path[at] < 2 + tracereport_pairs_count(table) && (path[at] >= 2 || !mask[at]));
            HOLDS(!mask[at] || own[1] == set[at] || own[1] == count);
        }
    tracereport_pairs_free(table);
    try_savings(up, values, group, flags, count, groups);
    free(mask);
    free(path);
    free(sums);
}

/* Groups may be any numbers, or those that there are; their members' traits and values are other bytes. */
static void try_groups(const uint8_t *bytes, int64_t length, int is_wild) {
    int64_t count = length / 16 < MOST_KEYS ? length / 16 : MOST_KEYS, groups = count / 4 + 1;
    const uint16_t masks[] = {0, 0, 3, 4, 0xffff, 0, 1, 1};
    int32_t *group = calloc((size_t)count + 1, sizeof *group), *set = calloc((size_t)count + 1, sizeof *set);
    int32_t *previous = calloc(2 * (size_t)count + 1, sizeof *previous);
    uint16_t *traits = calloc((size_t)count + 1, sizeof *traits);
    uint8_t *flags = calloc((size_t)count + 1, 1);
    int64_t *values = column(count), *parent = column(count), *first = column(2 * count), *second = column(4 * groups);
    for (int64_t at = 0; at < count; at++) {
        memcpy(&group[at], bytes + 16 * at, 4);
        memcpy(&set[at], bytes + 16 * at + 4, 4);
        memcpy(&values[at], bytes + 16 * at + 8, 8);
        memcpy(&traits[at], bytes + 16 * at + 12, 2);
        flags[at] = traits[at] & 1;
        parent[at] = is_wild ? values[at] : (int64_t)((uint64_t)values[at] % (uint64_t)(at + 1)) - 1;
        if (!is_wild) {
            group[at] = (int32_t)((uint32_t)group[at] % (uint32_t)(groups + 1)) - 1;
            set[at] = (int32_t)((uint32_t)set[at] % (uint32_t)count);
            values[at] = values[at] < 0 ? ~values[at] : values[at];
        }
    }
    try_replay(group, values, count, is_wild);
    Column narrow = {group, 4}, wide = {values, 8};
    if (tracereport_count_traits(group, traits, NULL, count, masks, 4, second, groups) == groups)
        for (int64_t at = 0; at < groups; at++)
            HOLDS(second[4 * at] <= count && second[4 * at + 1] <= second[4 * at] && !second[4 * at + 3]);
    tracereport_count_groups(narrow, traits[0] & 2 ? flags : NULL, count, second, groups);
    tracereport_count_groups(wide, flags, count, second, groups);
    tracereport_count_traits(group, traits, values, count, masks, 4, second, groups);
    tracereport_count_pairs(group, groups, set, 4, traits[0] & 2 ? flags : NULL, count, second);
    int64_t middle = 0, larger = 0;
    if (tracereport_nth_largest(wide, count, count / 2, &middle) > 0) {
        for (int64_t at = 0; at < count; at++)
            larger += number_at(wide, at) > middle;
        HOLDS(larger < count / 2);
    }
    tracereport_extremes(narrow, wide, count, second, second + groups, groups);
    tracereport_extremes(wide, narrow, count, second, second + groups, groups);
    int64_t sizes_known = tracereport_count_groups(narrow, NULL, count, second, groups);
    int32_t *rank = calloc((size_t)groups, sizeof *rank);
    for (int64_t at = 0, sum = 0; at < groups; at++) {
        rank[at] = is_wild ? set[at % (count + !count)] : (int32_t)at;
        second[groups + at] = sum;
        sum += sizes_known == groups && at < count ? second[at] : 0;
        second[2 * groups + at] = sum;
    }
    if (tracereport_list_members(group, count, rank, groups, second + groups, second + 2 * groups, groups, previous) ==
            count &&
        !is_wild)
        for (int64_t at = 1; at < second[3 * groups - 1]; at++)
            HOLDS(group[previous[at - 1]] < group[previous[at]] ||
                  (group[previous[at - 1]] == group[previous[at]] && previous[at - 1] < previous[at]));
    free(rank);
    if (tracereport_first_largest(group, wide, count, first, groups) == groups)
        for (int64_t at = 0; at < groups && at < count; at++)
            HOLDS(first[at] < 0 || group[first[at]] == at);
    if (tracereport_group_order(wide, count, first) != count || is_wild)
        memcpy(first, parent, (size_t)count * sizeof *parent);
    if (tracereport_open_callers(count, first, group, set, groups, first + count) == count)
        for (int64_t at = 0; at < count; at++)
            HOLDS(first[count + at] < at && (first[count + at] < 0 || group[first[count + at]] == set[at]));
    int64_t names = is_wild ? groups : count;
    int64_t unsure = tracereport_open_on_stack(count, group, set, group, names, (Column){values, 8}, previous);
    for (int64_t at = 0; unsure >= 0 && at < count; at++)
        HOLDS(previous[at] < at && (previous[at] < 0 || set[previous[at]] == group[at]));
    for (int64_t at = 0; at < count; at++)
        previous[at] = -1;
    for (int64_t at = 1; at < count; at++)
        previous[at] = is_wild ? set[at] : group[at] == group[at - 1] ? (int32_t)at - 1 : -1;
    if (tracereport_stack_distances(group, previous, count, groups, previous + count) == count)
        for (int64_t at = 0; at < count; at++)
            HOLDS((previous[count + at] < 0) == (group[at] < 0 || previous[at] < 0) && previous[count + at] < at);
    try_tree(parent, values, group, set, flags, count, groups);
    memcpy(first, values, (size_t)count * sizeof *values);
    if (tracereport_last_inside((Column){parent, 8}, first, count) == count)
        for (int64_t at = 0; at < count; at++)
            HOLDS(first[at] >= values[at]);
    int64_t pairs = tracereport_number_pairs(group, groups, set, count, count, previous, previous + count);
    for (int64_t at = 0; pairs >= 0 && at < count; at++) {
        HOLDS(previous[at] < pairs && (previous[at] < 0) == (group[at] < 0));
        int32_t *used = previous + count + previous[at];
        HOLDS(previous[at] < 0 || (*used <= at && group[*used] == group[at] && set[*used] == set[at]));
    }
    for (int64_t at = 0; at < groups; at++)
        second[at] = is_wild ? values[at % (count + !count)] : 1 + at % 3;
    if (tracereport_only_varying(second, second, groups, is_wild ? values : first, count, (uint64_t *)parent, count,
                                 previous) == groups)
        for (int64_t at = 0; at < groups; at++)
            HOLDS(previous[at] < second[at]);
    int32_t *held = previous + count;
    int64_t *sizes = column(4 * count + 4);
    int64_t judged = tracereport_judge_repeats(count, group, groups < count ? groups : count, group, groups, set, count,
                                               set, group, flags, wide, (Column){parent, 8}, previous, traits[0] & 2 ? held : NULL, traits, sizes,
                                               sizes + 2 * count + 2);
    for (int64_t at = 0; judged == count && at < count; at++)
        HOLDS(previous[at] < at && (previous[at] < 0 || group[previous[at]] == group[at]));
    free(group);
    free(set);
    free(previous);
    free(traits);
    free(flags);
    free(values);
    free(parent);
    free(first);
    free(second);
    free(sizes);
}

/* Offsets of two bytes each, half of the input, are a table over the other half: a wrong one must be refused. */
static void try_texts(const uint8_t *bytes, int64_t length, int is_wild) {
    int64_t count = length / 4, used = length - 2 * count, room = 0;
    if (!count)
        return;
    const uint8_t *text = bytes + 2 * count;
    int64_t *offset = column(count), *end = column(count), *found = column(count);
    for (int64_t at = 0; at < count; at++) {
        uint16_t value;
        memcpy(&value, bytes + 2 * at, 2);
        offset[at] = is_wild ? (int16_t)value : value % (used + 1);
        if (!is_wild && at && offset[at] < offset[at - 1])
            offset[at] = offset[at - 1];
        end[at] = offset[at] + (at + 1 < count ? value % 7 : 0);
    }
    for (int64_t at = 0; at < used; at++)
        room += text[at] == '|';
    int64_t *params = column(count), *cut = column(3 * room), *shape_offset = column(count);
    uint8_t *shape = calloc((size_t)used + 1, 1), *taken = calloc((size_t)used + 1, 1);
    tracereport_rank_texts(text, used, offset, count - 1, found);
    tracereport_find_byte(text, used, offset, count - 1, '|', found);
    tracereport_split_params(text, used, offset, count - 1, params, cut, cut + room, cut + 2 * room, room, shape,
                             shape_offset);
    for (int64_t at = 0; at < count; at++)
        found[at] = count - 2 - at;
    shape_offset[0] = 0;
    tracereport_take_texts(text, used, offset, count - 1, found, 0, taken, shape_offset, used);
    tracereport_take_texts(text, used, offset, count - 1, end, count - 1, taken, offset, used);
    try_interning(text, used, offset, end, count);
    try_metrics(text, used, offset, end, count);
    free(offset);
    free(end);
    free(found);
    free(params);
    free(cut);
    free(shape_offset);
    free(shape);
    free(taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size < 2)
        return 0;
    /* A copy of exactly this size: a read behind it is seen. */
    int64_t length = (int64_t)size - 2;
    uint8_t *own = malloc((size_t)length + !length);
    memcpy(own, bytes + 2, (size_t)length);
    hash_mask = bytes[0] & 4 ? 0 : UINT64_MAX;
    allocations_left = (int64_t)bytes[1] - 1;
    if (bytes[0] & 16)
        try_groups(own, length, bytes[0] & 8);
    else if (bytes[0] & 1)
        try_keys(own, length);
    else if (bytes[0] & 2)
        try_texts(own, length, bytes[0] & 8);
    else
        try_chunk(own, length);
    free(own);
    return 0;
}
