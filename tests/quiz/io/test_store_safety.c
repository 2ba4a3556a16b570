/* What must not go wrong with a person's progress: migrations, several
 * programs at once, sudden death, full disks, files that are not ours. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/testing.h"
#include "quiz/core/error.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/paths.h"
#include "quiz/io/store.h"
#include "tests/support/tempdir.h"

static const int64_t NOW_MS = 1800000000000;

static struct review
answer(const char *question_id, int64_t time_ms, enum rating rating)
{
    return (struct review){.question_id = question_id,
                           .topic = "gc",
                           .mode = REVIEW_MODE_SCHEDULED,
                           .lang = LANG_RU,
                           .time_ms = time_ms,
                           .duration_ms = 4000,
                           .score = rating == RATING_AGAIN ? 0 : 1,
                           .rating = rating,
                           .answer = "потому что",
                           .session_ms = NOW_MS};
}

static struct store *
opened(const char *folder)
{
    struct store *store = NULL;
    struct error err;
    if (store_open(&store, folder, &err) != 0) {
        fail_msg("cannot open: %s", err.message);
    }
    return store;
}

static int
add(struct store *store, const char *question_id, int64_t time_ms,
    enum rating rating, struct error *err)
{
    struct review review = answer(question_id, time_ms, rating);
    return store_add_review(store, &review, NULL, err);
}

static char *
database(const char *folder)
{
    return paths_join(folder, "progress.db");
}

/* Runs SQL on a store's file behind its back, or makes the file. */
static void
run_sql(const char *folder, const char *sql)
{
    char *path = database(folder);
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_number(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
    sqlite3_close(db);
    free(path);
}

static int64_t
sql_value(const char *folder, const char *sql)
{
    char *path = database(folder);
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;
    assert_number(sqlite3_open(path, &db), SQLITE_OK);
    assert_number(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    assert_number(sqlite3_step(row), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    free(path);
    return value;
}

/* Everything that is derived from the log, as text; new. */
static char *
derived_of(const char *folder)
{
    static const char *const QUERIES[] = {
        "SELECT group_concat(quote(question) || quote(topic) || quote(phase)"
        " || ' ' || quote(step) || ' ' || printf('%!.17g %!.17g', stability,"
        " difficulty) || ' ' || quote(last_ms) || quote(due_ms) || ' ' ||"
        " quote(reviews) || ' ' || quote(lapses) || ' ' || quote(answers) ||"
        " ' ' || quote(misses) || ' ' || quote(answered_ms) ||"
        " quote(last_missed), char(10))"
        " FROM (SELECT * FROM card ORDER BY question)",
        "SELECT group_concat(topic || ' ' || answers || ' ' || missed || ' '"
        " || duration_ms || ' ' || recall_asked || ' ' || recall_known,"
        " char(10)) FROM (SELECT * FROM topic_total ORDER BY topic)",
        "SELECT group_concat(day || ' ' || answers || ' ' || missed || ' ' ||"
        " duration_ms || ' ' || recall_asked || ' ' || recall_known,"
        " char(10)) FROM (SELECT * FROM day_total ORDER BY day)",
        "SELECT group_concat(id || ' ' || attempts || ' ' || best_score ||"
        " ' ' || max_score || ' ' || hints_seen || ' ' || passed || ' ' ||"
        " last_ms, char(10)) FROM (SELECT * FROM lab ORDER BY id)"};
    char *path = database(folder);
    sqlite3 *db = NULL;
    assert_number(sqlite3_open(path, &db), SQLITE_OK);
    char *all = xstrdup("");
    for (size_t i = 0; i < sizeof(QUERIES) / sizeof(*QUERIES); i++) {
        sqlite3_stmt *row = NULL;
        assert_number(sqlite3_prepare_v2(db, QUERIES[i], -1, &row, NULL),
                      SQLITE_OK);
        assert_number(sqlite3_step(row), SQLITE_ROW);
        const char *text = (const char *)sqlite3_column_text(row, 0);
        char *longer = xasprintf("%s\n%s", all, text != NULL ? text : "");
        free(all);
        all = longer;
        sqlite3_finalize(row);
    }
    sqlite3_close(db);
    free(path);
    return all;
}

/* --- derived state ------------------------------------------------------- */

/* A small random generator of the test's own, the same at every run. */
static unsigned
dice(unsigned *state, unsigned sides)
{
    *state = *state * 1664525U + 1013904223U;
    return (*state >> 8) % sides;
}

static void
random_lab_event(struct store *store, unsigned *state, int64_t now_ms)
{
    static const char *const LABS[] = {"01_a", "02_b"};
    static const char *const VERDICTS[] = {"pass", "fail", "internal_error"};
    struct error err;
    const char *lab = LABS[dice(state, 2)];
    if (dice(state, 2) == 0) {
        assert_number(
            store_add_hint(store, lab, (int)dice(state, 4), now_ms, &err), 0);
        return;
    }
    struct attempt attempt = {.lab_id = lab,
                              .time_ms = now_ms - dice(state, 100000),
                              .verdict = VERDICTS[dice(state, 3)],
                              .score = (int)dice(state, 10),
                              .max_score = 10 + (int)dice(state, 2),
                              .seed = dice(state, 99)};
    assert_number(store_add_attempt(store, &attempt, &err), 0);
}

static void
random_event(struct store *store, unsigned *state, int64_t *now_ms)
{
    static const char *const IDS[] = {"a", "b", "c", "d", "e", "f"};
    static const char *const TOPICS[] = {"gc", "gil"};
    static const int64_t PAUSES_MS[] = {
        0, 1000, 600000, 40000000, 90000000, 900000000, -5000, -100000000};
    struct error err;
    *now_ms += PAUSES_MS[dice(state, 8)];
    if (dice(state, 7) == 0) {
        char *id = NULL;
        assert_true(store_undo(store, &id, &err) >= 0);
        free(id);
        return;
    }
    if (dice(state, 9) == 0) {
        random_lab_event(store, state, *now_ms);
        return;
    }
    struct review review =
        answer(IDS[dice(state, 6)], *now_ms, (enum rating)dice(state, 4) + 1);
    review.topic = TOPICS[dice(state, 2)];
    review.mode = (enum review_mode)dice(state, REVIEW_MODE_COUNT);
    review.duration_ms = (int)dice(state, 60000);
    int64_t id = 0;
    assert_number(store_add_review(store, &review, &id, &err), 0);
    if (dice(state, 8) == 0) {
        review.rating = RATING_EASY;
        assert_number(store_replace_review(store, id, &review, NULL, &err), 0);
    }
}

static void
a_rebuild_changes_nothing_whatever_was_logged(void **state)
{
    for (unsigned round = 0; round < 12; round++) {
        char *folder = xasprintf("%s/%u", (char *)*state, round);
        unsigned random = round + 1;
        int64_t now_ms = NOW_MS;
        struct store *store = opened(folder);
        struct error err;
        if (round % 2 == 1) { // other rules, too
            struct schedule schedule = schedule_default();
            schedule.fuzz = true;
            schedule.rollover_hour = 23;
            schedule.retention = 0.8;
            assert_number(store_set_schedule(store, &schedule, NULL, &err), 0);
        }
        for (int i = 0; i < 120; i++) {
            random_event(store, &random, &now_ms);
        }
        char *before = derived_of(folder);
        size_t changed = 99;
        assert_number(store_rebuild(store, &changed, &err), 0);
        char *after = derived_of(folder);
        assert_text(after, before);
        assert_number(changed, 0);
        assert_number(store_check(store, &err), 0);
        store_close(store);
        free(before);
        free(after);
        free(folder);
    }
}

static void
a_lost_derived_state_comes_back_from_the_log(void **state)
{
    struct store *store = opened(*state);
    unsigned random = 77;
    int64_t now_ms = NOW_MS;
    struct error err;
    for (int i = 0; i < 100; i++) {
        random_event(store, &random, &now_ms);
    }
    char *before = derived_of(*state);
    run_sql(*state, "DELETE FROM card; DELETE FROM topic_total;"
                    "UPDATE day_total SET answers = 0; DELETE FROM lab");
    size_t changed = 0;
    assert_number(store_rebuild(store, &changed, &err), 0);
    assert_true(changed > 0);
    char *after = derived_of(*state);
    assert_text(after, before);
    free(before);
    free(after);
    store_close(store);
}

static void
the_log_cannot_be_changed_even_by_hand(void **state)
{
    struct store *store = opened(*state);
    struct error err;
    assert_number(add(store, "q", NOW_MS, RATING_GOOD, &err), 0);
    store_close(store);
    char *path = database(*state);
    sqlite3 *db = NULL;
    assert_number(sqlite3_open(path, &db), SQLITE_OK);
    assert_true(sqlite3_exec(db, "UPDATE review SET rating = 4", NULL, NULL,
                             NULL) != SQLITE_OK);
    assert_true(sqlite3_exec(db, "DELETE FROM review", NULL, NULL, NULL) !=
                SQLITE_OK);
    sqlite3_close(db);
    free(path);
    assert_number(sql_value(*state, "SELECT count(*) FROM review"
                                    " WHERE rating = 3"),
                  1);
}

/* --- moving -------------------------------------------------------------- */

static char *
exported(struct store *store)
{
    char *text = NULL;
    size_t length = 0;
    struct error err;
    FILE *out = open_memstream(&text, &length);
    assert_number(store_export(store, out, &err), 0);
    fclose(out);
    return text;
}

static int
import_text(struct store *store, const char *text,
            struct import_counts *counts, struct error *err)
{
    FILE *in = tmpfile();
    assert_non_null(in);
    fputs(text, in);
    rewind(in);
    int result = store_import(store, in, "in.jsonl", counts, err);
    fclose(in);
    return result;
}

static void
an_export_brings_everything_into_an_empty_store(void **state)
{
    char *from = paths_join(*state, "from");
    char *to = paths_join(*state, "to");
    struct store *store = opened(from);
    struct store *other = opened(to);
    struct error err;
    struct import_counts counts = {0, 0};
    unsigned random = 5;
    int64_t now_ms = NOW_MS;
    struct schedule schedule = schedule_default();
    schedule.retention = 0.85;
    assert_number(store_set_schedule(store, &schedule, NULL, &err), 0);
    for (int i = 0; i < 80; i++) {
        random_event(store, &random, &now_ms);
    }
    struct interview_record interview = {.start_ms = 1,
                                         .end_ms = 2,
                                         .seed = UINT64_MAX - 1,
                                         .level = "junior",
                                         .score = 1.0 / 3,
                                         .report = "{\"a\": [\"ё\\n\"]}"};
    assert_number(store_add_interview(store, &interview, &err), 0);
    char *text = exported(store);
    assert_number(import_text(other, text, &counts, &err), 0);
    assert_true(counts.added > 50);
    assert_number(counts.known, 0);
    char *again = exported(other);
    assert_text(again, text);
    char *derived = derived_of(from);
    char *derived_there = derived_of(to);
    assert_text(derived_there, derived);
    free(derived);
    free(derived_there);
    free(again);
    free(text);
    store_close(store);
    store_close(other);
    free(from);
    free(to);
}

static void
merging_two_stores_both_ways_makes_them_equal(void **state)
{
    char *left_folder = paths_join(*state, "left");
    char *right_folder = paths_join(*state, "right");
    struct store *left = opened(left_folder);
    struct store *right = opened(right_folder);
    struct error err;
    struct import_counts counts;
    assert_number(add(left, "a", NOW_MS, RATING_GOOD, &err), 0);
    char *text = exported(left);
    assert_number(import_text(right, text, &counts, &err), 0);
    free(text);
    // Same moment, same question, on both sides: still two answers.
    assert_number(add(left, "a", NOW_MS + 700000, RATING_GOOD, &err), 0);
    assert_number(add(right, "a", NOW_MS + 700000, RATING_AGAIN, &err), 0);
    char *undone = NULL;
    assert_number(store_undo(left, &undone, &err), 1);
    free(undone);
    text = exported(left);
    assert_number(import_text(right, text, &counts, &err), 0);
    assert_number(counts.added, 1);
    assert_number(counts.known, 1);
    free(text);
    text = exported(right);
    assert_number(import_text(left, text, &counts, &err), 0);
    assert_number(import_text(left, text, &counts, &err), 0);
    assert_number(counts.added, 0);
    assert_number(counts.known, 3);
    free(text);
    char *one = derived_of(left_folder);
    char *two = derived_of(right_folder);
    assert_text(one, two);
    free(one);
    free(two);
    store_close(left);
    store_close(right);
    free(left_folder);
    free(right_folder);
}

static void
a_bad_import_names_the_line_and_changes_nothing(void **state)
{
    static const struct {
        const char *text, *message;
    } BAD[] = {
        {"", "in.jsonl:1"},
        {"\n", "in.jsonl:1"},
        {"[]\n", "in.jsonl:1"},
        {"{\"schema\":\"other/1\"}\n", "in.jsonl:1"},
        {"{\"schema\":\"ouro.progress/1\"}\n{\"type\":\"hint\"}\n",
         "in.jsonl:2: 'lab'"},
        {"{\"schema\":\"ouro.progress/1\"}\n{\"type\":\"hint\",\"lab\":\"x\","
         "\"number\":0,\"time_ms\":1}\n{\"type\":\"what\"}\n",
         "in.jsonl:3"},
        {"{\"schema\":\"ouro.progress/1\"}\n{broken\n", "in.jsonl:2"},
        {"{\"schema\":\"ouro.progress/1\"}\n{\"type\":\"review\","
         "\"uid\":\"0123456789abcdef\",\"question\":\"q\",\"topic\":\"t\","
         "\"mode\":\"cram\",\"lang\":\"en\",\"time_ms\":1,\"offset_min\":0,"
         "\"duration_ms\":1,\"score\":1,\"rating\":5}\n",
         "in.jsonl:2: 'rating'"},
    };
    struct store *store = opened(*state);
    struct error err;
    assert_number(add(store, "q", NOW_MS, RATING_GOOD, &err), 0);
    char *before = exported(store);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++) {
        struct import_counts counts;
        assert_number(import_text(store, BAD[i].text, &counts, &err), -1);
        assert_number(err.status, EXIT_STATUS_CONTENT);
        assert_contains(err.message, BAD[i].message);
    }
    char *after = exported(store);
    assert_text(after, before);
    free(before);
    free(after);
    store_close(store);
}

/* --- older, newer and foreign files -------------------------------------- */

static size_t
count_files(const char *folder, const char *pattern)
{
    char *command =
        xasprintf("ls '%s' 2>/dev/null | grep -c '%s'", folder, pattern);
    FILE *pipe = popen(command, "r");
    size_t count = 0;
    assert_number(fscanf(pipe, "%zu", &count), 1);
    pclose(pipe);
    free(command);
    return count;
}

static void
load_fixture(const char *folder)
{
    char *sql = tempdir_read("tests/data/progress_v1.sql");
    assert_non_null(sql);
    run_sql(folder, sql);
    free(sql);
}

static void
a_store_of_format_1_is_migrated_after_a_backup(void **state)
{
    load_fixture(*state);
    char *before = derived_of(*state);
    struct store *store = opened(*state);
    struct error err;
    struct history history = {0};
    assert_number(store_history(store, NULL, 10, &history, &err), 0);
    assert_number(history.count, 4);
    assert_true(history.items[0].undone);
    assert_text(history.items[1].answer, "ответ");
    history_release(&history);
    assert_true(sql_value(*state, "PRAGMA user_version") > 1);
    char *after = derived_of(*state);
    assert_text(after, before);
    assert_number(store_rebuild(store, NULL, &err), 0);
    char *rebuilt = derived_of(*state);
    assert_text(rebuilt, before);
    assert_number(add(store, "new", NOW_MS, RATING_GOOD, &err), 0);
    assert_number(store_check(store, &err), 0);
    store_close(store);
    char *backups = paths_join(*state, "backups");
    assert_number(count_files(backups, "^progress-v1-.*\\.db$"), 1);
    free(backups);
    free(before);
    free(after);
    free(rebuilt);
}

static void
only_the_newest_five_automatic_copies_are_kept(void **state)
{
    char *backups = paths_join(*state, "backups");
    for (int i = 0; i < 8; i++) {
        char *name =
            xasprintf("backups/progress-v1-2020-01-0%dT000000.000Z.db", i + 1);
        free(tempdir_write(*state, name, "old"));
        free(name);
    }
    free(tempdir_write(*state, "backups/progress-mine.db", "kept"));
    load_fixture(*state);
    store_close(opened(*state));
    assert_number(count_files(backups, "^progress-v1-"), 5);
    assert_number(count_files(backups, "^progress-v1-2020-01-0[5-8]"), 4);
    assert_number(count_files(backups, "^progress-mine.db$"), 1);
    free(backups);
}

/* Opening must fail with this status and piece of message, and leave every
 * byte as it is. */
static void
refuses(const char *folder, enum exit_status status, const char *message)
{
    char *path = database(folder);
    char *before = NULL;
    char *after = NULL;
    size_t before_bytes = 0;
    size_t after_bytes = 0;
    struct error err;
    struct store *store = NULL;
    paths_read_file(path, 1 << 24, &before, &before_bytes, &err);
    assert_number(store_open(&store, folder, &err), -1);
    assert_null(store);
    assert_number(err.status, status);
    assert_contains(err.message, message);
    paths_read_file(path, 1 << 24, &after, &after_bytes, &err);
    assert_number(after_bytes, before_bytes);
    assert_memory_equal(after, before, before_bytes);
    free(before);
    free(after);
    free(path);
}

static void
a_store_of_a_newer_program_is_refused(void **state)
{
    struct store *store = opened(*state);
    struct error err;
    assert_number(add(store, "q", NOW_MS, RATING_GOOD, &err), 0);
    store_close(store);
    run_sql(*state, "PRAGMA user_version = 99");
    refuses(*state, EXIT_STATUS_CONTENT, "newer Ouro");
}

static void
a_file_that_is_no_database_is_refused(void **state)
{
    free(tempdir_write(*state, "progress.db",
                       "This is not a database, it only has its name. "
                       "It is long enough to be taken for one, though: one "
                       "hundred bytes and more are what SQLite reads."));
    refuses(*state, EXIT_STATUS_CONTENT, "ouro progress restore");
}

static void
the_database_of_another_program_is_refused(void **state)
{
    run_sql(*state, "CREATE TABLE places(url TEXT)");
    refuses(*state, EXIT_STATUS_CONTENT, "another program");
}

static void
a_folder_in_the_place_of_the_file_is_refused(void **state)
{
    char *path = database(*state);
    struct error err;
    struct store *store = NULL;
    assert_number(mkdir(path, 0700), 0);
    if (store_open(&store, *state, &err) == 0) {
        assert_number(add(store, "q", NOW_MS, RATING_GOOD, &err), -1);
    }
    assert_number(err.status, EXIT_STATUS_MACHINE);
    store_close(store);
    free(path);
}

static void
an_empty_file_is_as_good_as_none(void **state)
{
    free(tempdir_write(*state, "progress.db", ""));
    struct store *store = opened(*state);
    struct error err;
    assert_false(store_exists(store));
    assert_number(add(store, "q", NOW_MS, RATING_GOOD, &err), 0);
    assert_true(store_exists(store));
    store_close(store);
}

static void
a_damaged_page_is_reported_and_not_overwritten(void **state)
{
    struct store *store = opened(*state);
    struct error err;
    for (int i = 0; i < 300; i++) {
        assert_number(add(store, "q", NOW_MS + i, RATING_GOOD, &err), 0);
    }
    store_close(store);
    char *path = database(*state);
    int file = open(path, O_WRONLY);
    char junk[4096];
    memset(junk, 0x5A, sizeof(junk));
    for (int page = 1; page < 30; page++) {
        assert_number(pwrite(file, junk, sizeof(junk), page * 4096L), 4096);
    }
    close(file);
    free(path);
    int result = store_open(&store, *state, &err);
    if (result == 0) {
        result = add(store, "q", NOW_MS + 1000, RATING_GOOD, &err);
        store_close(store);
    }
    assert_number(result, -1);
    assert_number(err.status, EXIT_STATUS_CONTENT);
    assert_contains(err.message, "restore");
}

/* --- backup and restore -------------------------------------------------- */

static void
a_backup_can_be_restored_and_what_was_there_is_kept(void **state)
{
    char *folder = paths_join(*state, "home");
    char *copy = paths_join(*state, "copy.db");
    struct store *store = opened(folder);
    struct error err;
    char *kept = NULL;
    size_t count = 0;
    assert_number(store_backup(store, copy, &err), -1); // nothing there yet
    assert_number(add(store, "q", NOW_MS, RATING_AGAIN, &err), 0);
    assert_number(store_backup(store, copy, &err), 0);
    assert_number(add(store, "r", NOW_MS, RATING_AGAIN, &err), 0);
    // Restored under the feet of a store that stays open.
    assert_number(store_restore(folder, copy, &kept, &err), 0);
    assert_number(store_count_due(store, INT64_MAX, 9, &count, &err), 0);
    assert_number(count, 1);
    assert_number(add(store, "s", NOW_MS, RATING_AGAIN, &err), 0);
    assert_number(store_check(store, &err), 0);
    store_close(store);
    char *before = kept;
    assert_number(store_restore(folder, before, &kept, &err), 0);
    store = opened(folder);
    assert_number(store_count_due(store, INT64_MAX, 9, &count, &err), 0);
    assert_number(count, 2);
    store_close(store);
    free(before);
    free(kept);
    free(copy);
    free(folder);
}

static void
a_backup_replaces_a_damaged_file_and_an_old_one_is_migrated(void **state)
{
    char *folder = paths_join(*state, "home");
    load_fixture(*state);
    char *fixture = database(*state);
    struct error err;
    char *kept = NULL;
    free(tempdir_write(*state, "home/progress.db", "no database at all"));
    assert_number(store_restore(folder, fixture, &kept, &err), 0);
    assert_contains(kept, "progress-damaged-");
    char *old = tempdir_read(kept);
    assert_text(old, "no database at all");
    free(old);
    free(kept);
    struct store *store = opened(folder);
    assert_number(add(store, "q", NOW_MS, RATING_GOOD, &err), 0);
    assert_number(sql_value(folder, "SELECT count(*) FROM review"), 5);
    store_close(store);
    free(fixture);
    free(folder);
}

static void
a_copy_that_is_no_progress_is_not_restored(void **state)
{
    char *folder = paths_join(*state, "home");
    struct store *store = opened(folder);
    struct error err;
    char *kept = NULL;
    assert_number(add(store, "q", NOW_MS, RATING_GOOD, &err), 0);
    store_close(store);
    char *text = tempdir_write(*state, "text",
                               "nothing of the kind, but "
                               "long enough to be looked at "
                               "by a database library....");
    char *empty = tempdir_write(*state, "empty", "");
    char *missing = paths_join(*state, "missing");
    assert_number(store_restore(folder, text, &kept, &err), -1);
    assert_number(store_restore(folder, empty, &kept, &err), -1);
    assert_number(store_restore(folder, missing, &kept, &err), -1);
    assert_number(err.status, EXIT_STATUS_CONTENT);
    assert_number(sql_value(folder, "SELECT count(*) FROM review"), 1);
    free(text);
    free(empty);
    free(missing);
    free(folder);
}

/* --- several programs, sudden ends --------------------------------------- */

enum {
    WRITERS = 3,
    ANSWERS = 40
};

/* A process that answers and writes a byte to acknowledge each; never
 * returns. */
static void
write_answers(const char *folder, int writer, int count, int acknowledge)
{
    struct store *store = NULL;
    struct error err;
    char id[32];
    snprintf(id, sizeof(id), "q%d", writer);
    if (store_open(&store, folder, &err) != 0) {
        fprintf(stderr, "writer %d: %s\n", writer, err.message);
        _exit(1);
    }
    for (int i = 0; i < count; i++) {
        if (add(store, id, NOW_MS + i, RATING_GOOD, &err) != 0) {
            fprintf(stderr, "writer %d: %s\n", writer, err.message);
            _exit(1);
        }
        if (write(acknowledge, "x", 1) != 1) {
            _exit(1);
        }
    }
    store_close(store);
    _exit(0);
}

static void
several_programs_write_at_once_from_the_first_moment(void **state)
{
    int sink = open("/dev/null", O_WRONLY);
    pid_t writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        if (writers[i] == 0) {
            write_answers(*state, i, ANSWERS, sink);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = -1;
        waitpid(writers[i], &status, 0);
        assert_number(status, 0);
    }
    close(sink);
    struct store *store = opened(*state);
    struct error err;
    assert_number(store_check(store, &err), 0);
    char *before = derived_of(*state);
    assert_number(store_rebuild(store, NULL, &err), 0);
    char *after = derived_of(*state);
    assert_text(after, before);
    free(before);
    free(after);
    store_close(store);
    assert_number(sql_value(*state, "SELECT count(*) FROM review"),
                  WRITERS * ANSWERS);
}

static void
several_programs_migrate_an_old_store_once(void **state)
{
    load_fixture(*state);
    int sink = open("/dev/null", O_WRONLY);
    pid_t writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        if (writers[i] == 0) {
            write_answers(*state, i, 5, sink);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = -1;
        waitpid(writers[i], &status, 0);
        assert_number(status, 0);
    }
    close(sink);
    assert_number(sql_value(*state, "SELECT count(*) FROM review"),
                  4 + WRITERS * 5);
}

/* Reads acknowledgements until wanted have come or the writer is gone. */
static int
read_acknowledged(int pipe, int wanted)
{
    char bytes[64];
    int count = 0;
    while (count < wanted) {
        ssize_t got = read(pipe, bytes, sizeof(bytes));
        if (got <= 0) {
            break;
        }
        count += (int)got;
    }
    return count;
}

static void
a_killed_program_loses_no_acknowledged_answer(void **state)
{
    unsigned random = 11;
    int acknowledged = 0;
    for (int round = 0; round < 15; round++) {
        int ends[2];
        assert_number(pipe(ends), 0);
        pid_t writer = fork();
        if (writer == 0) {
            close(ends[0]);
            write_answers(*state, round, 100000, ends[1]);
        }
        close(ends[1]);
        acknowledged += read_acknowledged(ends[0], 1 + (int)dice(&random, 60));
        // A moment between two answers, or within one.
        for (volatile unsigned i = dice(&random, 300000); i > 0; i--) {
        }
        kill(writer, SIGKILL);
        acknowledged += read_acknowledged(ends[0], 1 << 20);
        waitpid(writer, NULL, 0);
        close(ends[0]);
        struct store *store = opened(*state);
        struct error err;
        assert_number(store_check(store, &err), 0);
        int64_t logged = sql_value(*state, "SELECT count(*) FROM review");
        // What was saved but could not be acknowledged any more may be there.
        assert_true(logged >= acknowledged);
        assert_true(logged <= acknowledged + round + 1);
        assert_number(sql_value(*state, "SELECT sum(answers) FROM card"),
                      logged);
        store_close(store);
    }
    assert_true(acknowledged > 15);
}

static void
a_program_killed_while_it_makes_the_file_leaves_no_ruin(void **state)
{
    unsigned random = 3;
    for (int round = 0; round < 25; round++) {
        char *folder = xasprintf("%s/%d", (char *)*state, round);
        int sink = open("/dev/null", O_WRONLY);
        pid_t writer = fork();
        if (writer == 0) {
            write_answers(folder, 0, 3, sink);
        }
        for (volatile unsigned i = dice(&random, 900000); i > 0; i--) {
        }
        kill(writer, SIGKILL);
        waitpid(writer, NULL, 0);
        close(sink);
        struct store *store = opened(folder);
        struct error err;
        assert_number(add(store, "q", NOW_MS, RATING_GOOD, &err), 0);
        assert_number(store_check(store, &err), 0);
        store_close(store);
        free(folder);
    }
}

static void
the_present_file_is_neither_backup_nor_restored_copy(void **state)
{
    struct store *store = opened(*state);
    struct error err;
    char *kept = NULL;
    char *path = database(*state);
    assert_number(add(store, "q", NOW_MS, RATING_GOOD, &err), 0);
    assert_number(store_backup(store, path, &err), -1);
    assert_contains(err.message, "present progress");
    assert_number(store_restore(*state, path, &kept, &err), -1);
    assert_contains(err.message, "present progress");
    assert_number(store_check(store, &err), 0);
    free(path);
    store_close(store);
}

static void
a_copy_made_while_another_program_writes_is_whole(void **state)
{
    int ends[2];
    assert_number(pipe(ends), 0);
    pid_t writer = fork();
    if (writer == 0) {
        close(ends[0]);
        write_answers(*state, 0, 100000, ends[1]);
    }
    close(ends[1]);
    assert_true(read_acknowledged(ends[0], 20) >= 20);
    struct store *store = opened(*state);
    struct error err;
    for (int i = 0; i < 5; i++) {
        char *home = xasprintf("%s/copy%d", (char *)*state, i);
        char *path = database(home);
        assert_number(mkdir(home, 0700), 0);
        assert_number(store_backup(store, path, &err), 0);
        struct store *copy = opened(home);
        assert_number(store_check(copy, &err), 0);
        assert_number(sql_value(home, "SELECT count(*) FROM review"),
                      sql_value(home, "SELECT sum(answers) FROM card"));
        store_close(copy);
        free(path);
        free(home);
    }
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    close(ends[0]);
    store_close(store);
}

static void
a_full_disk_is_reported_and_nothing_acknowledged_is_lost(void **state)
{
    int ends[2];
    assert_number(pipe(ends), 0);
    pid_t writer = fork();
    if (writer == 0) {
        // A limit on the size of files is met like the end of a disk.
        struct rlimit limit = {.rlim_cur = 1024 * 1024,
                               .rlim_max = 1024 * 1024};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        struct store *store = NULL;
        struct error err;
        char id[32];
        if (store_open(&store, *state, &err) != 0) {
            _exit(100);
        }
        for (int i = 0; i < 100000; i++) {
            snprintf(id, sizeof(id), "question-%d", i);
            if (add(store, id, NOW_MS + i, RATING_GOOD, &err) != 0) {
                store_close(store);
                _exit(strstr(err.message, "progress.db") != NULL
                          ? (int)err.status
                          : 101);
            }
            if (write(ends[1], "x", 1) != 1) {
                _exit(102);
            }
        }
        _exit(103);
    }
    close(ends[1]);
    int acknowledged = read_acknowledged(ends[0], 1 << 20);
    close(ends[0]);
    int status = 0;
    waitpid(writer, &status, 0);
    assert_true(WIFEXITED(status));
    assert_number(WEXITSTATUS(status), EXIT_STATUS_MACHINE);
    assert_true(acknowledged > 10);
    struct store *store = opened(*state);
    struct error err;
    assert_number(store_check(store, &err), 0);
    assert_number(sql_value(*state, "SELECT count(*) FROM review"),
                  acknowledged);
    // With room again it goes on.
    assert_number(add(store, "more", NOW_MS, RATING_GOOD, &err), 0);
    store_close(store);
}

static void
a_folder_taken_away_is_noticed(void **state)
{
    char *folder = paths_join(*state, "home");
    char *elsewhere = paths_join(*state, "elsewhere");
    struct store *store = opened(folder);
    struct error err;
    assert_number(add(store, "q", NOW_MS, RATING_GOOD, &err), 0);
    assert_number(rename(folder, elsewhere), 0);
    assert_number(add(store, "q", NOW_MS + 1, RATING_GOOD, &err), -1);
    assert_number(err.status, EXIT_STATUS_MACHINE);
    assert_contains(err.message, "taken away");
    assert_number(rename(elsewhere, folder), 0);
    assert_number(add(store, "q", NOW_MS + 2, RATING_GOOD, &err), 0);
    store_close(store);
    assert_number(sql_value(folder, "SELECT count(*) FROM review"), 2);
    free(folder);
    free(elsewhere);
}

/* Runs check as a user without rights over the folder; root may write
 * anywhere. */
static void
as_nobody(const char *folder, int (*check)(const char *folder))
{
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setresgid(65534, 65534, 65534) != 0 ||
                               setresuid(65534, 65534, 65534) != 0)) {
            _exit(90);
        }
        _exit(check(folder));
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_number(WEXITSTATUS(status), 0);
}

