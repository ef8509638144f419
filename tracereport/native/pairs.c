/* Pairs of codes numbered, and rows of groups held against one another: what fan-outs are made of. */
#include "common.h"

typedef struct {
    int32_t outer;
    int32_t pair;
} LatestPair;

/* The indices in the order of their outer codes, but for those below 0; null where memory lacks. `start` has an entry
 * per outer code and one more, and is given where the indices of each begin. */
static int32_t *order_by_outer(const int32_t *outer, int64_t count, int64_t *start, int64_t outers) {
    int32_t *order = allocate(count, sizeof *order);
    if (!order)
        return NULL;
    memset(start, 0, (size_t)(outers + 1) * sizeof *start);
    for (int64_t at = 0; at < count; at++)
        if (outer[at] >= 0)
            start[outer[at] + 1]++;
    for (int64_t at = 0; at < outers; at++)
        start[at + 1] += start[at];
    for (int64_t at = 0; at < count; at++)
        if (outer[at] >= 0)
            order[start[outer[at]]++] = (int32_t)at;
    memmove(start + 1, start, (size_t)outers * sizeof *start);
    start[0] = 0;
    return order;
}

/* Numbers the pairs of an outer and an inner code: those of a smaller outer one come first, then those that are used
 * first. What has an outer code below 0 has no pair, -1. `first` has room for `count` entries, and is given the index of
 * each pair's first use; gives how many pairs there are. */
EXPORT int64_t tracereport_number_pairs(const int32_t *outer, int64_t outers, const int32_t *inner, int64_t inners,
                                        int64_t count, int32_t *pair, int32_t *first) {
    if (count < 0 || count > INT32_MAX || outers < 0 || outers > INT32_MAX || inners < 0 || inners > INT32_MAX)
        return BAD_ARGUMENT;
    bool is_ordered = true;
    int32_t before = INT32_MIN;
    for (int64_t at = 0; at < count; at++) {
        if (outer[at] >= outers || (outer[at] >= 0 && (inner[at] < 0 || inner[at] >= inners)))
            return BAD_ARGUMENT;
        if (outer[at] >= 0) {
            is_ordered &= outer[at] >= before;
            before = outer[at];
        }
    }
    LatestPair *latest = allocate(inners, sizeof *latest);
    int64_t *start = is_ordered ? NULL : allocate(outers + 1, sizeof *start);
    int32_t *order = start ? order_by_outer(outer, count, start, outers) : NULL;
    int64_t used = latest && (is_ordered || order) ? 0 : NO_MEMORY;
    if (used == 0) {
        int64_t members = is_ordered ? count : start[outers];
        memset(latest, 0xff, (size_t)inners * sizeof *latest);
        memset(pair, 0xff, (size_t)count * sizeof *pair);
        for (int64_t place = 0; place < members; place++) {
            int64_t at = is_ordered ? place : order[place];
            if (outer[at] < 0)
                continue;
            LatestPair *own = latest + inner[at];
            if (own->outer != outer[at]) {
                *own = (LatestPair){outer[at], (int32_t)used};
                first[used++] = (int32_t)at;
            }
            pair[at] = own->pair;
        }
    }
    free(latest);
    free(start);
    free(order);
    return used;
}

/* Of each group of rows the only field in which any differs from the first, -1 for none, -2 for several. The rows of a
 * group have the same number of fields and stand together; `start` is where the values of each row begin. */
EXPORT int64_t tracereport_only_varying(const int64_t *rows, const int64_t *fields, int64_t groups, const int64_t *start,
                                        int64_t row_count, const uint64_t *value, int64_t value_count, int32_t *field) {
    if (groups < 0 || row_count < 0 || value_count < 0)
        return BAD_ARGUMENT;
    int64_t row = 0;
    for (int64_t group = 0; group < groups; group++) {
        int64_t width = fields[group], first = row;
        if (rows[group] < 0 || rows[group] > row_count - row || width < 0 || width > value_count || width > INT32_MAX)
            return BAD_ARGUMENT;
        field[group] = -1;
        for (; row < first + rows[group]; row++) {
            if (start[row] < 0 || start[row] > value_count - width)
                return BAD_ARGUMENT;
            const uint64_t *own = value + start[row], *head = value + start[first];
            for (int64_t at = 0; at < width; at++)
                if (own[at] != head[at] && field[group] != at)
                    field[group] = field[group] == -1 ? (int32_t)at : -2;
        }
    }
    return row == row_count ? groups : BAD_ARGUMENT;
}
