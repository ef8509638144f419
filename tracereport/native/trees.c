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

/* Of some calls, by their places in the order of their numbers, the first that has the number; `count` for none. */
static int64_t find_number(const int32_t *members, int64_t count, Column number, int64_t wanted) {
    /* Where no number lacks, it is the place. */
    if (wanted < count && number_at(number, members[wanted]) == wanted &&
        (!wanted || number_at(number, members[wanted - 1]) < wanted))
        return wanted;
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (number_at(number, members[middle]) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && number_at(number, members[low]) == wanted ? low : count;
}

/* The places of the calls that others name as their parents, by their numbers; -1 for none. Calls stand in the order of
 * their processes and numbers; those that are in no tree name none, and are none. */
EXPORT int64_t tracereport_parent_places(Column process, Column number, Column parent, const uint8_t *in_tree,
                                         int64_t count, int32_t *place) {
    if (count < 0 || count > INT32_MAX || !is_column(process) || !is_column(number) || !is_column(parent))
        return BAD_ARGUMENT;
    int32_t *members = allocate(count, sizeof *members);
    if (!members)
        return NO_MEMORY;
    for (int64_t begin = 0, end; begin < count; begin = end) {
        int64_t own = number_at(process, begin), held = 0;
        for (end = begin; end < count && number_at(process, end) == own; end++)
            if (in_tree[end])
                members[held++] = (int32_t)end;
        for (int64_t at = begin; at < end; at++) {
            int64_t wanted = number_at(parent, at);
            int64_t found = in_tree[at] && wanted >= 0 ? find_number(members, held, number, wanted) : held;
            place[at] = found < held ? members[found] : -1;
        }
    }
    free(members);
    return count;
}
