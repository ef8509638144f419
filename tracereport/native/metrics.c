/* What stands behind the elapsed field -> sets of metrics, each kept once, and what is said of the call itself.
 *
 * Plain metrics are fields `name=<number>`. Some fields aren't metrics: `parent=<number>`, `parent=none` and
 * `activation=<number>`, which differ from call to call, and the reserved ones, which are kept as text. All else is odd,
 * and kept as text as well.
 */
#include "texts.h"

enum { METRIC_DIGITS = 19, OWN_DIGITS = 18 };
enum { NONE = -1, MISSING = -2 };

/* The fields whose numbers differ from call to call. */
enum { PARENT, ACTIVATION, OWN_NUMBERS };
static const struct {
    char start[12];
    int64_t length;
} own_numbers[OWN_NUMBERS] = {{"parent=", 7}, {"activation=", 11}};

enum { RECENT_TEXTS = 1024, RECENT_LENGTH = 104 };

/* A text that was read not long ago, and what it was found to hold: most records repeat one of a few. */
typedef struct {
    uint64_t hash;
    int32_t length; /* -1: none yet */
    int32_t set;
    int32_t reserved;
    uint8_t text[RECENT_LENGTH];
} Recent;

typedef struct {
    Recent *recent;
    Interner *names;
    Interner *reserved; /* texts such as `|test=a|escaped=1`, one for all such fields of a call */
    Interner *odd;
    uint8_t *rules; /* fields that are reserved, one behind the other, each behind its length; */
    int64_t rules_length;
    int64_t *offset; /* of each set, where its fields start; and where the last one ends */
    int64_t offset_capacity;
    int32_t *name; /* per field, as the value */
    int64_t name_capacity;
    uint64_t *value;
    int64_t value_capacity;
    int64_t count;
    int64_t used; /* fields, with those that are being read */
    Slot *slots;
    uint64_t size;
    uint8_t *scratch; /* the reserved fields that are being read */
    int64_t scratch_capacity;
    int64_t scratch_used;
} MetricTable;

EXPORT void tracereport_metrics_free(MetricTable *table) {
    if (!table)
        return;
    tracereport_interner_free(table->names);
    tracereport_interner_free(table->reserved);
    tracereport_interner_free(table->odd);
    free(table->recent);
    free(table->rules);
    free(table->offset);
    free(table->name);
    free(table->value);
    free(table->slots);
    free(table->scratch);
    free(table);
}

/* A new one, or null. A rule is a reserved field as a whole (`escaped=1`), one of this name whose value holds no equals
 * sign (`process=`), or one of this name with any value (`test=*`); `rules` holds them one behind the other, each behind
 * a byte that says how long it is. */
EXPORT MetricTable *tracereport_metrics_new(const uint8_t *rules, int64_t length) {
    for (int64_t at = 0; at < length; at += 1 + rules[at])
        if (rules[at] == 0 || length - at <= rules[at])
            return NULL;
    MetricTable *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->names = tracereport_interner_new();
    table->reserved = tracereport_interner_new();
    table->odd = tracereport_interner_new();
    table->rules = allocate(length, 1);
    table->recent = allocate(RECENT_TEXTS, sizeof *table->recent);
    table->size = 256;
    table->slots = new_slots(table->size);
    bool has_room = grow((void **)&table->offset, &table->offset_capacity, 1, sizeof *table->offset) &&
                    grow((void **)&table->name, &table->name_capacity, 1, sizeof *table->name) &&
                    grow((void **)&table->value, &table->value_capacity, 1, sizeof *table->value);
    if (!table->names || !table->reserved || !table->odd || !table->rules || !table->recent || !table->slots ||
        !has_room) {
        tracereport_metrics_free(table);
        return NULL;
    }
    memset(table->recent, 0xff, RECENT_TEXTS * sizeof *table->recent);
    table->offset[0] = 0;
    table->rules_length = length;
    if (length)
        memcpy(table->rules, rules, (size_t)length);
    return table;
}

/* One of the table's parts by its place: the interners of names, of reserved and of odd texts, then the sets' offsets,
 * names and values. */
EXPORT const void *tracereport_metrics_part(const MetricTable *table, int64_t which) {
    const void *parts[] = {table->names, table->reserved, table->odd, table->offset, table->name, table->value};
    return which >= 0 && which < (int64_t)(sizeof parts / sizeof *parts) ? parts[which] : NULL;
}

EXPORT int64_t tracereport_metrics_count(const MetricTable *table) { return table->count; }

static uint32_t hash_set(const int32_t *name, const uint64_t *value, int64_t fields) {
    uint64_t names = hash_bytes((const uint8_t *)name, (size_t)fields * sizeof *name);
    uint64_t values = hash_bytes((const uint8_t *)value, (size_t)fields * sizeof *value);
    return (uint32_t)(multiply_fold(names ^ hash_secrets[1], values ^ hash_secrets[0]) >> 32);
}