/* 0 if reading works and writing fails as it should, else a line number. */
static int
read_but_not_write(const char *folder)
{
    struct store *store = NULL;
    struct error err;
    size_t count = 0;
    if (store_open(&store, folder, &err) != 0) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    if (store_count_due(store, INT64_MAX, 10, &count, &err) != 0 ||
        count != 1) {
        fprintf(stderr, "%s\n", err.message);
        return 2;
    }
    if (add(store, "q", NOW_MS, RATING_GOOD, &err) == 0) {
        return 3;
    }
    if (err.status != EXIT_STATUS_MACHINE) {
        return 4;
    }
    store_close(store);
    return 0;
}

static int
cannot_create(const char *folder)
{
    struct store *store = NULL;
    struct error err;
    if (store_open(&store, folder, &err) != 0 || store_exists(store)) {
        return 1;
    }
    if (add(store, "q", NOW_MS, RATING_GOOD, &err) == 0) {
        return 2;
    }
    store_close(store);
    return err.status == EXIT_STATUS_MACHINE ? 0 : 3;
}

static void
a_home_that_cannot_be_written_can_be_read(void **state)
{
    char *folder = paths_join(*state, "a ? folder # 100%");
    struct store *store = opened(folder);
    struct error err;
    assert_number(add(store, "q", NOW_MS, RATING_AGAIN, &err), 0);
    store_close(store);
    char *path = database(folder);
    assert_number(chmod(*state, 0755), 0);
    assert_number(chmod(path, 0444), 0);
    assert_number(chmod(folder, 0555), 0);
    as_nobody(folder, read_but_not_write);
    assert_number(chmod(folder, 0755), 0);
    assert_number(sql_value(folder, "SELECT count(*) FROM review"), 1);
    free(path);
    free(folder);
}

