/* The table of distinct pairs of codes, for those parts of the library that keep one. */
#ifndef TRACEREPORT_CODES_H
#define TRACEREPORT_CODES_H

#include "texts.h"

/* Pairs of codes, each distinct one kept once, in the order of first use. */
typedef struct {
    int32_t *pairs; /* two of each */
    int64_t capacity;
    int64_t count;
    Slot *slots;
    uint64_t size; /* a power of two, at least twice the count */
} PairTable;

/* The code of a pair, which is kept if it is new; or a status. */
int64_t intern_pair(PairTable *table, int32_t first, int32_t second);

#endif
