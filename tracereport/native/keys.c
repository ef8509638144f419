/* Columns of integer keys: equal ones numbered, ordered, and linked to one another. */
#include "common.h"

uint64_t hash_secrets[2] = {UINT64_C(0xa0761d6478bd642f), UINT64_C(0xe7037ed1a0b428db)};

#ifndef TRACEREPORT_SOURCES
#define TRACEREPORT_SOURCES "unknown"
#endif

/* The hash of the sources that the library was made from. */
EXPORT const char *tracereport_sources(void) { return TRACEREPORT_SOURCES; }

/* Keys the hashes anew; not while a table of them is in use. */
EXPORT void tracereport_seed(uint64_t seed) {
    for (int at = 0; at < 2; at++) {
        /* The step of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). */
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t mixed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
        hash_secrets[at] = (mixed ^ mixed >> 31) | 1;
    }
}

/* From a key to an element that has it. Where the keys lie close together each has a slot of its own; else slots are
 * found by hash, and the first free one behind is taken. */
typedef struct {
    Column keys;
    int32_t *slots; /* index of an element, or -1 */
    int64_t size;   /* of a hashed table: a power of two */
    int64_t used;
    int64_t lowest;
    bool is_dense;
} KeyTable;

static bool open_key_table(KeyTable *table, Column keys, int64_t count) {
    int64_t lowest = count ? INT64_MAX : 0, highest = count ? INT64_MIN : -1;
    for (int64_t at = 0; at < count; at++) {
        int64_t key = number_at(keys, at);
        lowest = key < lowest ? key : lowest;
        highest = key > highest ? key : highest;
    }
    uint64_t width = (uint64_t)highest - (uint64_t)lowest; /* wraps for no keys, to no slot */
    table->keys = keys;
    table->used = 0;
    table->lowest = lowest;
    table->is_dense = !count || width <= 4 * (uint64_t)count + 1024;
    table->size = table->is_dense ? (int64_t)(width + 1) : 1024;
    table->slots = allocate(table->size, sizeof *table->slots);
    if (!table->slots)
        return false;
    memset(table->slots, 0xff, (size_t)table->size * sizeof *table->slots);
    return true;
}

static int32_t *probe(const KeyTable *table, int64_t key) {
    uint64_t mask = (uint64_t)table->size - 1, at = hash_key(key) & mask;
    while (table->slots[at] >= 0 && number_at(table->keys, table->slots[at]) != key)
        at = (at + 1) & mask;
    return &table->slots[at];
}

/* Room for one more key: a hashed table is never more than half full. */
static bool make_room(KeyTable *table) {
    if (table->is_dense || table->used < table->size / 2)
        return true;
    KeyTable larger = *table;
    larger.size = table->size * 2;
    larger.slots = allocate(larger.size, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    memset(larger.slots, 0xff, (size_t)larger.size * sizeof *larger.slots);
    for (int64_t at = 0; at < table->size; at++)
        if (table->slots[at] >= 0)
            *probe(&larger, number_at(table->keys, table->slots[at])) = table->slots[at];
    free(table->slots);
    *table = larger;
    return true;
}

static inline int32_t *find_slot(const KeyTable *table, int64_t key) {
    return table->is_dense ? &table->slots[(uint64_t)key - (uint64_t)table->lowest] : probe(table, key);
}

/* Each key's number in the order of first use. `first_use` has room for `count` entries; gives how many are used. */
EXPORT int64_t tracereport_factorize(Column keys, int64_t count, int32_t *codes, int64_t *first_use) {
    if (count < 0 || count > INT32_MAX || !is_column(keys))
        return BAD_ARGUMENT;
    KeyTable table;
    if (!open_key_table(&table, keys, count))
        return NO_MEMORY;
    for (int64_t at = 0; at < count; at++) {
        int32_t *slot = find_slot(&table, number_at(keys, at));
        if (*slot < 0) {
            *slot = (int32_t)at;
            codes[at] = (int32_t)table.used;
            first_use[table.used++] = at;
            if (!make_room(&table)) {
                free(table.slots);
                return NO_MEMORY;
            }
        } else {
            codes[at] = codes[*slot];
        }
    }
    free(table.slots);
    return table.used;
}

/* The index of the element with the same key just before each, or -1. */
EXPORT int64_t tracereport_previous_same(Column keys, int64_t count, int32_t *previous) {
    if (count < 0 || count > INT32_MAX || !is_column(keys))
        return BAD_ARGUMENT;
    KeyTable table;
    if (!open_key_table(&table, keys, count))
        return NO_MEMORY;
    for (int64_t at = 0; at < count; at++) {
        int32_t *slot = find_slot(&table, number_at(keys, at));
        bool is_new = *slot < 0;
        previous[at] = *slot;
        *slot = (int32_t)at;
        table.used += is_new;
        if (is_new && !make_room(&table)) {
            free(table.slots);
            return NO_MEMORY;
        }
    }
    free(table.slots);
    return count;
}

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, FEW_VALUES = 1 << 16 };

/* Sorts entries by `bits` bits above the lowest 32, equal ones in their order: a radix sort that starts with the lowest
 * digit (Knuth, The Art of Computer Programming, volume 3, 5.2.5). Gives which of the two buffers holds them. */
