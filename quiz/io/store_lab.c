/* Labs and interviews: logs that are only added to, and a sum per lab. */
#include <string.h>

#include "quiz/core/error.h"
#include "quiz/io/store.h"
#include "quiz/io/store_sql.h"

static int64_t
new_uid(void)
{
    int64_t uid = 0;
    sqlite3_randomness((int)sizeof(uid), &uid);
    return uid;
}

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
                "lslsdddlss", new_uid(), attempt->lab_id, attempt->time_ms,
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
                   " best_score = max(best_score, ?2), max_score = ?3,"
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
            found =
                (struct lab_state){.attempts = sqlite3_column_int(row, 0),
                                   .best_score = sqlite3_column_int(row, 1),
                                   .max_score = sqlite3_column_int(row, 2),
                                   .hints_seen = sqlite3_column_int(row, 3),
                                   .passed = sqlite3_column_int(row, 4) != 0,
                                   .last_ms = sqlite3_column_int64(row, 5)};
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
        "llllssrs", new_uid(), record->start_ms, record->end_ms,
        signed_bits(record->seed), record->plan, record->level, record->score,
        record->report);
    return store_end(store, result, err);
}