static int
refuses_to_read(const char *folder)
{
    struct store *store = NULL;
    struct error err;
    if (store_open(&store, folder, &err) == 0) {
        return 1;
    }
    return err.status == EXIT_STATUS_MACHINE ? 0 : 2;
}

static void
answers_that_wait_in_the_log_are_not_passed_over_in_such_a_home(void **state)
{
    char *folder = paths_join(*state, "home");
    int ends[2];
    assert_number(pipe(ends), 0);
    pid_t writer = fork();
    if (writer == 0) {
        close(ends[0]);
        write_answers(folder, 0, 100000, ends[1]);
    }
    close(ends[1]);
    assert_true(read_acknowledged(ends[0], 5) >= 5);
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    close(ends[0]);
    char *shared = xasprintf("%s/progress.db-shm", folder);
    unlink(shared); // as after a restart of the machine, on some systems
    assert_number(chmod(*state, 0755), 0);
    assert_number(chmod(folder, 0555), 0);
    as_nobody(folder, refuses_to_read);
    assert_number(chmod(folder, 0755), 0);
    free(shared);
    free(folder);
}

static void
a_home_that_cannot_be_written_is_reported_at_the_first_answer(void **state)
{
    char *folder = paths_join(*state, "inner");
    assert_number(chmod(*state, 0555), 0);
    as_nobody(folder, cannot_create);
    assert_number(chmod(*state, 0755), 0);
    free(folder);
}

