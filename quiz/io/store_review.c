/* The log of answers, and what is derived from it.
 *
 * An answer is usually the newest of its card: then the card moves one step
 * and the counters of its topic and day grow. When it is not (a clock that
 * went back, an answer that is undone), the card's whole log, which is short,
 * is gone through again: what it counted for is taken from the counters, and
 * after the change it is counted anew. A rebuild does the second half for all
 * cards. So all three ways lead to the same rows. */
#include <stdlib.h>
#include <string.h>

#include "quiz/core/calendar.h"
#include "quiz/core/error.h"
#include "quiz/core/tally.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/clock.h"
#include "quiz/io/store.h"
#include "quiz/io/store_sql.h"

static const char *const MODES[REVIEW_MODE_COUNT] = {"scheduled", "cram",
                                                     "mock", "placement"};

const char *
review_mode_name(enum review_mode mode)
{
    return MODES[mode];
}

int
review_mode_from_name(const char *name, enum review_mode *mode)
{
    for (int i = 0; i < REVIEW_MODE_COUNT; i++) {
        if (strcmp(name, MODES[i]) == 0) {
            *mode = (enum review_mode)i;
            return 0;
        }
    }
    return -1;
}

/* --- what answers count for ---------------------------------------------- */

/* Tallies of days and of topics, to be added to the tables at once. */
struct ledger {
    struct day_tally *days; // sorted by day
    size_t day_count;
    struct ledger_topic {
        char *topic; // owned
        struct tally tally;
    } * topics;
    size_t topic_count;
};

static void
ledger_release(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->topic_count; i++) {
        free(ledger->topics[i].topic);
    }
    free(ledger->topics);
    free(ledger->days);
    *ledger = (struct ledger){0};
}

static struct tally *
ledger_day(struct ledger *ledger, int64_t day)
{
    size_t low = 0;
    size_t high = ledger->day_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ledger->days[middle].day < day) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    if (low == ledger->day_count || ledger->days[low].day != day) {
        ledger->days = xreallocarray(ledger->days, ledger->day_count + 1,
                                     sizeof(*ledger->days));
        memmove(ledger->days + low + 1, ledger->days + low,
                (ledger->day_count - low) * sizeof(*ledger->days));
        ledger->days[low] = (struct day_tally){.day = day};
        ledger->day_count++;
    }
    return &ledger->days[low].tally;
}

static struct tally *
ledger_topic(struct ledger *ledger, const char *topic)
{
    for (size_t i = 0; i < ledger->topic_count; i++) {
        if (strcmp(ledger->topics[i].topic, topic) == 0) {
            return &ledger->topics[i].tally;
        }
    }
    ledger->topics = xreallocarray(ledger->topics, ledger->topic_count + 1,
                                   sizeof(*ledger->topics));
    ledger->topics[ledger->topic_count] =
        (struct ledger_topic){.topic = xstrdup(topic)};
    return &ledger->topics[ledger->topic_count++].tally;
}

/* Adds the ledger to the tables. Rows that come to count nothing go, as if
 * they had never been there. */