/* The code of the set of fields that was read last, which is kept if it is new; or a status. */
static int64_t intern_set(MetricTable *table) {
    int64_t start = table->offset[table->count], fields = table->used - start;
    uint32_t hash = hash_set(table->name + start, table->value + start, fields);
    uint64_t mask = table->size - 1, at = hash & mask;
    for (; table->slots[at].code >= 0; at = (at + 1) & mask) {
        if (table->slots[at].hash != hash)
            continue;
        const int64_t *offset = table->offset + table->slots[at].code;
        if (offset[1] - offset[0] == fields &&
            !memcmp(table->name + offset[0], table->name + start, (size_t)fields * sizeof *table->name) &&
            !memcmp(table->value + offset[0], table->value + start, (size_t)fields * sizeof *table->value)) {
            table->used = start;
            return table->slots[at].code;
        }
    }
    int64_t code = table->count;
    if (code == INT32_MAX)
        return BAD_ARGUMENT;
    if (!grow((void **)&table->offset, &table->offset_capacity, code + 2, sizeof *table->offset))
        return NO_MEMORY;
    table->slots[at] = (Slot){hash, (int32_t)code};
    table->offset[code + 1] = table->used;
    table->count++;
    if ((uint64_t)table->count * 2 > table->size && !double_slots(&table->slots, &table->size))
        return NO_MEMORY;
    return code;
}

/* Whether a field is reserved, by some rule. */
static bool is_reserved(const MetricTable *table, const uint8_t *field, int64_t length) {
    for (int64_t at = 0; at < table->rules_length; at += 1 + table->rules[at]) {
        const uint8_t *rule = table->rules + at + 1;
        int64_t size = table->rules[at];
        char last = (char)rule[size - 1];
        size -= last == '*';
        if (length < size || memcmp(field, rule, (size_t)size))
            continue;
        if (last == '*' || (last == '=' ? !memchr(field + size, '=', (size_t)(length - size)) : length == size))
            return true;
    }
    return false;
}

static bool add_reserved(MetricTable *table, const uint8_t *field, int64_t length) {
    if (!grow((void **)&table->scratch, &table->scratch_capacity, table->scratch_used + 1 + length, 1))
        return false;
    table->scratch[table->scratch_used] = '|';
    memcpy(table->scratch + table->scratch_used + 1, field, (size_t)length);
    table->scratch_used += 1 + length;
    return true;
}

/* The number that a field ends with, behind its last equals sign, which is where the name ends; null where there is no
 * such number that surely fits. */
static const uint8_t *read_value(const uint8_t *field, const uint8_t *end, int digits, uint64_t *value) {
    const uint8_t *first = end;
    while (first > field && end - first <= digits && first[-1] >= '0' && first[-1] <= '9')
        first--;
    if (first == end || end - first > digits || first == field || first[-1] != '=')
        return NULL;
    *value = 0;
    for (const uint8_t *at = first; at < end; at++)
        *value = *value * 10 + (uint64_t)(*at - '0');
    return first - 1;
}

/* The name's code. Fields mostly come in the order of the call before: `guess` is looked at first. */
static int64_t intern_name(MetricTable *table, const uint8_t *name, int64_t length, int64_t guess) {
    const Interner *names = table->names;
    if (guess < names->count && names->offset[guess + 1] - names->offset[guess] == length &&
        !memcmp(names->bytes + names->offset[guess], name, (size_t)length))
        return guess;
    return intern_text(table->names, name, length, hash_text(name, length));
}

enum { PLAIN = 0, ODD = 1 };

/* Reads a number of the call's own into its place; false where the field isn't plain. */
static bool read_own_number(const uint8_t *field, const uint8_t *end, int which, int64_t *own) {
    uint64_t value;
    const uint8_t *first = field + own_numbers[which].length;
    if (own[which] != MISSING)
        return false;
    if (which == PARENT && end - first == 4 && !memcmp(first, "none", 4))
        own[which] = NONE;
    else if (read_value(field, end, OWN_DIGITS, &value) == first - 1)
        own[which] = (int64_t)value;
    return own[which] != MISSING;
}

/* Which of the call's own numbers a field is; OWN_NUMBERS for any other field. */
static int find_own_number(const uint8_t *field, int64_t length) {
    int which = 0;
    while (which < OWN_NUMBERS && (length < own_numbers[which].length ||
                                   memcmp(field, own_numbers[which].start, (size_t)own_numbers[which].length)))
        which++;
    return which;
}

