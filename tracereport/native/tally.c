/* Members of groups counted by their traits, and the extremes of what they hold; one pass each. */
#include "common.h"

enum { TRAIT_VALUES = 1 << 16, MOST_MASKS = 31 };

/* Which masks a member of these traits is in, a bit each. A mask is two entries: the traits that a member has to have,
 * and those that it must not have. */
static uint32_t find_masks(uint16_t traits, const uint16_t *masks, int64_t mask_count) {
    uint32_t found = 0;
    for (int64_t at = 0; at < mask_count; at++)
        found |= (uint32_t)((traits & masks[2 * at]) == masks[2 * at] && !(traits & masks[2 * at + 1])) << at;
    return found;
}

static inline int64_t add_wrapped(int64_t sum, int64_t value) { return (int64_t)((uint64_t)sum + (uint64_t)value); }

/* How many members of each group are in each mask: `counts` has a row of `mask_count` for each group. A member counts
 * once, or as `weight` says if there is one; those of a group below 0 don't. */
EXPORT int64_t tracereport_count_traits(const int32_t *group, const uint16_t *traits, const int64_t *weight,
                                        int64_t count, const uint16_t *masks, int64_t mask_count, int64_t *counts,
                                        int64_t groups) {
    if (count < 0 || groups < 0 || groups > INT64_MAX / (MOST_MASKS + 1) / (int64_t)sizeof *counts || mask_count < 0 ||
        mask_count > MOST_MASKS)
        return BAD_ARGUMENT;
    uint32_t *masks_of = allocate(TRAIT_VALUES, sizeof *masks_of);
    if (!masks_of)
        return NO_MEMORY;
    memset(masks_of, 0xff, TRAIT_VALUES * sizeof *masks_of); /* not looked up yet */
    memset(counts, 0, (size_t)(groups * mask_count) * sizeof *counts);
    for (int64_t at = 0; at < count; at++) {
        int64_t own = group[at];
        if (own < 0)
            continue;
        if (own >= groups) {
            free(masks_of);
            return BAD_ARGUMENT;
        }
        uint32_t found = masks_of[traits[at]];
        if (found == UINT32_MAX)
            found = masks_of[traits[at]] = find_masks(traits[at], masks, mask_count);
        int64_t *row = counts + own * mask_count;
        for (; found; found &= found - 1)
            row[__builtin_ctz(found)] = add_wrapped(row[__builtin_ctz(found)], weight ? weight[at] : 1);
    }
    free(masks_of);
    return groups;
}

/* How many members each group has, of those that the mask holds (all without one). Numbers of groups have four bytes each
 * or eight; members of a group below 0 aren't counted. */
EXPORT int64_t tracereport_count_groups(Column group, const uint8_t *mask, int64_t count,
                                        int64_t *counts, int64_t groups) {
    if (count < 0 || groups < 0 || !is_column(group))
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < groups; at++)
        counts[at] = 0;
    for (int64_t at = 0; at < count; at++) {
        int64_t own = number_at(group, at);
        if (own >= groups)
            return BAD_ARGUMENT;
        if (own >= 0)
            counts[own] += mask ? mask[at] != 0 : 1;
    }
    return groups;
}

/* How many elements have each pair of codes, of those that the mask holds (all without one): `counts` has a row of
 * `inners` for each outer code. */
EXPORT int64_t tracereport_count_pairs(const int32_t *outer, int64_t outers, const int32_t *inner, int64_t inners,
                                       const uint8_t *mask, int64_t count, int64_t *counts) {
    if (count < 0 || outers < 0 || inners < 0 || (inners && outers > INT64_MAX / inners / (int64_t)sizeof *counts))
        return BAD_ARGUMENT;
    memset(counts, 0, (size_t)(outers * inners) * sizeof *counts);
    for (int64_t at = 0; at < count; at++) {
        if (mask && !mask[at])
            continue;
        if (outer[at] < 0 || outer[at] >= outers || inner[at] < 0 || inner[at] >= inners)
            return BAD_ARGUMENT;
        counts[outer[at] * inners + inner[at]]++;
    }
    return count;
}

/* The least and the largest value of each group; those of a group without any are the wrong way round. */
EXPORT int64_t tracereport_extremes(Column group, Column values, int64_t count, int64_t *least,
                                    int64_t *most, int64_t groups) {
    if (count < 0 || groups < 0 || !is_column(group) || !is_column(values))
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < groups; at++) {
        least[at] = INT64_MAX;
        most[at] = INT64_MIN;
    }
    for (int64_t at = 0; at < count; at++) {
        int64_t own = number_at(group, at);
        if (own < 0)
            continue;
        if (own >= groups)
            return BAD_ARGUMENT;
        int64_t value = number_at(values, at);
        least[own] = value < least[own] ? value : least[own];
        most[own] = value > most[own] ? value : most[own];
    }
    return groups;
}

/* The first member of each group that holds its largest value; -1 for a group without any. */
EXPORT int64_t tracereport_first_largest(const int32_t *group, Column values, int64_t count, int64_t *first,
                                         int64_t groups) {
    if (count < 0 || groups < 0 || !is_column(values))
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < groups; at++)
        first[at] = -1;
    for (int64_t at = 0; at < count; at++) {
        int64_t own = group[at];
        if (own < 0)
            continue;
        if (own >= groups)
            return BAD_ARGUMENT;
        if (first[own] < 0 || number_at(values, at) > number_at(values, first[own]))
            first[own] = at;
    }
    return groups;
}

enum { DIGIT = 11, DIGIT_VALUES = 1 << DIGIT };

/* The nth largest value, counted from 1: digit by digit, the highest first, among those that have all digits so far. */
EXPORT int64_t tracereport_nth_largest(Column values, int64_t count, int64_t nth, int64_t *found) {
    if (count < 1 || nth < 1 || nth > count || !is_column(values))
        return BAD_ARGUMENT;
    int64_t least = number_at(values, 0), most = least;
    for (int64_t at = 1; at < count; at++) {
        int64_t own = number_at(values, at);
        least = own < least ? own : least;
        most = own > most ? own : most;
    }
    uint64_t width = (uint64_t)most - (uint64_t)least, prefix = 0;
    int bits = 0;
    while (bits < 64 && width >> bits)
        bits += DIGIT;
    for (int shift = bits - DIGIT; shift >= 0; shift -= DIGIT) {
        int64_t members[DIGIT_VALUES] = {0};
        for (int64_t at = 0; at < count; at++) {
            uint64_t own = ((uint64_t)number_at(values, at) - (uint64_t)least) >> shift;
            if (own >> DIGIT == prefix)
                members[own & (DIGIT_VALUES - 1)]++;
        }
        uint64_t digit = DIGIT_VALUES - 1;
        for (; members[digit] < nth; digit--)
            nth -= members[digit];
        prefix = prefix << DIGIT | digit;
    }
    *found = (int64_t)((uint64_t)least + prefix);
    return 1;
}