static int
ledger_post(struct store *store, const struct ledger *ledger,
            struct error *err)
{
    for (size_t i = 0; i < ledger->topic_count; i++) {
        const struct tally *tally = &ledger->topics[i].tally;
        if (sql_run(store, err,
                    "INSERT INTO topic_total VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
                    " ON CONFLICT(topic) DO UPDATE SET"
                    " answers = answers + ?2, missed = missed + ?3,"
                    " duration_ms = duration_ms + ?4,"
                    " recall_asked = recall_asked + ?5,"
                    " recall_known = recall_known + ?6",
                    "slllll", ledger->topics[i].topic, tally->answers,
                    tally->missed, tally->duration_ms, tally->recall_asked,
                    tally->recall_known) != 0 ||
            (tally->answers < 0 &&
             sql_run(store, err,
                     "DELETE FROM topic_total WHERE topic = ?1"
                     " AND answers = 0",
                     "s", ledger->topics[i].topic) != 0)) {
            return -1;
        }
    }
    for (size_t i = 0; i < ledger->day_count; i++) {
        const struct tally *tally = &ledger->days[i].tally;
        if (sql_run(store, err,
                    "INSERT INTO day_total VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
                    " ON CONFLICT(day) DO UPDATE SET"
                    " answers = answers + ?2, missed = missed + ?3,"
                    " duration_ms = duration_ms + ?4,"
                    " recall_asked = recall_asked + ?5,"
                    " recall_known = recall_known + ?6",
                    "llllll", ledger->days[i].day, tally->answers,
                    tally->missed, tally->duration_ms, tally->recall_asked,
                    tally->recall_known) != 0 ||
            (tally->answers < 0 &&
             sql_run(store, err,
                     "DELETE FROM day_total WHERE day = ?1 AND answers = 0",
                     "l", ledger->days[i].day) != 0)) {
            return -1;
        }
    }
    return 0;
}

/* --- one answer moves one card ------------------------------------------- */

/* A row of the log, as far as the derived tables depend on it. */
struct logged {
    int64_t question;
    const char *topic; // borrowed
    enum review_mode mode;
    int64_t time_ms;
    int offset_min, duration_ms;
    double score;
    enum rating rating;
};

/* A card on its way through its log. */
struct walker {
    int64_t question;
    uint64_t seed;
    struct schedule_card card;
    char *topic; // owned
    int answers, misses;
    int64_t answered_ms;
    bool last_missed;
};

/* The same for a card for ever: from its id (FNV-1a). */
static uint64_t
seed_of(const char *question_id)
{
    uint64_t seed = 0xCBF29CE484222325U;
    for (const char *at = question_id; *at != '\0'; at++) {
        seed = (seed ^ (unsigned char)*at) * 0x100000001B3U;
    }
    return seed;
}

/* Whether an answer moves the schedule, and by which rules. */
static bool
moves(const struct schedule *profile, const struct schedule_card *card,
      enum review_mode mode, enum rating rating, struct schedule *rules)
{
    *rules = *profile;
    switch (mode) {
    case REVIEW_MODE_SCHEDULED:
        return true;
    case REVIEW_MODE_PLACEMENT:
        rules->learning.count = 0;
        return card->phase == SCHEDULE_NEW && rating != RATING_AGAIN;
    case REVIEW_MODE_CRAM:
    case REVIEW_MODE_MOCK:
    case REVIEW_MODE_COUNT:
        break;
    }
    return false;
}

static void
walker_step(struct walker *walker, const struct schedule *profile,
            const struct logged *row, struct ledger *ledger, int sign)
{
    bool missed = row->score < 0.5;
    struct tally tally = {
        .answers = 1, .missed = missed, .duration_ms = row->duration_ms};
    struct schedule rules;
    if (moves(profile, &walker->card, row->mode, row->rating, &rules)) {
        if (walker->card.phase != SCHEDULE_NEW &&
            schedule_elapsed_days(&walker->card, row->time_ms) >= 1) {
            tally.recall_asked = 1;
            tally.recall_known = row->rating != RATING_AGAIN;
        }
        walker->card = schedule_review(&rules, walker->card, row->time_ms,
                                       row->rating, walker->seed);
    }
    walker->answers++;
    walker->misses += missed;
    walker->answered_ms = row->time_ms;
    walker->last_missed = missed;
    if (walker->topic == NULL || strcmp(walker->topic, row->topic) != 0) {
        free(walker->topic);
        walker->topic = xstrdup(row->topic);
    }
    int64_t day =
        calendar_day(row->time_ms, row->offset_min, profile->rollover_hour);
    tally_add(ledger_day(ledger, day), &tally, sign);
    tally_add(ledger_topic(ledger, row->topic), &tally, sign);
}

