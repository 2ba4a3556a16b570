/* The store with 100,000 cards and 1,000,000 answers: what is on the way of
 * a person who waits. The floor is what the disk takes for one page. */
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quiz/core/error.h"
#include "quiz/io/paths.h"
#include "quiz/io/store.h"
#include "tests/support/bench.h"
#include "tests/support/tempdir.h"

enum {
    ROUNDS = 201,
    REPEATS = 20 // of what is too short for the clock
};

static const int64_t NOW_MS = 1800000000000;

struct bench {
    char *folder;
    struct store *store;
    int file; // for the floor
    int64_t now_ms;
};

static void
check(int result, const struct error *err)
{
    if (result < 0) {
        fprintf(stderr, "bench_store: %s\n", err->message);
        exit(1);
    }
}

/* A store whose log is filled behind its back, then rebuilt. */
static void
fill(const char *folder)
{
    struct store *store = NULL;
    struct error err;
    struct review first = {.question_id = "q0",
                           .topic = "t0",
                           .lang = LANG_EN,
                           .time_ms = NOW_MS - 1000000LL * 60000,
                           .rating = RATING_GOOD,
                           .score = 1};
    check(store_open(&store, folder, &err), &err);
    check(store_add_review(store, &first, NULL, &err), &err);
    char *path = paths_join(folder, "progress.db");
    char *message = NULL;
    sqlite3 *db = NULL;
    sqlite3_open(path, &db);
    int64_t start = bench_now_ns();
    if (sqlite3_exec(
            db,
            "PRAGMA synchronous = OFF; BEGIN;"
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL"
            " SELECT i + 1 FROM n WHERE i < 100000)"
            " INSERT INTO question SELECT i, 'question-' || i FROM n;"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
            " SELECT i + 1 FROM n WHERE i < 1000000)"
            " INSERT INTO review(uid, question, topic, mode, lang, time_ms,"
            " offset_min, duration_ms, score, rating, answer)"
            " SELECT i, 1 + (i * 7919) % 100000, 't' || (i * 7919) % 20, 0,"
            " 'en', 1740000000000 + i * 60000, 0, 4000,"
            " (i * 31 % 10 > 1), iif(i * 31 % 10 > 1, 2 + i % 3, 1),"
            " 'an answer of some length' FROM n;"
            "COMMIT",
            NULL, NULL, &message) != SQLITE_OK) {
        fprintf(stderr, "bench_store: %s\n", message);
        exit(1);
    }
    sqlite3_close(db);
    free(path);
    int64_t filled = bench_now_ns();
    check(store_rebuild(store, NULL, &err), &err);
    printf("filled in %.1f s, rebuilt from the log in %.1f s\n",
           (double)(filled - start) / 1e9,
           (double)(bench_now_ns() - filled) / 1e9);
    store_close(store);
}

/* The floor: one page written and flushed. */
static int64_t
write_page(void *context)
{
    struct bench *bench = context;
    char page[4096];
    memset(page, (int)bench->now_ms, sizeof(page));
    int64_t start = bench_now_ns();
    if (write(bench->file, page, sizeof(page)) != sizeof(page) ||
        fdatasync(bench->file) != 0) {
        perror("bench_store");
        exit(1);
    }
    return bench_now_ns() - start;
}

static int64_t
add_review(void *context)
{
    struct bench *bench = context;
    char id[32];
    struct error err;
    snprintf(id, sizeof(id), "question-%" PRId64,
             2 + bench->now_ms / 60000 * 7919 % 99999);
    struct review review = {.question_id = id,
                            .topic = "t3",
                            .lang = LANG_EN,
                            .time_ms = bench->now_ms += 60000,
                            .duration_ms = 4000,
                            .rating = RATING_GOOD,
                            .score = 1,
                            .answer = "an answer of some length"};
    int64_t start = bench_now_ns();
    check(store_add_review(bench->store, &review, NULL, &err), &err);
    return bench_now_ns() - start;
}

static int64_t
open_and_query(void *context)
{
    struct bench *bench = context;
    struct store *store = NULL;
    struct cards cards = {0};
    struct error err;
    int64_t start = bench_now_ns();
    check(store_open(&store, bench->folder, &err), &err);
    check(store_due(store, bench->now_ms, 1, &cards, &err), &err);
    int64_t taken = bench_now_ns() - start;
    cards_release(&cards);
    store_close(store);
    return taken;
}

static int64_t
twenty_due(void *context)
{
    struct bench *bench = context;
    struct error err;
    int64_t start = bench_now_ns();
    for (int i = 0; i < REPEATS; i++) {
        struct cards cards = {0};
        check(store_due(bench->store, bench->now_ms, 20, &cards, &err), &err);
        cards_release(&cards);
    }
    return (bench_now_ns() - start) / REPEATS;
}

static int64_t
count_due(void *context)
{
    struct bench *bench = context;
    struct error err;
    size_t count = 0;
    int64_t start = bench_now_ns();
    for (int i = 0; i < REPEATS; i++) {
        check(store_count_due(bench->store, bench->now_ms, 1000, &count, &err),
              &err);
    }
    return (bench_now_ns() - start) / REPEATS;
}

static int64_t
topic_totals(void *context)
{
    struct bench *bench = context;
    struct error err;
    int64_t start = bench_now_ns();
    struct totals totals = {0};
    check(store_totals(bench->store, &totals, &err), &err);
    int64_t taken = bench_now_ns() - start;
    totals_release(&totals);
    return taken;
}

static int64_t
preview(void *context)
{
    struct bench *bench = context;
    struct error err;
    int64_t wait_ms[4];
    int64_t start = bench_now_ns();
    for (int i = 0; i < REPEATS; i++) {
        check(store_preview(bench->store, "question-77", bench->now_ms,
                            wait_ms, &err),
              &err);
    }
    return (bench_now_ns() - start) / REPEATS;
}

int
main(void)
{
    struct bench bench = {.folder = tempdir_make(), .now_ms = NOW_MS};
    struct error err;
    fill(bench.folder);
    char *path = paths_join(bench.folder, "floor");
    bench.file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    check(store_open(&bench.store, bench.folder, &err), &err);
    const struct bench_row rows[] = {
        {"4 KiB written and flushed", write_page, &bench},
        {"one answer, one transaction", add_review, &bench},
        {"open and first query", open_and_query, &bench},
        {"20 due cards", twenty_due, &bench},
        {"count due cards, up to 1000", count_due, &bench},
        {"sums by topic and by day", topic_totals, &bench},
        {"preview of four intervals", preview, &bench},
    };
    bench_compare("store: 100,000 cards, 1,000,000 answers", rows,
                  sizeof(rows) / sizeof(*rows), ROUNDS);
    close(bench.file);
    store_close(bench.store);
    free(path);
    tempdir_remove(bench.folder);
    return 0;
}
