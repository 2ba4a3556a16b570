/* Loading questions against libyaml's bare events of the same bytes, and
 * libyaml's own document tree for comparison: 1,000 synthetic questions of
 * about 600 bytes with two block scalars each, and the real questions. The
 * goal is 1.15 to 1.3 times the events, with all checks.
 *
 * Then opening a whole bank by its cache, beside libyaml's events of all its
 * files and a warm SQLite of as many rows and bytes: under 15 ms for the
 * content, under 60 ms for 20,000 questions. */
#include <glob.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "quiz/core/bank.h"
#include "quiz/core/error.h"
#include "quiz/core/text.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/content.h"
#include "quiz/io/content_cache.h"
#include "quiz/io/paths.h"
#include "tests/support/bench.h"
#include "tests/support/tempdir.h"

enum {
    QUESTIONS = 1000,
    ROUNDS = 7,
    MANY = 20000
};

struct input {
    const char *path;
    char *bytes;
    size_t length;
    size_t questions; // of the last load
};

static char *
synthetic_questions(void)
{
    struct text text = {0};
    text_add(&text,
             "schema: 1\ntopic: synthetic\ntitle: {en: Synthetic, ru: Проба}\n"
             "checked_with: \"3.11\"\nquestions:\n");
    for (int i = 0; i < QUESTIONS; i++) {
        text_add_format(
            &text,
            "  - id: synthetic-%d\n"
            "    kind: choice\n"
            "    level: junior\n"
            "    ask: {en: What is counted here, ru: Что здесь считается}\n"
            "    why_asked: {en: To see, ru: Чтобы понять}\n"
            "    explain:\n"
            "      en: >\n"
            "        Every reference is counted, and the last one that goes\n"
            "        away takes the object with it at once.\n"
            "      ru: >\n"
            "        Считается каждая ссылка, и последняя из них забирает с\n"
            "        собой объект.\n"
            "    options:\n"
            "      - {en: References, ru: Ссылки, right: true, why: {en: Yes, "
            "ru: Да}}\n"
            "      - {en: Names, ru: Имена, why: {en: Not all, ru: Не все}}\n"
            "    see: Include/object.h\n",
            i);
    }
    return text_steal(&text);
}

static int64_t
run_events(void *context)
{
    struct input *input = context;
    int64_t start = bench_now_ns();
    yaml_parser_t parser;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, (const unsigned char *)input->bytes,
                                 input->length);
    for (bool done = false; !done;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            abort();
        }
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return bench_now_ns() - start;
}

static int64_t
run_document(void *context)
{
    struct input *input = context;
    int64_t start = bench_now_ns();
    yaml_parser_t parser;
    yaml_document_t document;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, (const unsigned char *)input->bytes,
                                 input->length);
    if (!yaml_parser_load(&parser, &document)) {
        abort();
    }
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    return bench_now_ns() - start;
}

static int64_t
run_load(void *context)
{
    struct input *input = context;
    struct error err;
    int64_t start = bench_now_ns();
    struct bank *bank = bank_new();
    if (content_load_file(input->path, bank, NULL, &err) != 0) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    input->questions = bank_count(bank);
    bank_free(bank);
    return bench_now_ns() - start;
}

static void
compare(const char *path)
{
    struct input input = {.path = path};
    struct error err;
    if (paths_read_file(path, (size_t)8 << 20, &input.bytes, &input.length,
                        &err) != 0) {
        abort();
    }
    run_load(&input); // warm up
    struct bench_row rows[] = {
        {"libyaml events", run_events, &input},
        {"load, with all checks", run_load, &input},
        {"libyaml document", run_document, &input},
    };
    char title[128];
    snprintf(title, sizeof(title), "%s: %zu questions, %zu bytes",
             strrchr(path, '/') + 1, input.questions, input.length);
    bench_compare(title, rows, sizeof(rows) / sizeof(*rows), ROUNDS);
    free(input.bytes);
}

// --- opening a bank --------------------------------------------------------

struct opening {
    const char *folder, *cache, *database;
    char **bytes; // of each file
    size_t *lengths;
    size_t files, questions;
};

static int64_t
run_all_events(void *context)
{
    const struct opening *opening = context;
    int64_t sum = 0;
    for (size_t i = 0; i < opening->files; i++) {
        struct input input = {.bytes = opening->bytes[i],
                              .length = opening->lengths[i]};
        sum += run_events(&input);
    }
    return sum;
}

/* The cache is there, as at every start but the first. */
static int64_t
run_open(void *context)
{
    struct opening *opening = context;
    struct error err;
    int64_t start = bench_now_ns();
    struct bank *bank = bank_new();
    if (content_open_bank(opening->folder, opening->cache, bank, &err) != 0) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    opening->questions = bank_count(bank);
    int64_t took = bench_now_ns() - start;
    bank_free(bank);
    return took;
}

