/* What holds for a call because of those above or below it in the tree. Parents stand before their children, so that
 * one pass does it. */
#include "common.h"

/* All marks, a bit each, that calls above each call have. */
EXPORT int64_t tracereport_marks_above(Column parent, const uint8_t *marks, int64_t count, uint8_t *above) {
    if (count < 0 || !is_column(parent))
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < count; at++) {
        int64_t up = number_at(parent, at);
        if (up >= at)
            return BAD_ARGUMENT;
        above[at] = up < 0 ? 0 : above[up] | marks[up];
    }
    return count;
}

/* Takes out of a mask the calls that have the code of the one right above them. */
EXPORT int64_t tracereport_unlike_above(Column parent, const int32_t *code, int64_t count, uint8_t *mask) {
    if (count < 0 || !is_column(parent))
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < count; at++) {
        int64_t up = number_at(parent, at);
        if (up >= at)
            return BAD_ARGUMENT;
        mask[at] &= up < 0 || code[up] != code[at];
    }
    return count;
}

/* `last` holds a number of each call, and is given the largest of its subtree. */
EXPORT int64_t tracereport_last_inside(Column parent, int64_t *last, int64_t count) {
    if (count < 0 || !is_column(parent))
        return BAD_ARGUMENT;
    for (int64_t at = count - 1; at >= 0; at--) {
        int64_t up = number_at(parent, at);
        if (up >= at)
            return BAD_ARGUMENT;
        if (up >= 0 && last[up] < last[at])
            last[up] = last[at];
    }
    return count;
}

/* Adds up the values of the children of each group's members. What has a group below 0 is in none. `sums` is given a pair
 * of each group: of the upper and the lower 32 bits. */
EXPORT int64_t tracereport_sum_children(Column parent, const int32_t *group, Column values, int64_t count,
                                        int64_t *sums, int64_t groups) {
    if (count < 0 || count > INT32_MAX || groups < 0 || !is_column(parent) || !is_column(values))
        return BAD_ARGUMENT;
    memset(sums, 0, 2 * (size_t)groups * sizeof *sums);
    for (int64_t at = 0; at < count; at++) {
        int64_t up = number_at(parent, at), value = number_at(values, at);
        if (up >= at || value < 0)
            return BAD_ARGUMENT;
        if (up < 0 || group[up] < 0)
            continue;
        if (group[up] >= groups)
            return BAD_ARGUMENT;
        add_in_halves(sums + 2 * group[up], (uint64_t)value, 1);
    }
    return count;
}
