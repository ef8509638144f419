/* Lines as the pops of a stack: numbers are given when calls start, lines are written when they end. In one thread the
 * two orders fix the tree, and what the calls say of their callers can be held against it.
 */
#include "common.h"

/* What is found of a process, in this order. */
enum { WORKS, ADOPTED, CONFIRMED, DENIED, SILENT, OVERFILLED, FINDINGS };

/* A call that has started and not yet ended. */
typedef struct {
    int64_t number;
    uint64_t inside; /* the times of its children so far, at most `UINT64_MAX` */
    int64_t naming;  /* how many of them name a caller */
    int32_t caller;  /* that of the last of these */
    bool is_denied;  /* two of them name different ones */
} Frame;

typedef struct {
    int64_t named;
    int64_t silent;
} LastProcess; /* per function: the last process with a call of it that names its caller, and with one that doesn't */

typedef struct {
    Frame *frames;
    LastProcess *last;
} Replay;

static bool open_replay(Replay *replay, int64_t most, int64_t names) {
    *replay = (Replay){allocate(most, sizeof *replay->frames), allocate(names, sizeof *replay->last)};
    if (!replay->frames || !replay->last)
        return false;
    memset(replay->last, 0xff, (size_t)names * sizeof *replay->last);
    return true;
}

static void tell_parent(Frame *parent, int32_t caller, int64_t elapsed) {
    parent->inside = add_up_to_most(parent->inside, (uint64_t)elapsed);
    if (caller < 0)
        return;
    parent->is_denied |= parent->naming && parent->caller != caller;
    parent->caller = caller;
    parent->naming++;
}

/* Holds a call that ends against what its children said. */
static void judge_call(const Frame *own, int32_t function, int64_t elapsed, int64_t resolution, int64_t *found) {
    if (own->naming && (own->is_denied || own->caller != function))
        found[DENIED] = 1;
    else
        found[CONFIRMED] += own->naming;
    if (own->inside >= (uint64_t)elapsed + (uint64_t)resolution)
        found[OVERFILLED] = 1;
}

/* Of each call the number of the one that it was made by if its process's lines are the pops of a stack, -1 for none.
 *
 * The records of a process stand together; `first` is where those of each begin. `caller` and `function` are codes
 * below `names`, per signature; a caller below 0 is none. `found` is given `FINDINGS` numbers of each process:
 *
 * - whether it works out; if it doesn't, nothing else counts;
 * - how many calls are adopted, that is, lie inside another;
 * - how many of these name the function that they lie in as their caller;
 * - whether one names another;
 * - whether one names none, though another call of its function does;
 * - whether a call took less than its children together, by its resolution or more. */
EXPORT int64_t tracereport_replay(const int64_t *number, const int32_t *signature, int64_t count, const int32_t *caller,
                                  const int32_t *function, int64_t signatures, int64_t names, Column elapsed,
                                  Column resolution, const int64_t *first, int64_t processes, int64_t *parent,
                                  int64_t *found) {
    if (count < 0 || signatures < 0 || names < 0 || processes < 0 || !is_column(elapsed) || !is_column(resolution))
        return BAD_ARGUMENT;
    int64_t most = 0;
    for (int64_t process = 0; process < processes; process++) {
        int64_t end = process + 1 < processes ? first[process + 1] : count;
        if (first[process] < 0 || (!process && first[process]) || end < first[process] || end > count)
            return BAD_ARGUMENT;
        most = end - first[process] > most ? end - first[process] : most;
    }
    for (int64_t at = 0; at < signatures; at++)
        if (caller[at] >= names || function[at] < 0 || function[at] >= names)
            return BAD_ARGUMENT;
    Replay replay;
    int64_t status = open_replay(&replay, most, names) ? count : NO_MEMORY;
    memset(found, 0, (size_t)processes * FINDINGS * sizeof *found);
    for (int64_t process = 0; process < processes && status >= 0; process++) {
        int64_t begin = first[process], end = process + 1 < processes ? first[process + 1] : count;
        int64_t *own = found + process * FINDINGS, started = 0, depth = 0;
        own[WORKS] = 1;
        for (int64_t at = begin; at < end; at++) {
            parent[at] = -1;
            int64_t elapsed_ns = number_at(elapsed, at), resolution_ns = number_at(resolution, at);
            if (signature[at] < 0 || signature[at] >= signatures || elapsed_ns < 0 || resolution_ns < 0) {
                status = BAD_ARGUMENT;
                break;
            }
            if (!own[WORKS])
                continue;
            /* Every call up to this number has started; there are no more than lines. */
            for (; started <= number[at] && started < end - begin; started++)
                replay.frames[depth++] = (Frame){.number = started};
            if (!depth || replay.frames[depth - 1].number != number[at]) {
                own[WORKS] = 0;
                continue;
            }
            const Frame *ended = replay.frames + --depth;
            int32_t named = caller[signature[at]], called = function[signature[at]];
            judge_call(ended, called, elapsed_ns, resolution_ns, own);
            LastProcess *last = replay.last + called;
            if (named >= 0)
                last->named = process;
            if (depth) {
                Frame *above = replay.frames + depth - 1;
                parent[at] = above->number;
                own[ADOPTED]++;
                tell_parent(above, named, elapsed_ns);
                if (named < 0)
                    last->silent = process;
            }
            own[SILENT] |= last->named == process && last->silent == process;
        }
    }
    free(replay.frames);
    free(replay.last);
    return status;
}