/* Writes the card's row; without answers there is none. */
static int
walker_save(struct store *store, const struct walker *walker,
            struct error *err)
{
    if (walker->answers == 0) {
        return sql_run(store, err, "DELETE FROM card WHERE question = ?1", "l",
                       walker->question);
    }
    const struct schedule_card *card = &walker->card;
    return sql_run(
        store, err,
        "INSERT INTO card VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7,"
        " iif(?3 = 0, NULL, ?8), ?9, ?10, ?11, ?12, ?13, ?14)"
        " ON CONFLICT(question) DO UPDATE SET topic = ?2, phase = ?3,"
        " step = ?4, stability = ?5, difficulty = ?6, last_ms = ?7,"
        " due_ms = excluded.due_ms, reviews = ?9, lapses = ?10,"
        " answers = ?11, misses = ?12, answered_ms = ?13, last_missed = ?14",
        "lsddrrllddddld", walker->question, walker->topic, (int)card->phase,
        card->step, card->memory.stability, card->memory.difficulty,
        card->last_ms, card->due_ms, card->reviews, card->lapses,
        walker->answers, walker->misses, walker->answered_ms,
        (int)walker->last_missed);
}

/* The card as its row says; all zero if there is none. 0 or -1. */
static int
walker_load(struct store *store, struct walker *walker, struct error *err)
{
    sqlite3_stmt *row = sql_query(
        store, err,
        "SELECT topic, phase, step, stability, difficulty, last_ms,"
        " ifnull(due_ms, 0), reviews, lapses, answers, misses, answered_ms,"
        " last_missed FROM card WHERE question = ?1",
        "l", walker->question);
    int more = row == NULL ? -1 : sql_next(store, row, err);
    if (more != 1) {
        return more;
    }
    walker->topic = sql_text(row, 0);
    walker->card = (struct schedule_card){
        .phase = (enum schedule_phase)sqlite3_column_int(row, 1),
        .step = sqlite3_column_int(row, 2),
        .memory = {sqlite3_column_double(row, 3),
                   sqlite3_column_double(row, 4)},
        .last_ms = sqlite3_column_int64(row, 5),
        .due_ms = sqlite3_column_int64(row, 6),
        .reviews = sqlite3_column_int(row, 7),
        .lapses = sqlite3_column_int(row, 8)};
    walker->answers = sqlite3_column_int(row, 9);
    walker->misses = sqlite3_column_int(row, 10);
    walker->answered_ms = sqlite3_column_int64(row, 11);
    walker->last_missed = sqlite3_column_int(row, 12) != 0;
    sql_done(row);
    return 0;
}

/* --- a card's whole log -------------------------------------------------- */

#define LOGGED_COLUMNS                                                        \
    "review.question, review.topic, review.mode, review.time_ms,"             \
    " review.offset_min, review.duration_ms, review.score, review.rating"
#define LOGGED_LIVE                                                           \
    " NOT EXISTS(SELECT 1 FROM undo WHERE undo.review = review.id)"

/* The row under the cursor; its topic is borrowed until the next. */
static struct logged
logged_row(sqlite3_stmt *row)
{
    return (struct logged){.question = sqlite3_column_int64(row, 0),
                           .topic = (const char *)sqlite3_column_text(row, 1),
                           .mode =
                               (enum review_mode)sqlite3_column_int(row, 2),
                           .time_ms = sqlite3_column_int64(row, 3),
                           .offset_min = sqlite3_column_int(row, 4),
                           .duration_ms = sqlite3_column_int(row, 5),
                           .score = sqlite3_column_double(row, 6),
                           .rating = (enum rating)sqlite3_column_int(row, 7)};
}

/* Goes through the log of one question: counts it (sign 1, and saves the
 * card) or takes it from the counters (sign -1). */
