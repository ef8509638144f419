/* A chunk of lines: finds its marks, and reads the records that are plain. What else holds the mark is odd.
 *
 * A plain record has one mark, a call number, a signature whose fields need no look at one another, one elapsed field
 * and metrics behind it. What a plain record means no reading of an odd one may contradict: where in doubt, it is odd.
 */
#include "common.h"

enum { NUMBER_DIGITS = 18, MARK_NAME = 10, ELAPSED_NAME = 9 };

static const char mark[] = "PERF_TRACE|", elapsed[] = "|elapsed_";

/* Places are offsets into the chunk; those of the lookup are into `lookups`. */
typedef struct {
    int64_t line;
    int64_t number;
    int64_t elapsed_ns;
    int64_t resolution_ns;
    int64_t signature_start;
    int64_t signature_end;
    int64_t caller_start; /* -1: it names none */
    int64_t caller_end;
    int64_t lookup_start; /* -1: the signature is odd */
    int64_t lookup_end;
    int64_t metrics_start; /* with the bar behind the elapsed field, if there is any */
    int64_t metrics_end;
} Record;

/* A line, and where it starts. */
typedef struct {
    int64_t line;
    int64_t start;
} Place;

typedef struct {
    void *items;
    int64_t count;
    int64_t capacity;
} List;

/* What is in a chunk. */
typedef struct {
    int64_t lines;
    List records;
    List odd;        /* other lines that hold the mark */
    List candidates; /* lines that may be markers */
    List lookups;    /* bytes: the signatures without their callers, one behind the other */
} Split;

EXPORT void tracereport_split_free(Split *split) {
    if (!split)
        return;
    free(split->records.items);
    free(split->odd.items);
    free(split->candidates.items);
    free(split->lookups.items);
    free(split);
}

EXPORT int64_t tracereport_split_lines(const Split *split) { return split->lines; }

/* One of the lists, by its place among them: its count is written, and where it starts is given. */
EXPORT const void *tracereport_split_list(const Split *split, int64_t which, int64_t *count) {
    const List *lists[] = {&split->records, &split->odd, &split->candidates, &split->lookups};
    if (which < 0 || which >= (int64_t)(sizeof lists / sizeof *lists))
        return NULL;
    *count = lists[which]->count;
    return lists[which]->items;
}

/* The records by columns, in the order of their members: `columns` has room for each member of each. */
EXPORT void tracereport_split_records(const Split *split, int64_t *columns) {
    enum { MEMBERS = sizeof(Record) / sizeof(int64_t) };
    const int64_t *record = split->records.items;
    int64_t count = split->records.count;
    for (int64_t at = 0; at < count; at++)
        for (int64_t member = 0; member < MEMBERS; member++)
            columns[member * count + at] = *record++;
}

static bool add_place(List *list, int64_t line, int64_t start) {
    if (!grow(&list->items, &list->capacity, list->count + 1, sizeof(Place)))
        return false;
    ((Place *)list->items)[list->count++] = (Place){line, start};
    return true;
}

static inline const uint8_t *find(const uint8_t *from, const uint8_t *end, char byte) {
    return from < end ? memchr(from, byte, (size_t)(end - from)) : NULL;
}

static inline bool starts_with(const uint8_t *from, const uint8_t *end, const char *literal, int64_t length) {
    return end - from >= length && !memcmp(from, literal, (size_t)length);
}

/* Whether the bar at this place ends a mark; `start` is where the line starts. */
static inline bool ends_mark(const uint8_t *bar, const uint8_t *start) {
    return bar - start >= MARK_NAME && bar[-1] == 'E' && !memcmp(bar - MARK_NAME, mark, MARK_NAME);
}

/* A decimal number of 1 to 18 digits, which can't overflow; gives the place behind it, or null. */
static const uint8_t *read_digits(const uint8_t *at, const uint8_t *end, int64_t *value, int *digits) {
    *value = 0;
    *digits = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (++*digits > NUMBER_DIGITS)
            return NULL;
        *value = *value * 10 + (*at - '0');
    }
    return *digits ? at : NULL;
}

