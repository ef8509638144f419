/* Paths: the chain of functions above each call, and its own. A path is a pair of the one above and a function; parents
 * stand before their children, so that one pass finds all. */
#include "codes.h"

/* The path of each call of a tree, 0 for others. Paths are numbered as the table keeps their pairs, from 2 on: 0 stands
 * for none above, and 1 for the path above the roots that are `orphan`. Below `deepest` functions a path goes on by one
 * more, numbered `functions`, which stands for all that is deeper. */
EXPORT int64_t tracereport_find_paths(Column parent, const int32_t *function, const uint8_t *in_tree,
                                      const uint8_t *orphan, int64_t count, int64_t functions, int64_t deepest,
                                      PairTable *table, int32_t *path) {
    if (count < 0 || functions < 0 || functions >= INT32_MAX || deepest < 1 || deepest >= UINT8_MAX ||
        !is_column(parent))
        return BAD_ARGUMENT;
    uint8_t *depth = allocate(count, 1); /* calls above, at most one more than `deepest` */
    int64_t status = depth ? count : NO_MEMORY;
    int32_t last_above = -1, last_function = -1, last_path = -1;
    for (int64_t at = 0; at < count && status >= 0; at++) {
        int64_t up = number_at(parent, at);
        if (up >= at || function[at] < 0 || function[at] >= functions) {
            status = BAD_ARGUMENT;
            break;
        }
        depth[at] = 0;
        path[at] = 0;
        if (!in_tree[at])
            continue;
        int32_t above = up < 0 ? orphan[at] != 0 : path[up], own = function[at];
        if (up >= 0)
            depth[at] = depth[up] + (depth[up] <= deepest);
        if (depth[at] > deepest) {
            path[at] = above;
            continue;
        }
        if (depth[at] == deepest)
            own = (int32_t)functions;
        /* Calls that follow one another mostly have the same path. */
        if (above != last_above || own != last_function) {
            int64_t code = intern_pair(table, above, own);
            if (code < 0 || code > INT32_MAX - 2) {
                status = code < 0 ? code : TOO_LARGE;
                break;
            }
            last_above = above;
            last_function = own;
            last_path = (int32_t)code + 2;
        }
        path[at] = last_path;
    }
    free(depth);
    return status;
}
