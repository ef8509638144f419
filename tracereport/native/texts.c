/* Texts as one buffer of bytes with offsets: interned, taken, and ranked. */
#include "texts.h"

EXPORT void tracereport_interner_free(Interner *interner) {
    if (!interner)
        return;
    free(interner->bytes);
    free(interner->offset);
    free(interner->slots);
    free(interner);
}

/* A new one, or null where memory is short. */
EXPORT Interner *tracereport_interner_new(void) {
    Interner *interner = calloc(1, sizeof *interner);
    if (!interner)
        return NULL;
    interner->size = 256;
    interner->slots = new_slots(interner->size);
    if (!interner->slots || !grow((void **)&interner->offset, &interner->offset_capacity, 1, sizeof(int64_t)) ||
        !grow((void **)&interner->bytes, &interner->bytes_capacity, 1, 1)) {
        tracereport_interner_free(interner);
        return NULL;
    }
    interner->offset[0] = 0;
    return interner;
}

EXPORT int64_t tracereport_interner_count(const Interner *interner) { return interner->count; }
EXPORT const uint8_t *tracereport_interner_bytes(const Interner *interner) { return interner->bytes; }
EXPORT const int64_t *tracereport_interner_offset(const Interner *interner) { return interner->offset; }

/* The slot of a text of this hash; a free one where it isn't known. */
static uint64_t find_text(const Interner *interner, const uint8_t *text, int64_t length, uint32_t hash) {
    uint64_t mask = interner->size - 1, at = hash & mask;
    for (; interner->slots[at].code >= 0; at = (at + 1) & mask) {
        if (interner->slots[at].hash != hash)
            continue;
        const int64_t *offset = interner->offset + interner->slots[at].code;
        if (offset[1] - offset[0] == length && !memcmp(interner->bytes + offset[0], text, (size_t)length))
            break;
    }
    return at;
}

int64_t intern_text(Interner *interner, const uint8_t *text, int64_t length, uint32_t hash) {
    uint64_t at = find_text(interner, text, length, hash);
    if (interner->slots[at].code >= 0)
        return interner->slots[at].code;
    int64_t code = interner->count, used = interner->offset[code];
    if (code == INT32_MAX || used > INT64_MAX - length)
        return BAD_ARGUMENT;
    if (!grow((void **)&interner->bytes, &interner->bytes_capacity, used + length, 1) ||
        !grow((void **)&interner->offset, &interner->offset_capacity, code + 2, sizeof(int64_t)))
        return NO_MEMORY;
    memcpy(interner->bytes + used, text, (size_t)length);
    interner->offset[code + 1] = used + length;
    interner->slots[at] = (Slot){hash, (int32_t)code};
    interner->count++;
    /* At once, so that there is always a free slot to stop at. */
    if ((uint64_t)interner->count * 2 > interner->size && !double_slots(&interner->slots, &interner->size))
        return NO_MEMORY;
    return code;
}

/* The codes of slices of `text`; a slice that starts at -1 is none, and has the code -1. What isn't known is kept, or has
 * the code -1 as well. */
EXPORT int64_t tracereport_intern(Interner *interner, const uint8_t *text, int64_t length, const int64_t *start,
                                  const int64_t *end, int64_t count, int64_t is_kept, int32_t *codes) {
    enum { AHEAD = 8 };
    uint32_t hashes[AHEAD] = {0};
    if (count < 0 || length < 0)
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < count; at++)
        if (start[at] != -1 && (start[at] < 0 || end[at] < start[at] || end[at] > length))
            return BAD_ARGUMENT;
    /* Hashes are worked out some slices ahead: the slot is in the cache by the time that it is looked at. */
    for (int64_t at = -AHEAD; at < count; at++) {
        uint32_t hash = at >= 0 ? hashes[at % AHEAD] : 0;
        int64_t ahead = at + AHEAD;
        if (ahead < count && start[ahead] >= 0) {
            uint32_t coming = hash_text(text + start[ahead], end[ahead] - start[ahead]);
            hashes[ahead % AHEAD] = coming;
            __builtin_prefetch(&interner->slots[coming & (interner->size - 1)]);
        }
        if (at < 0)
            continue;
        int64_t code = -1;
        if (start[at] >= 0 && is_kept) {
            code = intern_text(interner, text + start[at], end[at] - start[at], hash);
            if (code < 0)
                return code;
        } else if (start[at] >= 0) {
            code = interner->slots[find_text(interner, text + start[at], end[at] - start[at], hash)].code;
        }
        codes[at] = (int32_t)code;
    }
    return count;
}

static bool is_table(const int64_t *offset, int64_t count, int64_t length) {
    bool rises = count >= 0 && offset[0] >= 0 && offset[count] <= length;
    for (int64_t at = 0; rises && at < count; at++)
        rises = offset[at] <= offset[at + 1];
    return rises;
}

