#include <stdio.h>
#include <stdlib.h>

#include "quiz/cmd/command.h"
#include "quiz/cmd/content.h"
#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/coverage.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/io/content.h"
#include "quiz/io/json.h"

static json_t *
row_json(const struct coverage_row *row)
{
    json_t *object = json_object();
    json_t *questions = json_array();
    for (size_t i = 0; i < row->count; i++) {
        json_array_append_new(questions, json_text(row->questions[i]->id));
    }
    json_object_set_new(object, "id", json_text(row->seed->id));
    json_object_set_new(object, "kind",
                        json_string(seed_kind_names()[row->seed->kind]));
    json_object_set_new(object, "topic", json_text(row->seed->topic));
    json_object_set_new(object, "text", json_text(row->seed->text));
    json_object_set_new(object, "questions", questions);
    json_object_set_new(object, "gap", json_boolean(coverage_is_gap(row)));
    return object;
}

static int
write_coverage(const struct coverage *coverage)
{
    struct error err;
    json_t *document = json_document("ouro.content.coverage/1");
    json_t *rows = json_array();
    for (size_t i = 0; i < coverage->count; i++) {
        json_array_append_new(rows, row_json(&coverage->rows[i]));
    }
    json_object_set_new(document, "needed",
                        json_integer((json_int_t)coverage->needed));
    json_object_set_new(document, "covered",
                        json_integer((json_int_t)coverage->covered));
    json_object_set_new(document, "rows", rows);
    return json_write(stdout, document, &err) != 0 ? command_fail(&err)
                                                   : EXIT_STATUS_DONE;
}

static void
print_row(const struct coverage_row *row)
{
    printf("%-5s %-10s %-12s ", row->seed->id,
           seed_kind_names()[row->seed->kind], row->seed->topic);
    for (size_t i = 0; i < row->count; i++) {
        printf("%s%s", i > 0 ? ", " : "", row->questions[i]->id);
    }
    if (row->count == 0) {
        printf("- %s", row->seed->text);
    }
    putchar('\n');
}

/* How much of each kind is covered, then of all. */
static void
print_totals(const struct coverage *coverage)
{
    for (int kind = 0; kind < SEED_KIND_COUNT; kind++) {
        size_t all = 0;
        size_t covered = 0;
        for (size_t i = 0; i < coverage->count; i++) {
            if (coverage->rows[i].seed->kind == kind) {
                all++;
                covered += coverage->rows[i].count > 0;
            }
        }
        if (all > 0) {
            printf("%-10s %4zu/%zu%s\n", seed_kind_names()[kind], covered, all,
                   seed_kind_is_needed(kind) ? "" : tr(" (needs none)"));
        }
    }
    printf(tr("%zu of %zu rows that need a question have one\n"),
           coverage->covered, coverage->needed);
}

static int
show_coverage(const struct context *context, const struct coverage *coverage)
{
    int status = coverage->covered < coverage->needed ? EXIT_STATUS_MISSED
                                                      : EXIT_STATUS_DONE;
    if (context->json) {
        int written = write_coverage(coverage);
        return written != EXIT_STATUS_DONE ? written : status;
    }
    for (size_t i = 0; i < coverage->count; i++) {
        if (!context->quiet || coverage_is_gap(&coverage->rows[i])) {
            print_row(&coverage->rows[i]);
        }
    }
    if (!context->quiet) {
        putchar('\n');
        print_totals(coverage);
    }
    return status;
}

int
content_coverage(struct context *context)
{
    struct arena *arena = arena_new();
    struct seeds seeds = {0};
    struct coverage coverage = {0};
    struct error err;
    int status = EXIT_STATUS_DONE;
    char *path = paths_join(context->paths.content, "seeds.yaml");
    if (command_open_bank(context, &err) != 0 ||
        content_load_seeds(path, arena, &seeds, NULL, &err) != 0) {
        status = command_fail(&err);
    }
    else {
        coverage_init(&coverage, context->bank, &seeds);
        status = show_coverage(context, &coverage);
        coverage_release(&coverage);
    }
    free(path);
    arena_free(arena);
    return status;
}
