/* The schema, as the steps that lead to it.
 *
 * review and undo are the log: rows are added and never changed (triggers see
 * to it). question holds the ids that the log refers to by number. card,
 * topic_total and day_total are derived from the log and can be computed anew
 * at any time. attempt, hint and interview are logs of their own; lab sums up
 * the first two.
 *
 * A step that was once released is never changed; a change is a new step at
 * the end. */
#include "quiz/core/error.h"
#include "quiz/io/store_sql.h"

static const char *const STEPS[] = {
    // 1: answers, labs, interviews. The application id spells "Ouro".
    "PRAGMA application_id = 0x4F75726F;"
    "CREATE TABLE question("
    " key INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE"
    ") STRICT;"
    "CREATE TABLE review("
    " id INTEGER PRIMARY KEY,"
    " uid INTEGER NOT NULL," // random: tells merged logs apart
    " question INTEGER NOT NULL REFERENCES question(key),"
    " topic TEXT NOT NULL,"
    " mode INTEGER NOT NULL CHECK(mode BETWEEN 0 AND 3),"
    " lang TEXT NOT NULL,"
    " time_ms INTEGER NOT NULL,"
    " offset_min INTEGER NOT NULL," // local time is ahead of UTC by this
    " duration_ms INTEGER NOT NULL CHECK(duration_ms >= 0),"
    " score REAL NOT NULL CHECK(score BETWEEN 0 AND 1),"
    " rating INTEGER NOT NULL CHECK(rating BETWEEN 1 AND 4),"
    " answer TEXT"
    ") STRICT;"
    "CREATE INDEX review_question ON review(question, time_ms);"
    "CREATE INDEX review_time ON review(time_ms);"
    "CREATE TABLE undo("
    " review INTEGER PRIMARY KEY REFERENCES review(id),"
    " time_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TRIGGER review_stays BEFORE UPDATE ON review BEGIN"
    " SELECT RAISE(ABORT, 'the log is only added to'); END;"
    "CREATE TRIGGER review_remains BEFORE DELETE ON review BEGIN"
    " SELECT RAISE(ABORT, 'the log is only added to'); END;"
    "CREATE TRIGGER undo_stays BEFORE UPDATE ON undo BEGIN"
    " SELECT RAISE(ABORT, 'the log is only added to'); END;"
    "CREATE TRIGGER undo_remains BEFORE DELETE ON undo BEGIN"
    " SELECT RAISE(ABORT, 'the log is only added to'); END;"
    "CREATE TABLE card("
    " question INTEGER PRIMARY KEY REFERENCES question(key),"
    " topic TEXT NOT NULL,"
    " phase INTEGER NOT NULL,"
    " step INTEGER NOT NULL,"
    " stability REAL NOT NULL,"
    " difficulty REAL NOT NULL,"
    " last_ms INTEGER NOT NULL," // of what moved the schedule
    " due_ms INTEGER,"           // null: not scheduled
    " reviews INTEGER NOT NULL,"
    " lapses INTEGER NOT NULL,"
    " answers INTEGER NOT NULL," // of every mode
    " misses INTEGER NOT NULL,"
    " answered_ms INTEGER NOT NULL,"
    " last_missed INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX card_due ON card(due_ms, topic) WHERE due_ms IS NOT NULL;"
    "CREATE TABLE topic_total("
    " topic TEXT PRIMARY KEY,"
    " answers INTEGER NOT NULL,"
    " missed INTEGER NOT NULL,"
    " duration_ms INTEGER NOT NULL,"
    " recall_asked INTEGER NOT NULL," // scheduled, at least a day later
    " recall_known INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE day_total("
    " day INTEGER PRIMARY KEY,"
    " answers INTEGER NOT NULL,"
    " missed INTEGER NOT NULL,"
    " duration_ms INTEGER NOT NULL,"
    " recall_asked INTEGER NOT NULL,"
    " recall_known INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE attempt("
    " id INTEGER PRIMARY KEY,"
    " uid INTEGER NOT NULL,"
    " lab TEXT NOT NULL,"
    " time_ms INTEGER NOT NULL,"
    " verdict TEXT NOT NULL,"
    " score INTEGER NOT NULL,"
    " max_score INTEGER NOT NULL,"
    " hints_cost INTEGER NOT NULL,"
    " seed INTEGER NOT NULL,"
    " file_hash TEXT,"
    " first_divergence TEXT"
    ") STRICT;"
    "CREATE INDEX attempt_time ON attempt(time_ms);"
    "CREATE TABLE hint("
    " lab TEXT NOT NULL,"
    " number INTEGER NOT NULL CHECK(number >= 0),"
    " time_ms INTEGER NOT NULL,"
    " PRIMARY KEY(lab, number)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE lab("
    " id TEXT PRIMARY KEY,"
    " attempts INTEGER NOT NULL,"
    " best_score INTEGER NOT NULL,"
    " max_score INTEGER NOT NULL,"
    " hints_seen INTEGER NOT NULL,"
    " passed INTEGER NOT NULL,"
    " last_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE interview("
    " id INTEGER PRIMARY KEY,"
    " uid INTEGER NOT NULL,"
    " start_ms INTEGER NOT NULL,"
    " end_ms INTEGER NOT NULL,"
    " seed INTEGER NOT NULL,"
    " plan TEXT,"
    " level TEXT,"
    " score REAL NOT NULL CHECK(score BETWEEN 0 AND 1),"
    " report TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX interview_time ON interview(start_ms);",

    // 2: which session an answer belongs to, and how the profile schedules.
    "ALTER TABLE review ADD COLUMN session_ms INTEGER;"
    "CREATE TABLE setting("
    " name TEXT PRIMARY KEY,"
    " value TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;",
};

int
schema_newest(void)
{
    return (int)(sizeof(STEPS) / sizeof(STEPS[0]));
}

int
schema_migrate(struct store *store, int from, struct error *err)
{
    for (int step = from; step < schema_newest(); step++) {
        if (sql_script(store, STEPS[step], err) != 0) {
            return -1;
        }
    }
    char mark[64];
    sqlite3_snprintf(sizeof(mark), mark, "PRAGMA user_version = %d",
                     schema_newest());
    return sql_script(store, mark, err);
}