/* The same texts as rows of a database: opened, and every row looked at. */
static int64_t
run_sqlite(void *context)
{
    const struct opening *opening = context;
    sqlite3 *database = NULL;
    sqlite3_stmt *rows = NULL;
    int64_t start = bench_now_ns();
    if (sqlite3_open_v2(opening->database, &database, SQLITE_OPEN_READONLY,
                        NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(database, "SELECT id, body FROM question", -1,
                           &rows, NULL) != SQLITE_OK) {
        abort();
    }
    while (sqlite3_step(rows) == SQLITE_ROW) {
        if (sqlite3_column_text(rows, 0) == NULL) {
            abort();
        }
    }
    sqlite3_finalize(rows);
    int64_t took = bench_now_ns() - start;
    sqlite3_close(database);
    return took;
}

static void
read_files(struct opening *opening, const char *pattern)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) {
        abort();
    }
    opening->files = found.gl_pathc;
    opening->bytes = xcalloc(found.gl_pathc, sizeof(char *));
    opening->lengths = xcalloc(found.gl_pathc, sizeof(size_t));
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct error err;
        if (paths_read_file(found.gl_pathv[i], (size_t)1 << 28,
                            &opening->bytes[i], &opening->lengths[i],
                            &err) != 0) {
            abort();
        }
    }
    globfree(&found);
}

/* A row for each question, with its share of the texts. */
static void
make_database(const struct opening *opening, size_t questions)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *insert = NULL;
    size_t all = 0;
    for (size_t i = 0; i < opening->files; i++) {
        all += opening->lengths[i];
    }
    char *body = xcalloc(all / questions + 1, 1);
    memset(body, 'x', all / questions);
    if (sqlite3_open(opening->database, &database) != SQLITE_OK ||
        sqlite3_exec(database,
                     "BEGIN; CREATE TABLE question (id TEXT PRIMARY KEY, "
                     "body TEXT) STRICT",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(database, "INSERT INTO question VALUES (?, ?)", -1,
                           &insert, NULL) != SQLITE_OK) {
        abort();
    }
    for (size_t i = 0; i < questions; i++) {
        char id[32];
        snprintf(id, sizeof(id), "question-%zu", i);
        sqlite3_bind_text(insert, 1, id, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(insert, 2, body, -1, SQLITE_STATIC);
        sqlite3_step(insert);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(database);
    free(body);
}

static void
compare_opening(const char *folder, const char *scratch, const char *name)
{
    char pattern[512];
    char title[128];
    char *cache = paths_join(scratch, "cache");
    char *database = paths_join(scratch, name);
    struct opening opening = {
        .folder = folder, .cache = cache, .database = database};
    snprintf(pattern, sizeof(pattern), "%s/questions/*.yaml", folder);
    read_files(&opening, pattern);
    run_open(&opening); // makes the cache
    make_database(&opening, opening.questions);
    struct bench_row rows[] = {
        {"libyaml events", run_all_events, &opening},
        {"warm SQLite, every row", run_sqlite, &opening},
        {"open by the cache", run_open, &opening},
    };
    snprintf(title, sizeof(title), "%s: %zu questions", name,
             opening.questions);
    bench_compare(title, rows, sizeof(rows) / sizeof(*rows), ROUNDS);
    for (size_t i = 0; i < opening.files; i++) {
        free(opening.bytes[i]);
    }
    free(opening.bytes);
    free(opening.lengths);
    free(database);
    free(cache);
}

/* Copies of the real questions under other ids, until there are enough. */
static void
multiply(const char *scratch, int times)
{
    char command[1024];
    snprintf(command, sizeof(command),
             "mkdir -p '%s/many/questions' && for n in $(seq %d); do "
             "for f in content/questions/*.yaml; do "
             "sed -e \"s/^topic: \\(.*\\)/topic: \\1-$n/\" "
             "-e \"s/^  - id: \\(.*\\)/  - id: \\1-$n/\" "
             "-e \"s/ask: \\([a-z0-9-]*\\), when/ask: \\1-$n, when/\" $f "
             "> '%s'/many/questions/x$n-$(basename $f); done; done",
             scratch, times, scratch);
    if (system(command) != 0) {
        abort();
    }
}

int
main(void)
{
    char *folder = tempdir_make();
    char *text = synthetic_questions();
    char *path = tempdir_write(folder, "synthetic.yaml", text);
    compare(path);
    compare("content/questions/13_asyncio.yaml");
    compare_opening("content", folder, "the content");
    struct bank *bank = bank_new();
    if (content_load_bank("content", bank, NULL, NULL) == 0) {
        char *many = paths_join(folder, "many");
        multiply(folder, (int)(MANY / bank_count(bank)) + 1);
        compare_opening(many, folder, "twenty thousand");
        free(many);
    }
    bank_free(bank);
    free(text);
    free(path);
    tempdir_remove(folder);
    return 0;
}
