/* Columns of codes: what they stand for in a table, their numbers in the order of first use, and codes of pairs. */
#include "codes.h"

/* Takes entries of a table by their indices; those below 0 count from its end. */
EXPORT int64_t tracereport_take(const void *table, int64_t entries, int64_t entry_bytes, Column index, int64_t count,
                                void *taken) {
    if (entries < 0 || count < 0 || !is_column(index))
        return BAD_ARGUMENT;
#define TAKE(type)                                                                                                     \
    for (int64_t at = 0; at < count; at++) {                                                                           \
        int64_t own = number_at(index, at);                                                              \
        own += own < 0 ? entries : 0;                                                                                  \
        if (own < 0 || own >= entries)                                                                                 \
            return BAD_ARGUMENT;                                                                                       \
        ((type *)taken)[at] = ((const type *)table)[own];                                                              \
    }
    switch (entry_bytes) {
    case 1:
        TAKE(uint8_t)
        return count;
    case 2:
        TAKE(uint16_t)
        return count;
    case 4:
        TAKE(uint32_t)
        return count;
    case 8:
        TAKE(uint64_t)
        return count;
    default:
        return BAD_ARGUMENT;
    }
#undef TAKE
}

/* The distinct codes in the order of their first use. Codes are `width` numbers from `lowest` on; `number` gets what each
 * is numbered then, or -1, and `used` which code has each number: both have room for `width`. Gives how many are used. */
EXPORT int64_t tracereport_renumber(const int32_t *codes, int64_t count, int64_t lowest, int64_t width, int32_t *number,
                                    int32_t *used) {
    if (count < 0 || width < 0 || lowest < INT32_MIN || lowest > INT32_MAX || width > UINT32_MAX)
        return BAD_ARGUMENT;
    for (int64_t code = 0; code < width; code++)
        number[code] = -1;
    int64_t found = 0;
    for (int64_t at = 0; at < count; at++) {
        int64_t own = codes[at] - lowest;
        if (own < 0 || own >= width)
            return BAD_ARGUMENT;
        if (number[own] < 0) {
            number[own] = (int32_t)found;
            used[found++] = codes[at];
        }
    }
    return found;
}

EXPORT void tracereport_pairs_free(PairTable *table) {
    if (!table)
        return;
    free(table->pairs);
    free(table->slots);
    free(table);
}

EXPORT PairTable *tracereport_pairs_new(void) {
    PairTable *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->size = 1024;
    table->slots = new_slots(table->size);
    if (!table->slots) {
        free(table);
        return NULL;
    }
    return table;
}

EXPORT int64_t tracereport_pairs_count(const PairTable *table) { return table->count; }

/* All pairs, one behind the other. */
EXPORT const int32_t *tracereport_pairs(const PairTable *table) { return table->pairs; }

static int64_t add_pair(PairTable *table, uint64_t at, uint32_t hash, int32_t first, int32_t second) {
    if (table->count == INT32_MAX)
        return TOO_LARGE;
    if (!grow((void **)&table->pairs, &table->capacity, 2 * (table->count + 1), sizeof *table->pairs))
        return NO_MEMORY;
    int64_t code = table->count++;
    table->pairs[2 * code] = first;
    table->pairs[2 * code + 1] = second;
    table->slots[at] = (Slot){hash, (int32_t)code};
    if ((uint64_t)table->count * 2 > table->size && !double_slots(&table->slots, &table->size))
        return NO_MEMORY;
    return code;
}

int64_t intern_pair(PairTable *table, int32_t first, int32_t second) {
    int64_t key = (int64_t)((uint64_t)(uint32_t)first << 32 | (uint32_t)second);
    uint32_t hash = (uint32_t)(hash_key(key) >> 32);
    uint64_t mask = table->size - 1, at = hash & mask;
    for (; table->slots[at].code >= 0; at = (at + 1) & mask) {
        const int32_t *pair = table->pairs + 2 * (int64_t)table->slots[at].code;
        if (table->slots[at].hash == hash && pair[0] == first && pair[1] == second)
            return table->slots[at].code;
    }
    return add_pair(table, at, hash, first, second);
}

/* The codes of pairs; those that are new are kept. */
EXPORT int64_t tracereport_intern_pairs(PairTable *table, const int32_t *first, const int32_t *second, int64_t count,
                                        int32_t *codes) {
    if (count < 0)
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < count; at++) {
        int64_t code = intern_pair(table, first[at], second[at]);
        if (code < 0)
            return code;
        codes[at] = (int32_t)code;
    }
    return count;
}
