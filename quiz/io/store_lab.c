/* Labs and interviews: logs that are only added to, and a sum per lab. */
#include <stdlib.h>
#include <string.h>

#include "quiz/core/error.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/store.h"
#include "quiz/io/store_sql.h"

/* Seeds are unsigned; SQLite's numbers are not. The bits are kept. */
static int64_t
signed_bits(uint64_t seed)
{
    int64_t bits = 0;
    memcpy(&bits, &seed, sizeof(bits));
    return bits;
}

static int
log_attempt(struct store *store, const struct attempt *attempt,
            struct error *err)
{
    if (sql_run(store, err,
                "INSERT INTO attempt(uid, lab, time_ms, verdict, score,"
                " max_score, hints_cost, seed, file_hash, first_divergence)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                "lslsdddlss", sql_new_uid(), attempt->lab_id, attempt->time_ms,
                attempt->verdict, attempt->score, attempt->max_score,
                attempt->hints_cost, signed_bits(attempt->seed),
                attempt->file_sha256, attempt->first_divergence) != 0) {
        return -1;
    }
    // A fault of the grader is logged, but it says nothing of the learner.
    if (strcmp(attempt->verdict, "internal_error") == 0) {
        return 0;
    }
    return sql_run(store, err,
                   "INSERT INTO lab VALUES(?1, 1, ?2, ?3, 0, ?4, ?5)"
                   " ON CONFLICT(id) DO UPDATE SET attempts = attempts + 1,"
                   " best_score = max(best_score, ?2),"
                   " max_score = iif(?5 >= last_ms, ?3, max_score),"
                   " passed = max(passed, ?4), last_ms = max(last_ms, ?5)",
                   "sdddl", attempt->lab_id, attempt->score,
                   attempt->max_score, strcmp(attempt->verdict, "pass") == 0,
                   attempt->time_ms);
}

int
store_add_attempt(struct store *store, const struct attempt *attempt,
                  struct error *err)
{
    if (store_begin(store, err) != 0) {
        return -1;
    }
    return store_end(store, log_attempt(store, attempt, err), err);
}

/* The same from the logs. */
int
lab_rebuild(struct store *store, struct error *err)
{
    return sql_script(
        store,
        "DELETE FROM lab;"
        "INSERT INTO lab SELECT lab, count(*), max(score),"
        " (SELECT max_score FROM attempt AS newest WHERE newest.lab ="
        "  attempt.lab AND verdict <> 'internal_error'"
        "  ORDER BY time_ms DESC, id DESC LIMIT 1),"
        " 0, max(verdict = 'pass'), max(time_ms)"
        " FROM attempt WHERE verdict <> 'internal_error' GROUP BY lab;"
        "INSERT INTO lab SELECT lab, 0, 0, 0, max(number) + 1, 0, 0"
        " FROM hint WHERE true GROUP BY lab"
        " ON CONFLICT(id) DO UPDATE SET hints_seen = excluded.hints_seen;",
        err);
}

static struct lab_state
lab_of_row(sqlite3_stmt *row)
{
    return (struct lab_state){.attempts = sqlite3_column_int(row, 0),
                              .best_score = sqlite3_column_int(row, 1),
                              .max_score = sqlite3_column_int(row, 2),
                              .hints_seen = sqlite3_column_int(row, 3),
                              .passed = sqlite3_column_int(row, 4) != 0,
                              .last_ms = sqlite3_column_int64(row, 5)};
}

int
store_lab_state(struct store *store, const char *lab_id,
                struct lab_state *state, struct error *err)
{
    struct lab_state found = {0};
    int connected = store_connect(store, err);
    if (connected < 0) {
        return -1;
    }
    if (connected == 1) {
        sqlite3_stmt *row = sql_query(
            store, err,
            "SELECT attempts, best_score, max_score, hints_seen, passed,"
            " last_ms FROM lab WHERE id = ?1",
            "s", lab_id);
        int more = row == NULL ? -1 : sql_next(store, row, err);
        if (more < 0) {
            return -1;
        }
        if (more == 1) {
            found = lab_of_row(row);
            sql_done(row);
        }
    }
    *state = found;
    return 0;
}