static int
account(struct store *store, int64_t question, const char *question_id,
        int sign, struct error *err)
{
    const struct schedule *profile = settings_schedule(store, err);
    if (profile == NULL) {
        return -1;
    }
    struct ledger ledger = {0};
    struct walker walker = {.question = question,
                            .seed = seed_of(question_id)};
    int result = -1;
    int more = 0;
    sqlite3_stmt *rows = sql_query(store, err,
                                   "SELECT " LOGGED_COLUMNS " FROM review"
                                   " WHERE question = ?1 AND" LOGGED_LIVE
                                   " ORDER BY time_ms, id",
                                   "l", question);
    while (rows != NULL && (more = sql_next(store, rows, err)) == 1) {
        struct logged row = logged_row(rows);
        walker_step(&walker, profile, &row, &ledger, sign);
    }
    if (rows != NULL && more == 0 && ledger_post(store, &ledger, err) == 0) {
        result = sign < 0 ? 0 : walker_save(store, &walker, err);
    }
    free(walker.topic);
    ledger_release(&ledger);
    return result;
}

/* Empties the derived tables and goes through the whole log. */
static int
account_all(struct store *store, struct error *err)
{
    const struct schedule *profile = settings_schedule(store, err);
    if (profile == NULL || sql_script(store,
                                      "DELETE FROM card;"
                                      "DELETE FROM topic_total;"
                                      "DELETE FROM day_total;",
                                      err) != 0) {
        return -1;
    }
    struct ledger ledger = {0};
    struct walker walker = {0};
    int result = -1;
    int more = 0;
    sqlite3_stmt *rows = sql_query(
        store, err,
        "SELECT " LOGGED_COLUMNS ", question.id FROM review"
        " JOIN question ON question.key = review.question WHERE" LOGGED_LIVE
        " ORDER BY review.question, review.time_ms, review.id",
        "");
    while (rows != NULL && (more = sql_next(store, rows, err)) == 1) {
        struct logged row = logged_row(rows);
        if (row.question != walker.question) {
            if (walker.answers > 0 && walker_save(store, &walker, err) != 0) {
                sql_done(rows);
                goto out;
            }
            free(walker.topic);
            walker = (struct walker){
                .question = row.question,
                .seed = seed_of((const char *)sqlite3_column_text(rows, 8))};
        }
        walker_step(&walker, profile, &row, &ledger, 1);
    }
    if (rows == NULL || more < 0 ||
        (walker.answers > 0 && walker_save(store, &walker, err) != 0)) {
        goto out;
    }
    result = ledger_post(store, &ledger, err);
out:
    free(walker.topic);
    ledger_release(&ledger);
    return result;
}

int
review_rebuild(struct store *store, size_t *changed, struct error *err)
{
    int64_t count = 0;
    if (sql_script(store,
                   "CREATE TEMP TABLE due_before AS"
                   " SELECT question, due_ms FROM card;"
                   "CREATE INDEX temp.due_before_question"
                   " ON due_before(question);",
                   err) != 0 ||
        account_all(store, err) != 0 ||
        sql_number(store, err,
                   "SELECT count(*) FROM card LEFT JOIN due_before"
                   " USING(question)"
                   " WHERE card.due_ms IS NOT due_before.due_ms",
                   &count) != 0) {
        return -1;
    }
    *changed = (size_t)count;
    return sql_script(store, "DROP TABLE due_before", err);
}

int
store_rebuild(struct store *store, size_t *changed, struct error *err)
{
    size_t count = 0;
    int connected = store_connect(store, err);
    if (connected < 0 || (connected == 1 && store_begin(store, err) != 0)) {
        return -1;
    }
    if (connected == 1) {
        int result = review_rebuild(store, &count, err);
        if (result == 0) {
            result = lab_rebuild(store, err);
        }
        if (store_end(store, result, err) != 0) {
            return -1;
        }
    }
    if (changed != NULL) {
        *changed = count;
    }
    return 0;
}

/* --- adding and taking back ---------------------------------------------- */

