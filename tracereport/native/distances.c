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
        tree[block - 1] += change;
}

/* The bits at positions up to and with this one. */
static int64_t count_up_to(const uint64_t *words, const int32_t *tree, int64_t position) {
    int64_t block = position / BLOCK, sum = 0;
    for (int64_t node = block; node; node &= node - 1)
        sum += tree[node - 1];
    int64_t last = position / 64;
    for (int64_t word = block * WORDS; word < last; word++)
        sum += count_ones(words[word]);
    return sum + count_ones(words[last] << (63 - position % 64));
}

/* The bits behind this position up to that of the last one, word by word: where both are near, few. */
static int64_t count_behind(const uint64_t *words, int64_t position, int64_t last) {
    int64_t word = position / 64, sum = position % 64 < 63 ? count_ones(words[word] >> (position % 64 + 1)) : 0;
    for (word++; word <= last / 64; word++)
        sum += count_ones(words[word]);
    return sum;
}

/* The calls of one stream: its own blocks, bits and tree. */
typedef struct {
    int64_t first_block;
    int64_t calls;
    int64_t lookups; /* distinct ones so far */
    int64_t taken;   /* calls so far */
} Stream;

/* Gives each stream its blocks; how many there are in all, or a status. */
static int64_t lay_out(Stream *streams, int64_t count, const int32_t *stream, int64_t calls) {
    for (int64_t at = 0; at < calls; at++) {
        if (stream[at] >= count)
            return BAD_ARGUMENT;
        if (stream[at] >= 0)
            streams[stream[at]].calls++;
    }
    int64_t blocks = 0;
    for (int64_t at = 0; at < count; at++) {
        streams[at].first_block = blocks;
        blocks += (streams[at].calls + BLOCK - 1) / BLOCK;
    }
    return blocks;
}

/* The distance of each call, -1 for a lookup's first. `stream` numbers what each is a part of, -1 for nothing;
 * `previous` is the call of the same lookup just before it in its stream, or -1; no two calls have the same one. */
EXPORT int64_t tracereport_stack_distances(const int32_t *stream, const int32_t *previous, int64_t count,
                                           int64_t stream_count, int32_t *distance) {
    if (count < 0 || count > INT32_MAX || stream_count < 0 || stream_count > INT32_MAX)
        return BAD_ARGUMENT;
    Stream *streams = calloc((size_t)stream_count + 1, sizeof *streams);
    int64_t blocks = streams ? lay_out(streams, stream_count, stream, count) : NO_MEMORY;
    uint64_t *words = blocks < 0 ? NULL : calloc((size_t)blocks * WORDS + 1, sizeof *words);
    int32_t *tree = blocks < 0 ? NULL : calloc((size_t)blocks + 1, sizeof *tree);
    int32_t *position = allocate(count, sizeof *position);
    int64_t status = blocks < 0 ? blocks : words && tree && position ? count : NO_MEMORY;
    for (int64_t at = 0; at < count && status >= 0; at++) {
        distance[at] = -1;
        position[at] = -1;
        if (stream[at] < 0)
            continue;
        Stream *own = streams + stream[at];
        uint64_t *bits = words + own->first_block * WORDS;
        int32_t *sums = tree + own->first_block;
        int64_t own_blocks = (own->calls + BLOCK - 1) / BLOCK, place = own->taken++, before = -1;
        if (previous[at] >= 0) {
            if (previous[at] >= at || stream[previous[at]] != stream[at]) {
                status = BAD_ARGUMENT;
                break;
            }
            before = position[previous[at]];
            if (!(bits[before / 64] >> (before % 64) & 1)) {
                status = BAD_ARGUMENT;
                break;
            }
            distance[at] = (int32_t)(place - before <= BLOCK ? count_behind(bits, before, place)
                                                             : own->lookups - count_up_to(bits, sums, before));
            bits[before / 64] &= ~(UINT64_C(1) << (before % 64));
            if (before / BLOCK != place / BLOCK) {
                add(sums, own_blocks, before / BLOCK, -1);
                add(sums, own_blocks, place / BLOCK, 1);
            }
        } else {
            own->lookups++;
            add(sums, own_blocks, place / BLOCK, 1);
        }
        bits[place / 64] |= UINT64_C(1) << (place % 64);
        position[at] = (int32_t)place;
    }
    free(streams);
    free(words);
    free(tree);
    free(position);
    return status;
}