/* The time and its resolution behind `|elapsed_`; gives the place behind them, or null where they aren't plain. */
static const uint8_t *read_elapsed(const uint8_t *at, const uint8_t *end, Record *record) {
    static const struct {
        char name[4];
        int length;
        int power;
        int64_t ns;
    } units[] = {{"ms=", 3, 6, 1000000}, {"us=", 3, 3, 1000}, {"ns=", 3, 0, 1}, {"s=", 2, 9, 1000000000}};
    size_t unit = 0;
    while (unit < sizeof units / sizeof *units && !starts_with(at, end, units[unit].name, units[unit].length))
        unit++;
    if (unit == sizeof units / sizeof *units)
        return NULL;
    int64_t whole, decimals = 0;
    int digits, places = 0;
    at = read_digits(at + units[unit].length, end, &whole, &digits);
    if (at && at < end && *at == '.')
        at = read_digits(at + 1, end, &decimals, &places);
    if (!at || places > units[unit].power || (at < end && *at != '|') || whole >= INT64_MAX / units[unit].ns)
        return NULL;
    int64_t resolution = units[unit].ns;
    for (int place = 0; place < places; place++)
        resolution /= 10;
    record->elapsed_ns = whole * units[unit].ns + decimals * resolution;
    record->resolution_ns = resolution;
    return at;
}

/* Writes the signature without its caller. */
static bool add_lookup(List *lookups, const uint8_t *chunk, Record *record) {
    int64_t head_end = record->caller_start < 0 ? record->signature_end : record->caller_start - 8; /* |caller= */
    int64_t head = head_end - record->signature_start;
    int64_t tail = record->caller_start < 0 ? 0 : record->signature_end - record->caller_end;
    if (!grow(&lookups->items, &lookups->capacity, lookups->count + head + tail + 1, 1)) /* even if it is empty */
        return false;
    uint8_t *to = (uint8_t *)lookups->items + lookups->count;
    memcpy(to, chunk + record->signature_start, (size_t)head);
    memcpy(to + head, chunk + record->caller_end, (size_t)tail);
    record->lookup_start = lookups->count;
    record->lookup_end = lookups->count += head + tail;
    return true;
}

/* Whether what stands behind the elapsed field is surely metrics: one elapsed field more, a mark, or what a terminal
 * doesn't show makes the line odd. */
static bool are_plain_metrics(const uint8_t *at, const uint8_t *end, const uint8_t *line_start) {
    if (at == end)
        return true;
    if (end[-1] <= ' ' || end[-1] == 0x7f || find(at, end, '\x1b'))
        return false;
    for (; at; at = find(at + 1, end, '|'))
        if (ends_mark(at, line_start) || starts_with(at, end, elapsed, ELAPSED_NAME))
            return false;
    return true;
}

/* Reads the fields from the call number on; false where the record isn't plain. `record` is filled but for its lookup,
 * whose start says whether the signature is plain. */
static bool read_record(const uint8_t *chunk, const uint8_t *line_start, const uint8_t *at, const uint8_t *end,
                        Record *record) {
    int digits;
    at = read_digits(at, end, &record->number, &digits);
    if (!at || at == end || *at != '|')
        return false;
    const uint8_t *field = at + 1, *bar;
    record->signature_start = field - chunk;
    record->caller_start = -1;
    record->caller_end = 0;
    record->lookup_start = 0;
    bool has_statement = false, has_write = false;
    for (bool is_function = true;; is_function = false) {
        bar = find(field, end, '|');
        if (!bar || ends_mark(bar, line_start))
            return false;
        if (!is_function) {
            if (record->caller_start < 0 && starts_with(field, bar, "caller=", 7)) {
                record->caller_start = field + 7 - chunk;
                record->caller_end = bar - chunk;
            } else if (!find(field, bar, '=')) {
                record->lookup_start = -1;
            }
            has_statement |= starts_with(field, bar, "sql=", 4);
            has_write |= starts_with(field, bar, "write=", 6);
        }
        if (starts_with(bar, end, elapsed, ELAPSED_NAME))
            break;
        field = bar + 1;
    }
    record->signature_end = bar - chunk;
    if (has_statement && has_write) /* perhaps an older hook's count of writes, which is no part of the question */
        record->lookup_start = -1;
    at = read_elapsed(bar + ELAPSED_NAME, end, record);
    if (!at || !are_plain_metrics(at, end, line_start))
        return false;
    record->metrics_start = at - chunk;
    record->metrics_end = end - chunk;
    return true;
}

