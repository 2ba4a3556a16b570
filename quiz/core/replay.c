#include "quiz/core/replay.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/calendar.h"
#include "quiz/core/csv.h"
#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/core/schedule.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"

enum {
    FAULTS_SHOWN = 15,
    FIRST_SLOTS = 1024
};

enum column {
    COLUMN_CARD,
    COLUMN_RATING,
    COLUMN_TIME,
    COLUMN_COUNT
};
static const char *const COLUMNS[COLUMN_COUNT] = {"card_id", "review_rating",
                                                  "review_time"};

struct row {
    int64_t time_ms;
    uint32_t card;
    uint32_t order; // in the file
    uint32_t rating;
};

/* Everything while a log is read. */
struct reading {
    struct replay *replay;
    const char *name;
    size_t columns[COLUMN_COUNT];
    struct row *rows;
    size_t row_count, row_capacity;
    uint32_t *slots; // card number + 1, hashed by id; 0 is free
    size_t slot_count, card_capacity;
    struct text faults;
    size_t fault_count;
};

void
replay_release(struct replay *replay)
{
    free(replay->cards);
    arena_free(replay->arena);
    *replay = (struct replay){0};
}

/* --- cards by id --------------------------------------------------------- */

static uint64_t
hash_of(const char *bytes, size_t length)
{
    uint64_t hash = 0xCBF29CE484222325U;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001B3U;
    }
    return hash ^ (hash >> 29);
}

/* Where the id is, or would be put. */
static uint32_t *
slot_of(const struct reading *reading, const char *id, size_t length)
{
    size_t at = hash_of(id, length) & (reading->slot_count - 1);
    for (;;) {
        uint32_t *slot = &reading->slots[at];
        if (*slot == 0 ||
            strcmp(reading->replay->cards[*slot - 1].id, id) == 0) {
            return slot;
        }
        at = (at + 1) & (reading->slot_count - 1);
    }
}

/* Keeps the table at most half full. */
static void
grow_slots(struct reading *reading)
{
    const struct replay *replay = reading->replay;
    if (replay->count * 2 < reading->slot_count) {
        return;
    }
    free(reading->slots);
    reading->slot_count =
        reading->slot_count == 0 ? FIRST_SLOTS : reading->slot_count * 2;
    reading->slots = xcalloc(reading->slot_count, sizeof(*reading->slots));
    for (size_t i = 0; i < replay->count; i++) {
        const char *id = replay->cards[i].id;
        *slot_of(reading, id, strlen(id)) = (uint32_t)i + 1;
    }
}

static uint32_t
card_number(struct reading *reading, const struct csv_field *id)
{
    struct replay *replay = reading->replay;
    grow_slots(reading);
    uint32_t *slot = slot_of(reading, id->bytes, id->length);
    if (*slot == 0) {
        if (replay->count == reading->card_capacity) {
            reading->card_capacity =
                reading->card_capacity == 0 ? 256 : reading->card_capacity * 2;
            replay->cards = xreallocarray(
                replay->cards, reading->card_capacity, sizeof(*replay->cards));
        }
        replay->cards[replay->count++] = (struct replay_card){
            .id = arena_string(replay->arena, id->bytes, id->length)};
        *slot = (uint32_t)replay->count;
    }
    return *slot - 1;
}

/* --- reading ------------------------------------------------------------- */

static void fault(struct reading *reading, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
fault(struct reading *reading, int line, const char *format, ...)
{
    if (reading->fault_count++ >= FAULTS_SHOWN) {
        return;
    }
    char what[160];
    va_list values;
    va_start(values, format);
    vsnprintf(what, sizeof(what), format, values);
    va_end(values);
    text_add_format(&reading->faults, "%s%s:%d: %s",
                    reading->fault_count > 1 ? "\n" : "", reading->name, line,
                    what);
}

/* Where the columns are, from the header. */
static int
read_header(struct reading *reading, struct csv *csv, struct error *err)
{
    if (csv_next(csv) != 1) {
        return error_set(err,
                         tr("%s:1: there is no header: card_id, "
                            "review_rating, review_time"),
                         reading->name);
    }
    for (int column = 0; column < COLUMN_COUNT; column++) {
        size_t found = 0;
        for (size_t i = 0; i < csv->count; i++) {
            if (strcmp(csv->fields[i].bytes, COLUMNS[column]) == 0) {
                reading->columns[column] = i;
                found++;
            }
        }
        if (found != 1) {
            return error_set(
                err,
                found == 0 ? tr("%s:%d: the header lacks the column '%s'")
                           : tr("%s:%d: the header has the column '%s' twice"),
                reading->name, csv->line, COLUMNS[column]);
        }
    }
    return 0;
}

/* Whole milliseconds, or ISO 8601. */
static int
read_time(const struct csv_field *field, int64_t *time_ms)
{
    const char *digits = field->bytes + (field->bytes[0] == '-');
    size_t count = field->length - (size_t)(digits - field->bytes);
    if (count > 0 && count <= 15 && strspn(digits, "0123456789") == count) {
        *time_ms = strtoll(field->bytes, NULL, 10);
        return 0;
    }
    return calendar_parse(field->bytes, field->length, time_ms);
}

static void
read_row(struct reading *reading, const struct csv *csv)
{
    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (reading->columns[column] >= csv->count) {
            fault(reading, csv->line, tr("the row has no %s"),
                  COLUMNS[column]);
            return;
        }
    }
    const struct csv_field *id = &csv->fields[reading->columns[COLUMN_CARD]];
    const struct csv_field *rating =
        &csv->fields[reading->columns[COLUMN_RATING]];
    const struct csv_field *time = &csv->fields[reading->columns[COLUMN_TIME]];
    struct row row = {.order = (uint32_t)reading->row_count};
    if (id->length == 0 || strlen(id->bytes) != id->length) {
        fault(reading, csv->line, tr("card_id is empty or has a NUL byte"));
    }
    else if (rating->length != 1 || rating->bytes[0] < '1' ||
             rating->bytes[0] > '4') {
        fault(reading, csv->line, tr("review_rating is '%.40s', not 1 to 4"),
              rating->bytes);
    }
    else if (read_time(time, &row.time_ms) != 0) {
        fault(reading, csv->line,
              tr("review_time '%.40s' is no moment of ISO 8601 and no number "
                 "of milliseconds"),
              time->bytes);
    }
    else {
        row.rating = (uint32_t)(rating->bytes[0] - '0');
        row.card = card_number(reading, id);
        if (reading->row_count == reading->row_capacity) {
            reading->row_capacity =
                reading->row_capacity == 0 ? 1024 : reading->row_capacity * 2;
            reading->rows = xreallocarray(reading->rows, reading->row_capacity,
                                          sizeof(*reading->rows));
        }
        reading->rows[reading->row_count++] = row;
    }
}

