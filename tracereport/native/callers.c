/* Open callers: which call of the function that a call names as its caller was running when it began.
 *
 * Numbers are given at the start and lines are written at the end: a call is open when another begins if its number is
 * smaller and its line later. The calls of one function have a stretch of slots, in the order of their lines. Calls are
 * taken in the order of their numbers; two trees per stretch (Fenwick, Software: Practice and Experience, 1994) hold
 * how many have begun, and the sum of their indices. Where just one is open, that sum is its index.
 */
#include "common.h"

static void add(int64_t *tree, int64_t size, int64_t slot, int64_t value) {
    for (slot++; slot <= size; slot += slot & -slot)
        tree[slot - 1] += value;
}

static int64_t sum_below(const int64_t *tree, int64_t slot) {
    int64_t sum = 0;
    for (; slot; slot &= slot - 1)
        sum += tree[slot - 1];
    return sum;
}

/* `slot` and `start`, `size`: the own slot of each call, inside the stretch of its function. `wanted_*`: the stretch of
 * the function that it names as its caller (of size 0 where it names none), and how many of that stretch's slots have
 * lines before its own. `open` is how many calls of it are open, `sum` the sum of their indices. */
EXPORT int64_t tracereport_open_callers(int64_t count, const int64_t *slot, const int64_t *start, const int64_t *size,
                                        const int64_t *wanted_start, const int64_t *wanted_size,
                                        const int64_t *wanted_slot, int64_t *open, int64_t *sum) {
    if (count < 0)
        return BAD_ARGUMENT;
    int64_t *begun = calloc((size_t)count + 1, sizeof *begun);
    int64_t *indices = calloc((size_t)count + 1, sizeof *indices);
    int64_t status = begun && indices ? count : NO_MEMORY;
    for (int64_t at = 0; at < count && status >= 0; at++) {
        int64_t from = wanted_start[at], held = wanted_size[at], below = wanted_slot[at];
        if (from < 0 || held < 0 || held > count || from > count - held || below < 0 || below > held || start[at] < 0 ||
            size[at] < 1 || size[at] > count || start[at] > count - size[at] || slot[at] < 0 || slot[at] >= size[at]) {
            status = BAD_ARGUMENT;
            break;
        }
        open[at] = sum_below(begun + from, held) - sum_below(begun + from, below);
        sum[at] = sum_below(indices + from, held) - sum_below(indices + from, below);
        add(begun + start[at], size[at], slot[at], 1);
        add(indices + start[at], size[at], slot[at], at);
    }
    free(begun);
    free(indices);
    return status;
}