/* Reads the fields of one text, the metrics into the table behind its last set; PLAIN, ODD, or a status. */
static int64_t read_fields(MetricTable *table, const uint8_t *at, const uint8_t *end, int64_t *own) {
    int64_t name = -1;
    own[PARENT] = own[ACTIVATION] = MISSING;
    table->scratch_used = 0;
    table->used = table->offset[table->count];
    while (at < end) {
        if (*at != '|')
            return ODD;
        const uint8_t *field = at + 1, *behind = memchr(field, '|', (size_t)(end - field));
        at = behind ? behind : end;
        uint64_t value;
        int which = find_own_number(field, at - field);
        if (which < OWN_NUMBERS) {
            if (!read_own_number(field, at, which, own))
                return ODD;
        } else if (is_reserved(table, field, at - field)) {
            if (!add_reserved(table, field, at - field))
                return NO_MEMORY;
        } else {
            const uint8_t *name_end = read_value(field, at, METRIC_DIGITS, &value);
            if (!name_end)
                return ODD;
            name = intern_name(table, field, name_end - field, name + 1);
            if (name < 0)
                return name;
            if (!grow((void **)&table->name, &table->name_capacity, table->used + 1, sizeof *table->name) ||
                !grow((void **)&table->value, &table->value_capacity, table->used + 1, sizeof *table->value))
                return NO_MEMORY;
            table->name[table->used] = (int32_t)name;
            table->value[table->used++] = value;
        }
    }
    return PLAIN;
}

/* What a text holds. */
typedef struct {
    int64_t set;
    int64_t reserved;
    int64_t odd;
    int64_t numbers[OWN_NUMBERS];
} Codes;

/* Reads a text of this hash that isn't a recent one; a status, or how it is. */
static int64_t code_text(MetricTable *table, const uint8_t *text, int64_t size, uint64_t hash, Codes *codes) {
    int64_t kind = read_fields(table, text, text + size, codes->numbers);
    if (kind == ODD) {
        table->used = table->offset[table->count];
        codes->numbers[PARENT] = codes->numbers[ACTIVATION] = MISSING;
        codes->odd = intern_text(table->odd, text, size, (uint32_t)(hash >> 32));
        return codes->odd < 0 ? codes->odd : ODD;
    }
    if (kind < 0 || (codes->set = intern_set(table)) < 0)
        return kind < 0 ? kind : codes->set;
    if (table->scratch_used) {
        uint32_t own_hash = hash_text(table->scratch, table->scratch_used);
        codes->reserved = intern_text(table->reserved, table->scratch, table->scratch_used, own_hash);
        if (codes->reserved < 0)
            return codes->reserved;
    }
    return PLAIN;
}

/* Per slice of `text` the codes of its set of metrics, of its reserved fields and of its text where it is odd (-1: it
 * has none), and its parent and activation: the number, -1 for `none`, -2 where nothing is said. An odd text has its
 * code only. */
EXPORT int64_t tracereport_intern_metrics(MetricTable *table, const uint8_t *text, int64_t length, const int64_t *start,
                                          const int64_t *end, int64_t count, int32_t *set, int32_t *reserved,
                                          int32_t *odd, int64_t *parent, int64_t *activation) {
    if (count < 0 || length < 0)
        return BAD_ARGUMENT;
    for (int64_t at = 0; at < count; at++) {
        if (start[at] < 0 || end[at] < start[at] || end[at] > length)
            return BAD_ARGUMENT;
        const uint8_t *own = text + start[at];
        int64_t size = end[at] - start[at];
        uint64_t hash = hash_bytes(own, (size_t)size);
        Recent *recent = &table->recent[hash % RECENT_TEXTS];
        Codes codes = {.set = -1, .reserved = -1, .odd = -1, .numbers = {MISSING, MISSING}};
        if (recent->hash == hash && recent->length == size && !memcmp(recent->text, own, (size_t)size)) {
            codes.set = recent->set;
            codes.reserved = recent->reserved;
        } else {
            int64_t kind = code_text(table, own, size, hash, &codes);
            if (kind < 0)
                return kind;
            bool is_own = codes.numbers[PARENT] != MISSING || codes.numbers[ACTIVATION] != MISSING;
            if (kind == PLAIN && !is_own && size <= RECENT_LENGTH) {
                recent->hash = hash;
                recent->length = (int32_t)size;
                recent->set = (int32_t)codes.set;
                recent->reserved = (int32_t)codes.reserved;
                memcpy(recent->text, own, (size_t)size);
            }
        }
        set[at] = (int32_t)codes.set;
        reserved[at] = (int32_t)codes.reserved;
        odd[at] = (int32_t)codes.odd;
        parent[at] = codes.numbers[PARENT];
        activation[at] = codes.numbers[ACTIVATION];
    }
    return count;
}