static int
read_rows(struct reading *reading, struct csv *csv, struct error *err)
{
    int more = 0;
    while ((more = csv_next(csv)) != 0) {
        if (more < 0) {
            fault(reading, csv->line, tr("a quote is not closed"));
        }
        else {
            read_row(reading, csv);
        }
    }
    if (reading->fault_count > FAULTS_SHOWN) {
        text_add_format(&reading->faults, tr("\nand %zu more"),
                        reading->fault_count - FAULTS_SHOWN);
    }
    return reading->fault_count == 0
               ? 0
               : error_set(err, "%s", text_string(&reading->faults));
}

/* --- replaying ----------------------------------------------------------- */

static int
by_time(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    if (left->time_ms != right->time_ms) {
        return left->time_ms < right->time_ms ? -1 : 1;
    }
    return left->order < right->order ? -1 : 1;
}

/* The rows of each card together, in the order of the file (a counting sort).
 * first[i] becomes where card i begins; first[count] is the end. */
static struct row *
group_by_card(const struct reading *reading, size_t *first)
{
    size_t count = reading->replay->count;
    for (size_t i = 0; i < reading->row_count; i++) {
        first[reading->rows[i].card + 1]++;
    }
    for (size_t i = 0; i < count; i++) {
        first[i + 1] += first[i];
    }
    struct row *grouped = xcalloc(reading->row_count, sizeof(*grouped));
    size_t *next = xcalloc(count + 1, sizeof(*next));
    memcpy(next, first, (count + 1) * sizeof(*next));
    for (size_t i = 0; i < reading->row_count; i++) {
        grouped[next[reading->rows[i].card]++] = reading->rows[i];
    }
    free(next);
    return grouped;
}

static void
sort_by_time(struct row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (rows[i].time_ms < rows[i - 1].time_ms) {
            qsort(rows, count, sizeof(*rows), by_time);
            return;
        }
    }
}

/* Whether a row of the same moment before this one has the same rating. */
static bool
is_duplicate(const struct row *rows, size_t at)
{
    for (size_t i = at; i > 0 && rows[i - 1].time_ms == rows[at].time_ms;
         i--) {
        if (rows[i - 1].rating == rows[at].rating) {
            return true;
        }
    }
    return false;
}

static void
replay_card(struct replay *replay, struct replay_card *card,
            const struct schedule *schedule, const struct row *rows,
            size_t count, bool unique)
{
    for (size_t i = 0; i < count; i++) {
        bool duplicate = is_duplicate(rows, i);
        replay->duplicates += duplicate;
        if (duplicate && unique) {
            continue;
        }
        struct schedule_card before = {.last_ms = card->last_ms};
        int64_t days = card->reviews == 0
                           ? 0
                           : schedule_elapsed_days(&before, rows[i].time_ms);
        card->memory = fsrs_step(&schedule->fsrs, card->memory, (double)days,
                                 (enum rating)rows[i].rating);
        card->last_ms = rows[i].time_ms;
        card->reviews++;
        replay->reviews++;
    }
    card->due_ms = card->last_ms + (int64_t)schedule_interval_days(
                                       schedule, card->memory.stability) *
                                       SCHEDULE_DAY_MS;
}

static void
replay_rows(struct reading *reading, const struct schedule *schedule,
            bool unique)
{
    struct replay *replay = reading->replay;
    size_t *first = xcalloc(replay->count + 1, sizeof(*first));
    struct row *rows = group_by_card(reading, first);
    for (size_t i = 0; i < replay->count; i++) {
        size_t count = first[i + 1] - first[i];
        sort_by_time(rows + first[i], count);
        replay_card(replay, &replay->cards[i], schedule, rows + first[i],
                    count, unique);
    }
    free(rows);
    free(first);
}

int
replay_csv(struct replay *replay, const struct schedule *schedule, char *bytes,
           size_t length, const char *name, bool unique, struct error *err)
{
    struct replay found = {.arena = arena_new()};
    struct reading reading = {.replay = &found, .name = name};
    struct csv csv;
    csv_init(&csv, bytes, length);
    int result = read_header(&reading, &csv, err);
    if (result == 0) {
        result = read_rows(&reading, &csv, err);
    }
    if (result == 0) {
        replay_rows(&reading, schedule, unique);
        *replay = found;
        found = (struct replay){0};
    }
    csv_release(&csv);
    text_release(&reading.faults);
    free(reading.rows);
    free(reading.slots);
    replay_release(&found);
    return result;
}