int
question_key(struct store *store, const char *question_id, int64_t *key,
             struct error *err)
{
    sqlite3_stmt *row =
        sql_query(store, err, "SELECT key FROM question WHERE id = ?1", "s",
                  question_id);
    int more = row == NULL ? -1 : sql_next(store, row, err);
    if (more == 1) {
        *key = sqlite3_column_int64(row, 0);
        sql_done(row);
    }
    if (more == 0) {
        more = sql_run(store, err, "INSERT INTO question(id) VALUES(?1)", "s",
                       question_id);
        *key = sqlite3_last_insert_rowid(store->db);
    }
    return more < 0 ? -1 : 0;
}

static int
append(struct store *store, const struct review *review,
       const struct logged *row, struct error *err)
{
    return sql_run(
        store, err,
        "INSERT INTO review(uid, question, topic, mode, lang, time_ms,"
        " offset_min, duration_ms, score, rating, answer, session_ms)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
        " nullif(?12, 0))",
        "llsdslddrdsl", sql_new_uid(), row->question, row->topic,
        (int)row->mode, lang_name(review->lang), row->time_ms, row->offset_min,
        row->duration_ms, row->score, (int)row->rating, review->answer,
        review->session_ms);
}

/* The usual case: the newest answer of its card. */
static int
step_card(struct store *store, struct walker *walker, const struct logged *row,
          struct error *err)
{
    const struct schedule *profile = settings_schedule(store, err);
    if (profile == NULL) {
        return -1;
    }
    struct ledger ledger = {0};
    walker_step(walker, profile, row, &ledger, 1);
    int result = ledger_post(store, &ledger, err);
    ledger_release(&ledger);
    return result == 0 ? walker_save(store, walker, err) : -1;
}

static int
log_answer(struct store *store, const struct review *review,
           int64_t *review_id, struct error *err)
{
    struct logged row = {.topic = review->topic,
                         .mode = review->mode,
                         .time_ms = review->time_ms,
                         .offset_min = clock_offset_min(review->time_ms),
                         .duration_ms = review->duration_ms,
                         .score = review->score,
                         .rating = review->rating};
    struct walker walker = {.seed = seed_of(review->question_id)};
    if (question_key(store, review->question_id, &row.question, err) != 0) {
        return -1;
    }
    walker.question = row.question;
    if (walker_load(store, &walker, err) != 0) {
        return -1;
    }
    int result = 0;
    bool newest = walker.answers == 0 || row.time_ms >= walker.answered_ms;
    if (!newest) {
        result = account(store, row.question, review->question_id, -1, err);
    }
    if (result == 0) {
        result = append(store, review, &row, err);
        *review_id = sqlite3_last_insert_rowid(store->db);
    }
    if (result == 0) {
        result =
            newest ? step_card(store, &walker, &row, err)
                   : account(store, row.question, review->question_id, 1, err);
    }
    free(walker.topic);
    return result;
}

int
store_add_review(struct store *store, const struct review *review,
                 int64_t *review_id, struct error *err)
{
    if (store_begin(store, err) != 0) {
        return -1;
    }
    int64_t id = 0;
    int result = store_end(store, log_answer(store, review, &id, err), err);
    if (result == 0 && review_id != NULL) {
        *review_id = id;
    }
    return result;
}

/* Takes back the answer that the row of a query (id, question, question id)
 * names; the query is done then. 1, or -1. */
static int
take_back(struct store *store, sqlite3_stmt *row, char **question_id,
          struct error *err)
{
    int64_t review = sqlite3_column_int64(row, 0);
    int64_t question = sqlite3_column_int64(row, 1);
    *question_id = sql_text(row, 2);
    sql_done(row);
    if (account(store, question, *question_id, -1, err) != 0 ||
        sql_run(store, err,
                "INSERT INTO undo(review, time_ms) VALUES(?1,"
                " CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))",
                "l", review) != 0 ||
        account(store, question, *question_id, 1, err) != 0) {
        return -1;
    }
    return 1;
}

