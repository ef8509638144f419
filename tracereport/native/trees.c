/* What holds for a call because of those above or below it in the tree. Parents stand before their children, so that
 * one pass does it. */
#include "common.h"

enum { NOWHERE = -1 };

/* The nearest call above each that is one of the mask's; `NOWHERE` without one. */
EXPORT int64_t tracereport_nearest_above(const int64_t *parent, const uint8_t *mask, int64_t count, int64_t *nearest) {
    if (count < 0)
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < count; at++) {
        int64_t above = parent[at];
        if (above >= at)
            return BAD_ARGUMENT;
        nearest[at] = above < 0 ? NOWHERE : mask[above] ? above : nearest[above];
    }
    return count;
}

/* Takes out of a mask the calls that have the code of the one right above them. */
EXPORT int64_t tracereport_unlike_above(Column parent, const int32_t *code, int64_t count, uint8_t *mask) {
    if (count < 0 || !is_column(parent))
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < count; at++) {
        int64_t own = number_at(parent, at);
        if (own >= at)
            return BAD_ARGUMENT;
        mask[at] &= own < 0 || code[own] != code[at];
    }
    return count;
}

/* `last` holds a number of each call, and is given the largest of its subtree. */
EXPORT int64_t tracereport_last_inside(const int64_t *parent, int64_t *last, int64_t count) {
    if (count < 0)
        return BAD_ARGUMENT;
    for (int64_t at = count - 1; at >= 0; at--) {
        int64_t above = parent[at];
        if (above >= at)
            return BAD_ARGUMENT;
        if (above >= 0 && last[above] < last[at])
            last[above] = last[at];
    }
    return count;
}

/* Which calls took less than their children together, as recorded or at most: `time` is what each took, `range` how far
 * that may lie above. */
EXPORT int64_t tracereport_overfull(const int64_t *parent, const int64_t *time, const int64_t *range, int64_t count,
                                    uint8_t *overfull) {
    if (count < 0)
        return BAD_ARGUMENT;
    uint64_t(*inside)[2] = calloc((size_t)count + 1, sizeof *inside);
    int64_t status = inside ? count : NO_MEMORY;
    for (int64_t at = count - 1; at >= 0 && status >= 0; at--) {
        int64_t above = parent[at];
        if (above >= at || time[at] < 0 || range[at] < 0) {
            status = BAD_ARGUMENT;
            break;
        }
        uint64_t least = (uint64_t)time[at], most = least + (uint64_t)range[at];
        overfull[at] = inside[at][0] > least || inside[at][1] > most;
        if (above >= 0) {
            inside[above][0] = add_up_to_most(inside[above][0], least);
            inside[above][1] = add_up_to_most(inside[above][1], most);
        }
    }
    free(inside);
    return status;
}

static inline uint64_t cap(uint64_t time, uint64_t before, uint64_t limit) {
    uint64_t left = before < limit ? limit - before : 0;
    return time < left ? time : left;
}

/* Caps the times of children, which come one after the other, by what is left of their parents' own. The children of a
 * group have one parent; its time and the time's resolution are given beside each child. A range may be below zero: at
 * most its siblings may have left a child less than at least. */
EXPORT int64_t tracereport_cap_times(const int32_t *group, int64_t groups, int64_t count, const int64_t *limit,
                                     const int64_t *limit_range, int64_t *time, int64_t *range) {
    if (count < 0 || groups < 0)
        return BAD_ARGUMENT;
    uint64_t(*before)[2] = calloc((size_t)groups + 1, sizeof *before);
    int64_t status = before ? count : NO_MEMORY;
    for (int64_t at = 0; at < count && status >= 0; at++) {
        if (group[at] < 0 || group[at] >= groups || time[at] < 0 || (range[at] < 0 && time[at] + range[at] < 0) || limit[at] < 0 ||
            limit_range[at] < 0) {
            status = BAD_ARGUMENT;
            break;
        }
        uint64_t *spent = before[group[at]];
        uint64_t least = (uint64_t)time[at], most = least + (uint64_t)range[at];
        uint64_t lower = cap(least, spent[0], (uint64_t)limit[at]);
        uint64_t upper = cap(most, spent[1], (uint64_t)limit[at] + (uint64_t)limit_range[at]);
        spent[0] = add_up_to_most(spent[0], least);
        spent[1] = add_up_to_most(spent[1], most);
        time[at] = (int64_t)lower;
        range[at] = (int64_t)(upper - lower);
    }
    free(before);
    return status;
}
