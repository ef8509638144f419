/* Stack distances: how many other lookups were asked since a lookup was asked last.
 *
 * A bit stands at the latest call of every lookup so far. The distance of a call, whose lookup was asked last at p, is
 * the number of bits behind p (Bennett and Kruskal, LRU stack processing, IBM Journal of Research and Development,
 * 1975). Bits are summed up per block of 512 in a tree (Fenwick, Software: Practice and Experience, 1994).
 */
#include "common.h"

enum { WORDS = 8, BLOCK = 64 * WORDS };

static int count_ones(uint64_t word) {
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (int)(word * UINT64_C(0x0101010101010101) >> 56);
}

static void add(int32_t *tree, int64_t blocks, int64_t block, int32_t change) {
    for (block++; block <= blocks; block += block & -block)
        tree[block] += change;
}

/* The bits at positions up to and with this one. */
static int64_t count_up_to(const uint64_t *words, const int32_t *tree, int64_t position) {
    int64_t block = position / BLOCK, sum = 0;
    for (int64_t node = block; node; node &= node - 1)
        sum += tree[node];
    int64_t last = position / 64;
    for (int64_t word = block * WORDS; word < last; word++)
        sum += count_ones(words[word]);
    return sum + count_ones(words[last] << (63 - position % 64));
}

/* The distance of each call, -1 for a lookup's first. `previous` is the position of the same lookup's call just before,
 * or -1; no two calls have the same one. */
EXPORT int64_t tracereport_stack_distances(const int64_t *previous, int64_t count, int64_t *distance) {
    if (count < 0 || count > INT32_MAX)
        return BAD_ARGUMENT;
    int64_t blocks = count / BLOCK + 1;
    uint64_t *words = calloc((size_t)blocks * WORDS, sizeof *words);
    int32_t *tree = calloc((size_t)blocks + 1, sizeof *tree);
    int64_t status = words && tree ? count : NO_MEMORY, lookups = 0;
    for (int64_t at = 0; at < count && status >= 0; at++) {
        int64_t before = previous[at];
        distance[at] = -1;
        if (before >= 0) {
            if (before >= at || !(words[before / 64] >> (before % 64) & 1)) {
                status = BAD_ARGUMENT;
                break;
            }
            distance[at] = lookups - count_up_to(words, tree, before);
            words[before / 64] &= ~(UINT64_C(1) << (before % 64));
            if (before / BLOCK != at / BLOCK) {
                add(tree, blocks, before / BLOCK, -1);
                add(tree, blocks, at / BLOCK, 1);
            }
        } else {
            lookups++;
            add(tree, blocks, at / BLOCK, 1);
        }
        words[at / 64] |= UINT64_C(1) << (at % 64);
    }
    free(words);
    free(tree);
    return status;
}