/* 1 when there was one to take back, 0 when not, or -1. */
static int
undo_newest(struct store *store, char **question_id, struct error *err)
{
    sqlite3_stmt *row = sql_query(
        store, err,
        "SELECT review.id, review.question, question.id FROM review"
        " JOIN question ON question.key = review.question WHERE" LOGGED_LIVE
        " ORDER BY review.time_ms DESC, review.id DESC LIMIT 1",
        "");
    int more = row == NULL ? -1 : sql_next(store, row, err);
    return more == 1 ? take_back(store, row, question_id, err) : more;
}

static int
undo_one(struct store *store, int64_t review_id, char **question_id,
         struct error *err)
{
    sqlite3_stmt *row =
        sql_query(store, err,
                  "SELECT review.id, review.question, question.id FROM review"
                  " JOIN question ON question.key = review.question"
                  " WHERE review.id = ?1 AND" LOGGED_LIVE,
                  "l", review_id);
    int more = row == NULL ? -1 : sql_next(store, row, err);
    return more == 1 ? take_back(store, row, question_id, err) : more;
}

int
store_undo(struct store *store, char **question_id, struct error *err)
{
    int connected = store_connect(store, err);
    if (connected <= 0) {
        return connected;
    }
    if (store_begin(store, err) != 0) {
        return -1;
    }
    char *taken = NULL;
    int result = store_end(store, undo_newest(store, &taken, err), err);
    if (result == 1) {
        *question_id = taken;
        taken = NULL;
    }
    free(taken);
    return result;
}

int
store_replace_review(struct store *store, int64_t review_id,
                     const struct review *review, int64_t *new_id,
                     struct error *err)
{
    if (store_begin(store, err) != 0) {
        return -1;
    }
    int64_t id = 0;
    char *taken = NULL;
    int result = undo_one(store, review_id, &taken, err);
    free(taken);
    if (result >= 0 && review != NULL) {
        result = log_answer(store, review, &id, err);
    }
    result = store_end(store, result, err);
    if (result >= 0 && review != NULL && new_id != NULL) {
        *new_id = id;
    }
    return result < 0 ? -1 : 0;
}

/* --- reading ------------------------------------------------------------- */

void
cards_release(struct cards *cards)
{
    for (size_t i = 0; i < cards->count; i++) {
        free(cards->items[i].question_id);
    }
    free(cards->items);
    *cards = (struct cards){0};
}

#define CARD_COLUMNS                                                          \
    "question.id, card.topic, phase, step, stability, difficulty, last_ms,"   \
    " ifnull(due_ms, 0), reviews, lapses, answers, misses, answered_ms,"      \
    " last_missed"

static struct card
card_row(sqlite3_stmt *row)
{
    const char *id = (const char *)sqlite3_column_text(row, 0);
    const char *topic = (const char *)sqlite3_column_text(row, 1);
    size_t id_bytes = strlen(id) + 1;
    size_t topic_bytes = strlen(topic) + 1;
    char *strings = xmalloc(id_bytes + topic_bytes);
    memcpy(strings, id, id_bytes);
    memcpy(strings + id_bytes, topic, topic_bytes);
    return (struct card){.question_id = strings,
                         .topic = strings + id_bytes,
                         .phase =
                             (enum schedule_phase)sqlite3_column_int(row, 2),
                         .step = sqlite3_column_int(row, 3),
                         .memory = {sqlite3_column_double(row, 4),
                                    sqlite3_column_double(row, 5)},
                         .last_ms = sqlite3_column_int64(row, 6),
                         .due_ms = sqlite3_column_int64(row, 7),
                         .reviews = sqlite3_column_int(row, 8),
                         .lapses = sqlite3_column_int(row, 9),
                         .answers = sqlite3_column_int(row, 10),
                         .misses = sqlite3_column_int(row, 11),
                         .answered_ms = sqlite3_column_int64(row, 12),
                         .last_missed = sqlite3_column_int(row, 13) != 0};
}

