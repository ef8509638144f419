/* What all parts of the library share: exports, statuses, checked memory, and the hash.
 *
 * Every exported function gets plain pointers and lengths from Python, which has allocated what is written to. It
 * gives a count that isn't negative, or one of the statuses below, and never aborts. Nothing here is recursive.
 */
#ifndef TRACEREPORT_COMMON_H
#define TRACEREPORT_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

enum { NO_MEMORY = -1, BAD_ARGUMENT = -2, TOO_LARGE = -3 };

#ifndef FUZZED_HASH
#define FUZZED_HASH(value) (value) /* the fuzzer makes hashes worthless */
#endif

/* What hashes are keyed with. Python sets it from its own seed, which changes with every run: nobody can write a log
 * whose texts all collide. No result depends on it. */
extern uint64_t hash_secrets[2];

/* Both factors are mixed into all bits of the result. */
static inline uint64_t multiply_fold(uint64_t a, uint64_t b) {
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t low = a_low * b_low, middle = a_high * b_low + (low >> 32), other = a_low * b_high + (uint32_t)middle;
    return ((other << 32) | (uint32_t)low) ^ (a_high * b_high + (middle >> 32) + (other >> 32));
#endif
}

static inline uint64_t hash_key(int64_t key) {
    return FUZZED_HASH(multiply_fold((uint64_t)key ^ hash_secrets[0], hash_secrets[1]));
}

static inline uint64_t load_8(const uint8_t *bytes) {
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint64_t load_4(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* A hash of some bytes, 16 at a time. It only tells texts apart quickly: who finds two of one hash compares them. */
static inline uint64_t hash_bytes(const uint8_t *bytes, size_t length) {
    const uint64_t first = hash_secrets[0], second = hash_secrets[1];
    uint64_t state = first ^ length, a, b;
    if (length < 16) {
        if (length >= 8) {
            a = load_8(bytes);
            b = load_8(bytes + length - 8);
        } else if (length >= 4) {
            a = load_4(bytes);
            b = load_4(bytes + length - 4);
        } else {
            a = length ? (uint64_t)bytes[0] << 16 | (uint64_t)bytes[length / 2] << 8 | bytes[length - 1] : 0;
            b = 0;
        }
    } else {
        size_t done = 0;
        for (; length - done > 16; done += 16)
            state = multiply_fold(load_8(bytes + done) ^ first, load_8(bytes + done + 8) ^ state);
        a = load_8(bytes + length - 16);
        b = load_8(bytes + length - 8);
    }
    return FUZZED_HASH(multiply_fold(first ^ length, multiply_fold(a ^ second, b ^ state)));
}

/* A column of integers as Python has it: of four bytes each, of eight, or one of eight throughout. */
typedef struct {
    const void *start;
    int64_t bytes; /* of each; 0 for one throughout */
} Column;

static inline bool is_column(Column column) { return column.bytes == 0 || column.bytes == 4 || column.bytes == 8; }

static inline int64_t number_at(Column column, int64_t at) {
    if (column.bytes == 4)
        return ((const int32_t *)column.start)[at];
    return ((const int64_t *)column.start)[column.bytes ? at : 0];
}

static inline uint64_t add_up_to_most(uint64_t sum, uint64_t value) {
    return sum > UINT64_MAX - value ? UINT64_MAX : sum + value;
}

/* Adds to a sum that no values make too large: of their upper 32 bits, and of their lower ones. */
static inline void add_in_halves(int64_t sums[2], uint64_t value, int64_t sign) {
    sums[0] += sign * (int64_t)(value >> 32);
    sums[1] += sign * (int64_t)(value & UINT32_MAX);
}

/* Memory that grows. `size` is that of one element; the capacity, in elements, at least doubles. */
static inline bool grow(void **memory, int64_t *capacity, int64_t needed, size_t size) {
    if (needed <= *capacity)
        return true;
    int64_t larger = *capacity > INT64_MAX / 2 ? INT64_MAX : *capacity * 2;
    if (larger < needed)
        larger = needed;
    if (larger < 64)
        larger = 64;
    if ((uint64_t)larger > SIZE_MAX / size)
        return false;
    void *moved = realloc(*memory, (size_t)larger * size);
    if (!moved)
        return false;
    *memory = moved;
    *capacity = larger;
    return true;
}

/* Memory for a number of elements, or null; like all memory here it is freed by `free`. */
static inline void *allocate(int64_t count, size_t size) {
    if (count < 0 || (uint64_t)count > SIZE_MAX / size)
        return NULL;
    return malloc(count ? (size_t)count * size : 1);
}

#endif