static int
make_folder(void **state)
{
    *state = tempdir_make();
    return 0;
}

static int
remove_folder(void **state)
{
    tempdir_remove(*state);
    return 0;
}

#define in_folder(name)                                                       \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        in_folder(a_rebuild_changes_nothing_whatever_was_logged),
        in_folder(a_lost_derived_state_comes_back_from_the_log),
        in_folder(the_log_cannot_be_changed_even_by_hand),
        in_folder(an_export_brings_everything_into_an_empty_store),
        in_folder(merging_two_stores_both_ways_makes_them_equal),
        in_folder(a_bad_import_names_the_line_and_changes_nothing),
        in_folder(a_store_of_format_1_is_migrated_after_a_backup),
        in_folder(only_the_newest_five_automatic_copies_are_kept),
        in_folder(a_store_of_a_newer_program_is_refused),
        in_folder(a_file_that_is_no_database_is_refused),
        in_folder(the_database_of_another_program_is_refused),
        in_folder(a_folder_in_the_place_of_the_file_is_refused),
        in_folder(an_empty_file_is_as_good_as_none),
        in_folder(a_damaged_page_is_reported_and_not_overwritten),
        in_folder(a_backup_can_be_restored_and_what_was_there_is_kept),
        in_folder(a_backup_replaces_a_damaged_file_and_an_old_one_is_migrated),
        in_folder(a_copy_that_is_no_progress_is_not_restored),
        in_folder(several_programs_write_at_once_from_the_first_moment),
        in_folder(several_programs_migrate_an_old_store_once),
        in_folder(a_killed_program_loses_no_acknowledged_answer),
        in_folder(a_program_killed_while_it_makes_the_file_leaves_no_ruin),
        in_folder(the_present_file_is_neither_backup_nor_restored_copy),
        in_folder(a_copy_made_while_another_program_writes_is_whole),
        in_folder(a_full_disk_is_reported_and_nothing_acknowledged_is_lost),
        in_folder(a_folder_taken_away_is_noticed),
        in_folder(a_home_that_cannot_be_written_can_be_read),
        in_folder(
            answers_that_wait_in_the_log_are_not_passed_over_in_such_a_home),
        in_folder(
            a_home_that_cannot_be_written_is_reported_at_the_first_answer),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