/* Where the line's text ends, without the colours that are switched at its end. */
static const uint8_t *skip_colours(const uint8_t *start, const uint8_t *end) {
    while (end - start >= 3 && end[-1] == 'm') {
        const uint8_t *at = end - 2;
        while (at > start && ((*at >= '0' && *at <= '9') || *at == ';'))
            at--;
        if (at == start || *at != '[' || at[-1] != '\x1b')
            break;
        end = at - 1;
    }
    return end;
}

/* Whether a line can be a marker: a status word that ends in column 12 behind a space or more, a wide status, a line
 * that starts with a colour, the start of a test, or its result on a line of its own. */
static bool may_be_marker(const uint8_t *start, const uint8_t *end) {
    enum { COLUMNS = 12 };
    switch (*start) {
    case ' ':
        return end - start > COLUMNS + 1 && start[COLUMNS] == ' ' && start[COLUMNS - 1] != ' ' &&
               start[COLUMNS + 1] != ' ';
    case '\x1b':
        return true;
    case 't':
        return starts_with(start, end, "test ", 5);
    case 'o':
        return starts_with(start, end, "ok", 2);
    case 'F':
        return starts_with(start, end, "FAILED", 6);
    case 'T':
        return starts_with(start, end, "TRY ", 4) || starts_with(start, end, "TIMEOUT-", 8);
    case 'A':
        return starts_with(start, end, "ABORT ", 6);
    case 'S':
        return starts_with(start, end, "SETUP ", 6);
    default:
        return false;
    }
}

/* Reads one line, from `start` up to `end` (without what ends it); false where memory is short. */
static bool split_line(Split *split, const uint8_t *chunk, const uint8_t *start, const uint8_t *end,
                       bool only_candidates) {
    int64_t line = split->lines++;
    if (start < end && may_be_marker(start, end) && !add_place(&split->candidates, line, start - chunk))
        return false;
    if (only_candidates)
        return true;
    const uint8_t *bar = start;
    bool is_doubtful = false;
    while ((bar = find(bar, end, '|')) && !ends_mark(bar, start)) {
        is_doubtful |= starts_with(bar, end, elapsed, ELAPSED_NAME);
        bar++;
    }
    if (!bar)
        return true;
    Record record = {.line = line};
    if (is_doubtful || !read_record(chunk, start, bar + 1, skip_colours(bar, end), &record))
        return add_place(&split->odd, line, start - chunk);
    List *records = &split->records;
    if (!grow(&records->items, &records->capacity, records->count + 1, sizeof record) ||
        (record.lookup_start == 0 && !add_lookup(&split->lookups, chunk, &record)))
        return false;
    ((Record *)records->items)[records->count++] = record;
    return true;
}

/* Splits a chunk, which ends where a line does, or the log; null where memory is short. Records may be left out. */
EXPORT Split *tracereport_split(const uint8_t *chunk, int64_t length, int64_t only_candidates) {
    Split *split = calloc(1, sizeof *split);
    const uint8_t *end = chunk + length;
    for (const uint8_t *start = chunk; split && start < end;) {
        const uint8_t *feed = memchr(start, '\n', (size_t)(end - start));
        const uint8_t *line_end = feed ? feed : end;
        if (line_end > start && line_end[-1] == '\r')
            line_end--;
        if (!split_line(split, chunk, start, line_end, only_candidates != 0)) {
            tracereport_split_free(split);
            return NULL;
        }
        start = feed ? feed + 1 : end;
    }
    return split;
}

/* Whether all bytes are UTF-8 as The Unicode Standard defines it (table 3-7): 1 or 0. */
EXPORT int64_t tracereport_is_utf8(const uint8_t *bytes, int64_t length) {
    const uint8_t *at = bytes, *end = bytes + length;
    while (at < end) {
        while (end - at >= 8 && !(load_8(at) & UINT64_C(0x8080808080808080)))
            at += 8;
        if (at == end)
            break;
        uint8_t first = *at++;
        if (first < 0x80)
            continue;
        int following = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        if (first < 0xc2 || first > 0xf4 || end - at < following)
            return 0;
        uint8_t lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
        uint8_t highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        if (*at < lowest || *at > highest)
            return 0;
        for (int byte = 1; byte < following; byte++)
            if ((at[byte] & 0xc0) != 0x80)
                return 0;
        at += following;
    }
    return 1;
}
