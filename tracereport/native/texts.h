/* The table of distinct texts, for those parts of the library that keep one. */
#ifndef TRACEREPORT_TEXTS_H
#define TRACEREPORT_TEXTS_H

#include "common.h"

/* Where a text, or a set, is found by its hash: the first free slot behind the hash's own ends the search. */
typedef struct {
    uint32_t hash;
    int32_t code; /* -1: free */
} Slot;

/* The distinct texts seen so far, in the order of their first use. */
typedef struct {
    uint8_t *bytes;
    int64_t bytes_capacity;
    int64_t *offset; /* where each text starts, and where the last one ends */
    int64_t offset_capacity;
    int64_t count;
    Slot *slots;
    uint64_t size; /* a power of two, at least twice the count */
} Interner;

/* Slots that are all free, or null. */
static inline Slot *new_slots(uint64_t size) {
    Slot *slots = allocate((int64_t)size, sizeof *slots);
    if (slots)
        memset(slots, 0xff, (size_t)size * sizeof *slots);
    return slots;
}

/* Twice as many slots, each entry at its place among them; false where memory is short. */
static inline bool double_slots(Slot **slots, uint64_t *size) {
    if (*size > UINT32_MAX)
        return false;
    uint64_t larger = *size * 2;
    Slot *moved = new_slots(larger);
    if (!moved)
        return false;
    for (uint64_t from = 0; from < *size; from++) {
        if ((*slots)[from].code < 0)
            continue;
        uint64_t to = (*slots)[from].hash & (larger - 1);
        while (moved[to].code >= 0)
            to = (to + 1) & (larger - 1);
        moved[to] = (*slots)[from];
    }
    free(*slots);
    *slots = moved;
    *size = larger;
    return true;
}

EXPORT Interner *tracereport_interner_new(void);
EXPORT void tracereport_interner_free(Interner *interner);

static inline uint32_t hash_text(const uint8_t *text, int64_t length) {
    return (uint32_t)(hash_bytes(text, (size_t)length) >> 32);
}

/* The code of a text of this hash, which is kept if it is new; or a status. */
int64_t intern_text(Interner *interner, const uint8_t *text, int64_t length, uint32_t hash);

#endif