/* Copies some of the texts, one behind the other; `taken_offset` says where each is to stand. */
EXPORT int64_t tracereport_take_texts(const uint8_t *bytes, int64_t length, const int64_t *offset, int64_t count,
                                      const int64_t *indices, int64_t taken, uint8_t *taken_bytes,
                                      const int64_t *taken_offset, int64_t taken_length) {
    if (taken < 0 || !is_table(offset, count, length) || !is_table(taken_offset, taken, taken_length))
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < taken; at++) {
        int64_t index = indices[at];
        if (index < 0 || index >= count || offset[index + 1] - offset[index] != taken_offset[at + 1] - taken_offset[at])
            return BAD_ARGUMENT;
        memcpy(taken_bytes + taken_offset[at], bytes + offset[index], (size_t)(offset[index + 1] - offset[index]));
    }
    return taken;
}

/* Where each text first holds a byte, or where it ends. */
EXPORT int64_t tracereport_find_byte(const uint8_t *bytes, int64_t length, const int64_t *offset, int64_t count,
                                     int64_t byte, int64_t *place) {
    if (!is_table(offset, count, length))
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < count; at++) {
        const uint8_t *start = bytes + offset[at];
        const uint8_t *found = memchr(start, (int)(byte & 0xff), (size_t)(offset[at + 1] - offset[at]));
        place[at] = found ? found - bytes : offset[at + 1];
    }
    return count;
}

/* By bytes, which for UTF-8 is by code points; negative, zero or positive. */
static int compare_texts(const uint8_t *bytes, const int64_t *offset, int64_t one, int64_t other) {
    int64_t length = offset[one + 1] - offset[one], other_length = offset[other + 1] - offset[other];
    int order =
        memcmp(bytes + offset[one], bytes + offset[other], (size_t)(length < other_length ? length : other_length));
    return order ? order : (length > other_length) - (length < other_length);
}

/* The rank of each text among the distinct ones, from 0 on: a merge sort, whose worst case is no trap. */
EXPORT int64_t tracereport_rank_texts(const uint8_t *bytes, int64_t length, const int64_t *offset, int64_t count,
                                      int64_t *rank) {
    if (!is_table(offset, count, length))
        return BAD_ARGUMENT;
    int64_t *order = allocate(count, sizeof *order), *merged = allocate(count, sizeof *merged);
    if (!order || !merged) {
        free(order);
        free(merged);
        return NO_MEMORY;
    }
    for (int64_t at = 0; at < count; at++)
        order[at] = at;
    for (int64_t width = 1; width < count; width *= 2) {
        for (int64_t begin = 0; begin < count; begin += 2 * width) {
            int64_t middle = width < count - begin ? begin + width : count;
            int64_t end = 2 * width < count - begin ? begin + 2 * width : count;
            int64_t left = begin, right = middle;
            for (int64_t to = begin; to < end; to++) {
                bool takes_left =
                    left < middle && (right >= end || compare_texts(bytes, offset, order[left], order[right]) <= 0);
                merged[to] = takes_left ? order[left++] : order[right++];
            }
        }
        int64_t *swapped = order;
        order = merged;
        merged = swapped;
    }
    int64_t distinct = 0;
    for (int64_t at = 0; at < count; at++) {
        distinct += at > 0 && compare_texts(bytes, offset, order[at - 1], order[at]) != 0;
        rank[order[at]] = distinct;
    }
    free(order);
    free(merged);
    return count;
}

/* Cuts texts such as `function|name=value|...` into their parameters, and writes each text's shape: without values.
 * A parameter is `bytes[start:end]`, and its name ends at `equals`. `shape` has room for `length` bytes. Gives how many
 * parameters there are: `room` at most. */
EXPORT int64_t tracereport_split_params(const uint8_t *bytes, int64_t length, const int64_t *offset, int64_t count,
                                        int64_t *params, int64_t *start, int64_t *equals, int64_t *end, int64_t room,
                                        uint8_t *shape, int64_t *shape_offset) {
    if (!is_table(offset, count, length))
        return BAD_ARGUMENT;
    int64_t found = 0, written = 0;
    shape_offset[0] = 0;
    for (int64_t text = 0; text < count; text++) {
        const uint8_t *at = bytes + offset[text], *stop = bytes + offset[text + 1];
        int64_t before = found;
        for (bool is_function = true;; is_function = false) {
            const uint8_t *bar = memchr(at, '|', (size_t)(stop - at));
            const uint8_t *behind = bar ? bar : stop;
            const uint8_t *name_end = is_function ? behind : memchr(at, '=', (size_t)(behind - at));
            if (!name_end)
                name_end = behind;
            if (!is_function) {
                if (found == room)
                    return BAD_ARGUMENT;
                start[found] = at - bytes;
                equals[found] = name_end - bytes;
                end[found++] = behind - bytes;
            }
            memcpy(shape + written, at, (size_t)(name_end - at));
            written += name_end - at;
            if (!bar)
                break;
            shape[written++] = '|';
            at = bar + 1;
        }
        params[text] = found - before;
        shape_offset[text + 1] = written;
    }
    return found;
}
