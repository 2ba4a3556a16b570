/* Reading the log and the sums. */
#include <stdlib.h>

#include "quiz/core/error.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/store.h"
#include "quiz/io/store_sql.h"

void
history_release(struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        free(history->items[i].question_id);
        free(history->items[i].topic);
        free(history->items[i].answer);
    }
    free(history->items);
    *history = (struct history){0};
}

static struct logged_answer
answer_of_row(sqlite3_stmt *row)
{
    struct logged_answer answer = {
        .id = sqlite3_column_int64(row, 0),
        .question_id = sql_text(row, 1),
        .topic = sql_text(row, 2),
        .answer = sql_text(row, 3),
        .mode = (enum review_mode)sqlite3_column_int(row, 4),
        .time_ms = sqlite3_column_int64(row, 6),
        .duration_ms = sqlite3_column_int(row, 7),
        .score = sqlite3_column_double(row, 8),
        .rating = (enum rating)sqlite3_column_int(row, 9),
        .undone = sqlite3_column_int(row, 10) != 0};
    lang_from_name((const char *)sqlite3_column_text(row, 5), &answer.lang);
    return answer;
}

int
store_history(struct store *store, const char *topic, size_t limit,
              struct history *history, struct error *err)
{
    struct history found = {0};
    int connected = store_connect(store, err);
    if (connected < 0) {
        return -1;
    }
    sqlite3_stmt *rows =
        connected == 0
            ? NULL
            : sql_query(store, err,
                        "SELECT review.id, question.id, topic, answer, mode,"
                        " lang, review.time_ms, duration_ms, score, rating,"
                        " undo.review IS NOT NULL FROM review"
                        " JOIN question ON question.key = review.question"
                        " LEFT JOIN undo ON undo.review = review.id"
                        " WHERE ?1 IS NULL OR topic = ?1"
                        " ORDER BY review.time_ms DESC, review.id DESC"
                        " LIMIT ?2",
                        "sl", topic,
                        limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    int more = connected == 0 ? 0 : -1;
    size_t capacity = 0;
    while (rows != NULL && (more = sql_next(store, rows, err)) == 1) {
        if (found.count == capacity) {
            capacity = capacity == 0 ? 32 : capacity * 2;
            found.items =
                xreallocarray(found.items, capacity, sizeof(*found.items));
        }
        found.items[found.count++] = answer_of_row(rows);
    }
    if (more < 0) {
        history_release(&found);
        return -1;
    }
    *history = found;
    return 0;
}

void
totals_release(struct totals *totals)
{
    for (size_t i = 0; i < totals->topic_count; i++) {
        free(totals->topics[i].topic);
    }
    free(totals->topics);
    free(totals->days);
    *totals = (struct totals){0};
}

/* The five sums behind the first column of a row. */
static struct tally
tally_of_row(sqlite3_stmt *row)
{
    return (struct tally){.answers = sqlite3_column_int64(row, 1),
                          .missed = sqlite3_column_int64(row, 2),
                          .duration_ms = sqlite3_column_int64(row, 3),
                          .recall_asked = sqlite3_column_int64(row, 4),
                          .recall_known = sqlite3_column_int64(row, 5)};
}

static int
read_topics(struct store *store, struct totals *totals, struct error *err)
{
    sqlite3_stmt *rows =
        sql_query(store, err,
                  "SELECT topic, answers, missed, duration_ms, recall_asked,"
                  " recall_known FROM topic_total ORDER BY topic",
                  "");
    int more = -1;
    while (rows != NULL && (more = sql_next(store, rows, err)) == 1) {
        totals->topics = xreallocarray(totals->topics, totals->topic_count + 1,
                                       sizeof(*totals->topics));
        struct topic_tally *topic = &totals->topics[totals->topic_count++];
        *topic = (struct topic_tally){.topic = sql_text(rows, 0),
                                      .tally = tally_of_row(rows)};
        tally_add(&totals->all, &topic->tally, 1);
    }
    return more;
}

static int
read_days(struct store *store, struct totals *totals, struct error *err)
{
    sqlite3_stmt *rows =
        sql_query(store, err,
                  "SELECT day, answers, missed, duration_ms, recall_asked,"
                  " recall_known FROM day_total ORDER BY day",
                  "");
    int more = -1;
    size_t capacity = 0;
    while (rows != NULL && (more = sql_next(store, rows, err)) == 1) {
        if (totals->day_count == capacity) {
            capacity = capacity == 0 ? 64 : capacity * 2;
            totals->days =
                xreallocarray(totals->days, capacity, sizeof(*totals->days));
        }
        totals->days[totals->day_count++] = (struct day_tally){
            .day = sqlite3_column_int64(rows, 0), .tally = tally_of_row(rows)};
    }
    return more;
}

int
store_totals(struct store *store, struct totals *totals, struct error *err)
{
    struct totals found = {0};
    int connected = store_connect(store, err);
    if (connected < 0 ||
        (connected == 1 && (read_topics(store, &found, err) < 0 ||
                            read_days(store, &found, err) < 0))) {
        totals_release(&found);
        return -1;
    }
    *totals = found;
    return 0;
}