/* A hint that is shown again is no new hint. */
static int
log_hint(struct store *store, const char *lab_id, int number, int64_t time_ms,
         struct error *err)
{
    if (sql_run(store, err,
                "INSERT INTO hint(lab, number, time_ms) VALUES(?1, ?2, ?3)"
                " ON CONFLICT DO NOTHING",
                "sdl", lab_id, number, time_ms) != 0) {
        return -1;
    }
    return sql_run(store, err,
                   "INSERT INTO lab VALUES(?1, 0, 0, 0, ?2 + 1, 0, 0)"
                   " ON CONFLICT(id) DO UPDATE SET"
                   " hints_seen = max(hints_seen, ?2 + 1)",
                   "sd", lab_id, number);
}

int
store_add_hint(struct store *store, const char *lab_id, int number,
               int64_t time_ms, struct error *err)
{
    if (store_begin(store, err) != 0) {
        return -1;
    }
    return store_end(store, log_hint(store, lab_id, number, time_ms, err),
                     err);
}

int
store_add_interview(struct store *store, const struct interview_record *record,
                    struct error *err)
{
    if (store_begin(store, err) != 0) {
        return -1;
    }
    int result = sql_run(
        store, err,
        "INSERT INTO interview(uid, start_ms, end_ms, seed, plan, level,"
        " score, report) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        "llllssrs", sql_new_uid(), record->start_ms, record->end_ms,
        signed_bits(record->seed), record->plan, record->level, record->score,
        record->report);
    return store_end(store, result, err);
}

void
labs_release(struct labs *labs)
{
    for (size_t i = 0; i < labs->count; i++) {
        free(labs->items[i].lab_id);
    }
    free(labs->items);
    *labs = (struct labs){0};
}

int
store_labs(struct store *store, struct labs *labs, struct error *err)
{
    struct labs found = {0};
    int connected = store_connect(store, err);
    if (connected < 0) {
        return -1;
    }
    sqlite3_stmt *rows =
        connected == 0
            ? NULL
            : sql_query(store, err,
                        "SELECT attempts, best_score, max_score, hints_seen,"
                        " passed, last_ms, id FROM lab ORDER BY id",
                        "");
    int more = connected == 0 ? 0 : -1;
    while (rows != NULL && (more = sql_next(store, rows, err)) == 1) {
        found.items =
            xreallocarray(found.items, found.count + 1, sizeof(*found.items));
        found.items[found.count++] = (struct lab_row){
            .lab_id = sql_text(rows, 6), .state = lab_of_row(rows)};
    }
    if (more < 0) {
        labs_release(&found);
        return -1;
    }
    *labs = found;
    return 0;
}

void
interviews_release(struct interviews *interviews)
{
    for (size_t i = 0; i < interviews->count; i++) {
        free(interviews->items[i].plan);
        free(interviews->items[i].level);
        free(interviews->items[i].report);
    }
    free(interviews->items);
    *interviews = (struct interviews){0};
}

int
store_interviews(struct store *store, size_t limit,
                 struct interviews *interviews, struct error *err)
{
    struct interviews found = {0};
    int connected = store_connect(store, err);
    if (connected < 0) {
        return -1;
    }
    sqlite3_stmt *rows =
        connected == 0
            ? NULL
            : sql_query(store, err,
                        "SELECT start_ms, end_ms, score, plan, level, report"
                        " FROM interview ORDER BY start_ms DESC, id DESC"
                        " LIMIT ?1",
                        "l", limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    int more = connected == 0 ? 0 : -1;
    while (rows != NULL && (more = sql_next(store, rows, err)) == 1) {
        found.items =
            xreallocarray(found.items, found.count + 1, sizeof(*found.items));
        found.items[found.count++] =
            (struct interview_row){.start_ms = sqlite3_column_int64(rows, 0),
                                   .end_ms = sqlite3_column_int64(rows, 1),
                                   .score = sqlite3_column_double(rows, 2),
                                   .plan = sql_text(rows, 3),
                                   .level = sql_text(rows, 4),
                                   .report = sql_text(rows, 5)};
    }
    if (more < 0) {
        interviews_release(&found);
        return -1;
    }
    *interviews = found;
    return 0;
}