/* Reads all rows of a query (which may be NULL: it failed). */
static int
collect_cards(struct store *store, sqlite3_stmt *rows, struct cards *cards,
              struct error *err)
{
    struct cards found = {0};
    size_t capacity = 0;
    int more = -1;
    while (rows != NULL && (more = sql_next(store, rows, err)) == 1) {
        if (found.count == capacity) {
            capacity = capacity == 0 ? 32 : capacity * 2;
            found.items =
                xreallocarray(found.items, capacity, sizeof(*found.items));
        }
        found.items[found.count++] = card_row(rows);
    }
    if (more < 0) {
        cards_release(&found);
        return -1;
    }
    *cards = found;
    return 0;
}

/* What a store without a file has (connected is 0), or nothing at all. */
static int
no_cards(struct cards *cards, int connected)
{
    if (connected == 0) {
        *cards = (struct cards){0};
    }
    return connected;
}

int
store_due(struct store *store, int64_t now_ms, size_t limit,
          struct cards *cards, struct error *err)
{
    int connected = store_connect(store, err);
    if (connected <= 0) {
        return no_cards(cards, connected);
    }
    sqlite3_stmt *rows = sql_query(
        store, err,
        "SELECT " CARD_COLUMNS " FROM card"
        " JOIN question ON question.key = card.question"
        " WHERE due_ms <= ?1 ORDER BY due_ms LIMIT ?2",
        "ll", now_ms, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    return collect_cards(store, rows, cards, err);
}

int
store_count_due(struct store *store, int64_t now_ms, size_t limit,
                size_t *count, struct error *err)
{
    int connected = store_connect(store, err);
    if (connected <= 0) {
        *count = connected == 0 ? 0 : *count;
        return connected;
    }
    sqlite3_stmt *row = sql_query(
        store, err,
        "SELECT count(*) FROM (SELECT 1 FROM card WHERE due_ms <= ?1"
        " LIMIT ?2)",
        "ll", now_ms, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    if (row == NULL || sql_next(store, row, err) < 0) {
        return -1;
    }
    *count = (size_t)sqlite3_column_int64(row, 0);
    sql_done(row);
    return 0;
}

int
store_find_card(struct store *store, const char *question_id,
                struct card *card, struct error *err)
{
    int connected = store_connect(store, err);
    if (connected <= 0) {
        return connected;
    }
    sqlite3_stmt *row = sql_query(store, err,
                                  "SELECT " CARD_COLUMNS " FROM question"
                                  " JOIN card ON card.question = question.key"
                                  " WHERE question.id = ?1",
                                  "s", question_id);
    int more = row == NULL ? -1 : sql_next(store, row, err);
    if (more == 1) {
        *card = card_row(row);
        sql_done(row);
    }
    return more;
}

int
store_cards(struct store *store, struct cards *cards, struct error *err)
{
    int connected = store_connect(store, err);
    if (connected <= 0) {
        return no_cards(cards, connected);
    }
    sqlite3_stmt *rows =
        sql_query(store, err,
                  "SELECT " CARD_COLUMNS " FROM card"
                  " JOIN question ON question.key = card.question"
                  " ORDER BY question.id",
                  "");
    return collect_cards(store, rows, cards, err);
}

int
store_preview(struct store *store, const char *question_id, int64_t now_ms,
              int64_t wait_ms[4], struct error *err)
{
    struct schedule schedule;
    if (store_schedule(store, &schedule, err) != 0) {
        return -1;
    }
    struct walker walker = {0};
    if (store->db != NULL) {
        sqlite3_stmt *row =
            sql_query(store, err, "SELECT key FROM question WHERE id = ?1",
                      "s", question_id);
        int more = row == NULL ? -1 : sql_next(store, row, err);
        if (more == 1) {
            walker.question = sqlite3_column_int64(row, 0);
            sql_done(row);
            more = walker_load(store, &walker, err);
        }
        if (more < 0) {
            return -1;
        }
    }
    schedule_preview(&schedule, &walker.card, now_ms, seed_of(question_id),
                     wait_ms);
    free(walker.topic);
    return 0;
}
