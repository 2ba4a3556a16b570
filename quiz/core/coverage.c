#include "quiz/core/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/xalloc.h"

static const char *const KINDS[SEED_KIND_COUNT] = {
    "concept",   "question", "mistake", "follow-up", "tool",  "practice",
    "rule",      "fix",      "cause",   "example",   "pro",   "con",
    "use-case",  "command",  "tactic",  "answer",    "table", "diagram",
    "why-asked", "erratum",  "takeaway"};

const char *const *
seed_kind_names(void)
{
    return KINDS;
}

/* Takeaways say again what other rows say. */
bool
seed_kind_is_needed(int kind)
{
    return strcmp(KINDS[kind], "takeaway") != 0;
}

const struct seed *
seeds_find(const struct seeds *seeds, const char *id)
{
    for (size_t i = 0; i < seeds->count; i++) {
        if (strcmp(seeds->items[i].id, id) == 0) {
            return &seeds->items[i];
        }
    }
    return NULL;
}

static void
cover(struct coverage_row *row, const struct question *question)
{
    row->questions = xreallocarray(row->questions, row->count + 1,
                                   sizeof(struct question *));
    row->questions[row->count++] = question;
}

void
coverage_init(struct coverage *coverage, const struct bank *bank,
              const struct seeds *seeds)
{
    *coverage = (struct coverage){
        .rows = xcalloc(seeds->count, sizeof(struct coverage_row)),
        .count = seeds->count};
    for (size_t i = 0; i < seeds->count; i++) {
        coverage->rows[i].seed = &seeds->items[i];
    }
    for (size_t i = 0; i < bank_count(bank); i++) {
        const struct question *question = bank_at(bank, i);
        for (size_t j = 0; j < question->seeds.count; j++) {
            const struct seed *seed =
                seeds_find(seeds, question->seeds.items[j]);
            if (seed != NULL && question->status == STATUS_READY) {
                cover(&coverage->rows[seed - seeds->items], question);
            }
        }
    }
    for (size_t i = 0; i < coverage->count; i++) {
        const struct coverage_row *row = &coverage->rows[i];
        if (seed_kind_is_needed(row->seed->kind)) {
            coverage->needed++;
            coverage->covered += row->count > 0;
        }
    }
}

void
coverage_release(struct coverage *coverage)
{
    for (size_t i = 0; i < coverage->count; i++) {
        free(coverage->rows[i].questions);
    }
    free(coverage->rows);
    *coverage = (struct coverage){0};
}

bool
coverage_is_gap(const struct coverage_row *row)
{
    return row->count == 0 && seed_kind_is_needed(row->seed->kind);
}