static uint64_t *sort_entries(uint64_t *entries, uint64_t *other, int64_t count, int bits) {
    for (int shift = 32; shift < 32 + bits; shift += DIGIT_BITS) {
        int64_t next[DIGITS] = {0};
        for (int64_t at = 0; at < count; at++)
            next[entries[at] >> shift & (DIGITS - 1)]++;
        int64_t sum = 0;
        for (int digit = 0; digit < DIGITS; digit++) {
            int64_t own = next[digit];
            next[digit] = sum;
            sum += own;
        }
        for (int64_t at = 0; at < count; at++)
            other[next[entries[at] >> shift & (DIGITS - 1)]++] = entries[at];
        uint64_t *swapped = entries;
        entries = other;
        other = swapped;
    }
    return entries;
}

/* Orders keys of at most `width` above the lowest, which are few values: each has a counter of its own. */
static bool order_by_counts(Column keys, int64_t count, int64_t lowest, uint64_t width, int64_t *order) {
    int64_t *next = calloc((size_t)width + 2, sizeof *next);
    if (!next)
        return false;
    for (int64_t at = 0; at < count; at++)
        next[(uint64_t)number_at(keys, at) - (uint64_t)lowest + 1]++;
    for (uint64_t value = 1; value <= width; value++)
        next[value] += next[value - 1];
    for (int64_t at = 0; at < count; at++)
        order[next[(uint64_t)number_at(keys, at) - (uint64_t)lowest]++] = at;
    free(next);
    return true;
}

static int count_bits(uint64_t value) {
    int bits = 0;
    for (; value; value >>= 1)
        bits++;
    return bits;
}

/* The indices that bring the keys into ascending order, equal ones in the order in which they stand. */
EXPORT int64_t tracereport_group_order(Column keys, int64_t count, int64_t *order) {
    if (count < 0 || count > UINT32_MAX || !is_column(keys))
        return BAD_ARGUMENT;
    bool is_ordered = true;
    int64_t before = count ? number_at(keys, 0) : 0, lowest = before, highest = before;
    for (int64_t at = 1; at < count; at++) {
        int64_t key = number_at(keys, at);
        is_ordered &= key >= before;
        lowest = key < lowest ? key : lowest;
        highest = key > highest ? key : highest;
        before = key;
    }
    uint64_t width = (uint64_t)highest - (uint64_t)lowest;
    if (!is_ordered && width < FEW_VALUES)
        return order_by_counts(keys, count, lowest, width, order) ? count : NO_MEMORY;
    for (int64_t at = 0; at < count; at++)
        order[at] = at;
    if (is_ordered)
        return count;
    uint64_t *entries = allocate(count, sizeof *entries), *other = allocate(count, sizeof *other);
    if (!entries || !other) {
        free(entries);
        free(other);
        return NO_MEMORY;
    }
    int bits = count_bits(width);
    /* An entry is a place in the order so far, under 32 bits of the key that stands there: first the lower ones. */
    for (int done = 0; done < bits; done += 32) {
        for (int64_t at = 0; at < count; at++) {
            uint64_t key = (uint64_t)number_at(keys, order[at]) - (uint64_t)lowest;
            entries[at] = key >> done << 32 | (uint64_t)order[at];
        }
        uint64_t *sorted = sort_entries(entries, other, count, bits - done < 32 ? bits - done : 32);
        for (int64_t at = 0; at < count; at++)
            order[at] = (int64_t)(sorted[at] & UINT32_MAX);
    }
    free(entries);
    free(other);
    return count;
}

/* The members of some groups, one group behind the other, each one's in their order. `rank` is what each of `groups` groups
 * is there, -1 for one that isn't wanted; `next` is where the members of each rank begin, and is moved to their `end`. */
EXPORT int64_t tracereport_list_members(const int32_t *group, int64_t count, const int32_t *rank, int64_t groups,
                                        int64_t *next, const int64_t *end, int64_t ranks, int32_t *members) {
    if (count < 0 || count > INT32_MAX || groups < 0 || ranks < 0)
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < count; at++) {
        if (group[at] < 0)
            continue;
        if (group[at] >= groups || rank[group[at]] >= ranks)
            return BAD_ARGUMENT;
        int32_t own = rank[group[at]];
        if (own < 0)
            continue;
        if (next[own] < 0 || next[own] >= end[own])
            return BAD_ARGUMENT;
        members[next[own]++] = (int32_t)at;
    }
    return count;
}

/* Adds each value to the sum of its group; those of a group below 0 are left out. */
EXPORT int64_t tracereport_sum_groups(Column group, Column values, int64_t count, int64_t *sums, int64_t groups) {
    if (count < 0 || groups < 0 || !is_column(group) || !is_column(values))
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < groups; at++)
        sums[at] = 0;
    for (int64_t at = 0; at < count; at++) {
        int64_t own = number_at(group, at);
        if (own >= groups)
            return BAD_ARGUMENT;
        if (own >= 0 && __builtin_add_overflow(sums[own], number_at(values, at), &sums[own]))
            return TOO_LARGE;
    }
    return groups;
}
