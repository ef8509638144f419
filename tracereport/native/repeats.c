/* Repeats: each question is held against the one for the same lookup just before it, in the order of the questions.
 *
 * What is known of a lookup while the questions go by is the latest of them, and how many of its answers so far weren't
 * known to be those before. Of a signature (a lookup and who asks) it is the same, as of its own latest question: where
 * the lookup's number hasn't changed since, all answers in between are known and equal.
 */
#include "common.h"

/* Bits of a call's traits, as Python's side has them; the others are left alone. */
enum {
    REPEAT = 1 << 2,
    AGAIN = 1 << 3,
    UNCHANGED = 1 << 4,
    CHANGED = 1 << 5,
    CACHED = 1 << 6,
    OWN = 1 << 8,
    SEQUENTIAL = 1 << 10,
    NEGATIVE = 1 << 11,
    SAID_CACHED = 1 << 14,
};

typedef struct {
    int32_t last;
    int32_t steps;
} Latest;

static Latest *open_latest(int64_t count) {
    Latest *latest = allocate(count, sizeof *latest);
    for (int64_t at = 0; latest && at < count; at++)
        latest[at] = (Latest){-1, 0};
    return latest;
}

/* What two questions' answers, one after the other, say of the later. */
static uint16_t compare_answers(const int32_t *names, const int32_t *values, int32_t own, int32_t before,
                                bool said_cached) {
    bool comparable = names[own] == names[before] && names[own] >= 0;
    bool equal = comparable && values[own] == values[before];
    if (said_cached)
        return CACHED | UNCHANGED;
    return equal ? UNCHANGED : comparable ? CHANGED : 0;
}

/* `lookup` and `signature` number the groups that each call is in, -1 for one that is no question. `answer` is the
 * place of its answer among `answers` ones, whose names, values and emptiness are told by `names`, `values` and
 * `is_empty`. `number` is the call's, `last_inside` the largest in its subtree. `previous` and, unless it is null,
 * `previous_own` are given the question before of each lookup and signature, `traits` what is found; `length` and
 * `first` of each group, of lookups first, have room for both. */
EXPORT int64_t tracereport_judge_repeats(int64_t count, const int32_t *lookup, int64_t lookups, const int32_t *signature,
                                         int64_t signatures, const int32_t *answer, int64_t answers,
                                         const int32_t *names, const int32_t *values, const uint8_t *is_empty,
                                         Column number, Column last_inside, int32_t *previous,
                                         int32_t *previous_own, uint16_t *traits, int64_t *length, int64_t *first) {
    if (count < 0 || count > INT32_MAX || lookups < 0 || lookups > count || signatures < 0 || signatures > count ||
        answers < 0 || !is_column(number) || !is_column(last_inside))
        return BAD_ARGUMENT;
    Latest *of_lookup = open_latest(lookups), *of_signature = open_latest(signatures);
    int64_t status = of_lookup && of_signature ? count : NO_MEMORY;
    for (int64_t at = 0; at < lookups + signatures; at++)
        length[at] = first[at] = 0;
    for (int64_t at = 0; at < count && status >= 0; at++) {
        previous[at] = -1;
        if (previous_own)
            previous_own[at] = -1;
        if (lookup[at] < 0)
            continue;
        if (lookup[at] >= lookups || signature[at] < 0 || signature[at] >= signatures || answer[at] < 0 ||
            answer[at] >= answers) {
            status = BAD_ARGUMENT;
            break;
        }
        Latest *asked = of_lookup + lookup[at], *own = of_signature + signature[at];
        uint16_t found = 0;
        bool said_cached = traits[at] & SAID_CACHED, equal = false;
        if (asked->last >= 0) {
            int32_t before = answer[asked->last], after = answer[at];
            found = REPEAT | compare_answers(names, values, after, before, said_cached);
            equal = compare_answers(names, values, after, before, false) == UNCHANGED;
            found |= is_empty[after] && is_empty[before] ? NEGATIVE : 0;
            uint64_t own_number = (uint64_t)number_at(number, at);
            found |= own_number == (uint64_t)number_at(last_inside, asked->last) + 1 ? SEQUENTIAL : 0;
        }
        asked->steps += !equal;
        if (own->last >= 0) {
            found |= AGAIN;
            found |= (found & (UNCHANGED | CACHED)) == UNCHANGED && own->steps == asked->steps ? OWN : 0;
        }
        previous[at] = asked->last;
        if (previous_own)
            previous_own[at] = own->last;
        traits[at] |= found;
        int64_t *first_own = first + lookups + signature[at];
        first[lookup[at]] = asked->last < 0 ? at : first[lookup[at]];
        *first_own = own->last < 0 ? at : *first_own;
        length[lookup[at]]++;
        length[lookups + signature[at]]++;
        asked->last = own->last = (int32_t)at;
        own->steps = asked->steps;
    }
    free(of_lookup);
    free(of_signature);
    return status;
}
