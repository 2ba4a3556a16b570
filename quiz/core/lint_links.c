#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/bank.h"
#include "quiz/core/condition.h"
#include "quiz/core/coverage.h"
#include "quiz/core/lint_rules.h"
#include "quiz/core/passage.h"
#include "quiz/core/prose.h"
#include "quiz/core/question.h"
#include "quiz/core/rubric.h"
#include "quiz/core/words.h"
#include "quiz/core/xalloc.h"

// --- one question ----------------------------------------------------------

/* Whether a condition holds for some answer: every level is tried, with each
 * key point found or not and each misconception held or not, as far as the
 * condition names them. */
static bool
can_hold(const struct question *question, const char *condition)
{
    const struct rubric *rubric = &question->open.rubric;
    size_t points = rubric->key_point_count;
    size_t all = points + rubric->misconception_count;
    struct assessment assessment = {
        .points = xcalloc(points, sizeof(*assessment.points)),
        .misconceptions = xcalloc(rubric->misconception_count,
                                  sizeof(*assessment.misconceptions))};
    bool holds = all > 16; // too many to try
    for (uint32_t mask = 0; !holds && mask < 1U << all; mask++) {
        for (size_t i = 0; i < points; i++) {
            assessment.points[i].finding =
                mask >> i & 1 ? FINDING_FOUND : FINDING_MISSING;
        }
        for (size_t i = points; i < all; i++) {
            assessment.misconceptions[i - points].held = (mask >> i & 1) != 0;
        }
        for (int half = 0; !holds && half <= 8; half++) {
            assessment.level = half / 2.0;
            holds = condition_holds(condition, question, &assessment);
        }
    }
    free(assessment.points);
    free(assessment.misconceptions);
    return holds;
}

static void
lint_follow_ups(const struct linting *linting)
{
    const struct question *question = linting->question;
    for (size_t i = 0; i < question->open.follow_up_count; i++) {
        const struct follow_up *follow = &question->open.follow_ups[i];
        const struct question *target =
            bank_find(linting->context->bank, follow->ask);
        char path[48];
        snprintf(path, sizeof(path), "follow_ups[%zu]", i);
        if (linting->context->is_whole && target != NULL &&
            target->status != STATUS_READY) {
            lint_say(linting, LINT_FOLLOW_UP, path,
                     tr("'%s' is not ready and will not be asked"),
                     follow->ask);
        }
        if (!can_hold(question, follow->when)) {
            lint_say(linting, LINT_FOLLOW_UP, path,
                     tr("no answer fulfils '%s'"), follow->when);
        }
    }
}

static void
lint_rubric(const struct linting *linting)
{
    const struct question *question = linting->question;
    const struct rubric *rubric = &question->open.rubric;
    const struct {
        const char *path;
        size_t count, least;
    } NEEDS[] = {
        {"rubric.key_points", rubric->key_point_count, 4},
        {"rubric.misconceptions", rubric->misconception_count, 2},
        {"rubric.examples", rubric->example_count, 4},
        {"follow_ups", question->open.follow_up_count,
         question->open.follow_up_only ? 0 : 2},
    };
    for (size_t i = 0; i < sizeof(NEEDS) / sizeof(*NEEDS); i++) {
        if (NEEDS[i].count < NEEDS[i].least) {
            lint_say(linting, LINT_RUBRIC, NEEDS[i].path,
                     tr("'%s': %zu, but at least %zu are wanted"),
                     NEEDS[i].path, NEEDS[i].count, NEEDS[i].least);
        }
    }
}

static void
lint_seeds(const struct linting *linting)
{
    const struct strings *seeds = &linting->question->seeds;
    for (size_t i = 0; linting->context->seeds != NULL && i < seeds->count;
         i++) {
        if (seeds_find(linting->context->seeds, seeds->items[i]) == NULL) {
            char path[32];
            snprintf(path, sizeof(path), "seed[%zu]", i);
            lint_say(linting, LINT_SEED, path, tr("there is no seed '%s'"),
                     seeds->items[i]);
        }
    }
}

/* Reading takes its time, too: at 180 words a minute. */
struct reading_time {
    size_t words[LANG_COUNT];
};

static void
add_words(const struct passage *passage, void *data)
{
    struct reading_time *time = data;
    if (passage->role != PASSAGE_ASK && passage->role != PASSAGE_ITEM) {
        return;
    }
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        struct prose prose;
        prose_init(&prose, passage->text.in[lang]);
        time->words[lang] += prose_words(&prose);
        prose_release(&prose);
    }
}

static void
lint_seconds(const struct linting *linting)
{
    enum {
        WORDS_A_MINUTE = 180
    };
    const struct question *question = linting->question;
    struct reading_time time = {{0}};
    passage_each(question, add_words, &time);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        int seconds = (int)time.words[lang] * 60 / WORDS_A_MINUTE;
        if (seconds > question->seconds) {
            lint_say(linting, LINT_SECONDS, "seconds",
                     tr("reading it ('%s') takes %d seconds of %d"),
                     lang_name((enum lang)lang), seconds, question->seconds);
        }
    }
}

void
lint_links(const struct linting *linting)
{
    const struct lint_context *context = linting->context;
    const struct question *question = linting->question;
    lint_seconds(linting);
    lint_seeds(linting);
    if (question->lab != NULL && context->has_lab != NULL &&
        !context->has_lab(question->lab, context->data)) {
        lint_say(linting, LINT_LAB, "lab", tr("there is no lab '%s' yet"),
                 question->lab);
    }
    if (question->kind == QUESTION_OPEN) {
        lint_follow_ups(linting);
        lint_rubric(linting);
    }
}

// --- the bank --------------------------------------------------------------

/* Marks what an interview can come to from a question. */
static void
reach(const struct bank *bank, const struct question *question, bool *reached)
{
    for (size_t place = 0; place < bank_count(bank); place++) {
        if (bank_at(bank, place) == question) {
            if (reached[place]) {
                return;
            }
            reached[place] = true;
        }
    }
    for (size_t i = 0; i < question->open.follow_up_count; i++) {
        const struct question *next =
            bank_find(bank, question->open.follow_ups[i].ask);
        if (next != NULL && next->kind == QUESTION_OPEN) {
            reach(bank, next, reached);
        }
    }
}

static void
lint_orphans(const struct linting *linting)
{
    const struct bank *bank = linting->context->bank;
    bool *reached = xcalloc(bank_count(bank), sizeof(*reached));
    for (size_t i = 0; i < bank_count(bank); i++) {
        const struct question *question = bank_at(bank, i);
        if (question->kind == QUESTION_OPEN &&
            question->status == STATUS_READY &&
            !question->open.follow_up_only) {
            reach(bank, question, reached);
        }
    }
    for (size_t i = 0; i < bank_count(bank); i++) {
        struct linting own = *linting;
        own.question = bank_at(bank, i);
        if (own.question->kind == QUESTION_OPEN &&
            own.question->status == STATUS_READY && !reached[i]) {
            lint_say(&own, LINT_ORPHAN, "follow_up_only", "%s",
                     tr("no question leads to this follow-up"));
        }
    }
    free(reached);
}

// --- twins -----------------------------------------------------------------

/* A piece of three words of a question. */
struct shingle {
    uint32_t hash;
    uint32_t question;
};

struct shingles {
    struct shingle *items;
    size_t count, room;
    uint32_t *sizes; // by question
};

enum {
    SHINGLE_WORDS = 3,
    TWIN_PCT = 60,
    COMMON = 40 // questions that share a piece that says nothing any more
};

static int
compare_shingles(const void *a, const void *b)
{
    const struct shingle *one = a;
    const struct shingle *other = b;
    if (one->hash != other->hash) {
        return one->hash < other->hash ? -1 : 1;
    }
    return (one->question > other->question) -
           (one->question < other->question);
}

static void
add_shingles(struct shingles *shingles, const struct question *question,
             uint32_t place)
{
    uint32_t last[SHINGLE_WORDS] = {0};
    size_t words = 0;
    char *rest = NULL;
    char *text = xasprintf("%s\n%s", question->ask.in[LANG_EN],
                           question->code != NULL ? question->code : "");
    char *folded = words_fold(text, strlen(text));
    for (char *word = strtok_r(folded, " \n\t.,;:?'\"", &rest); word != NULL;
         word = strtok_r(NULL, " \n\t.,;:?'\"", &rest)) {
        uint32_t hash = 2166136261U;
        for (; *word != '\0'; word++) {
            hash = (hash ^ (unsigned char)*word) * 16777619U;
        }
        memmove(last, last + 1, sizeof(last) - sizeof(*last));
        last[SHINGLE_WORDS - 1] = hash;
        if (++words < SHINGLE_WORDS) {
            continue;
        }
        if (shingles->count == shingles->room) {
            shingles->room = shingles->room * 2 + 1024;
            shingles->items = xreallocarray(shingles->items, shingles->room,
                                            sizeof(*shingles->items));
        }
        shingles->items[shingles->count++] =
            (struct shingle){(last[0] * 31 + last[1]) * 31 + last[2], place};
    }
    free(folded);
    free(text);
}

/* Sorts the pieces and keeps each once for a question. */
static void
order_shingles(struct shingles *shingles)
{
    size_t kept = 0;
    if (shingles->count == 0) {
        return;
    }
    qsort(shingles->items, shingles->count, sizeof(*shingles->items),
          compare_shingles);
    for (size_t i = 0; i < shingles->count; i++) {
        if (i == 0 || compare_shingles(&shingles->items[i - 1],
                                       &shingles->items[i]) != 0) {
            shingles->items[kept++] = shingles->items[i];
            shingles->sizes[shingles->items[i].question]++;
        }
    }
    shingles->count = kept;
}

/* Two questions that share a piece, the earlier one first. */
static int
compare_pairs(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a;
    uint64_t other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

/* All pairs of questions that share a piece, once for each piece; new. */
static uint64_t *
pairs_of(const struct shingles *shingles, size_t *count)
{
    uint64_t *pairs = NULL;
    size_t room = 0;
    *count = 0;
    for (size_t from = 0; from < shingles->count;) {
        size_t to = from;
        while (to < shingles->count &&
               shingles->items[to].hash == shingles->items[from].hash) {
            to++;
        }
        for (size_t i = from; to - from <= COMMON && i < to; i++) {
            for (size_t j = i + 1; j < to; j++) {
                if (*count == room) {
                    room = room * 2 + 1024;
                    pairs = xreallocarray(pairs, room, sizeof(*pairs));
                }
                pairs[(*count)++] = (uint64_t)shingles->items[i].question
                                        << 32 |
                                    shingles->items[j].question;
            }
        }
        from = to;
    }
    return pairs;
}

static void
tell_twins(const struct linting *linting, const struct shingles *shingles)
{
    const struct bank *bank = linting->context->bank;
    size_t count = 0;
    uint64_t *pairs = pairs_of(shingles, &count);
    if (count > 0) {
        qsort(pairs, count, sizeof(*pairs), compare_pairs);
    }
    for (size_t from = 0; from < count;) {
        size_t to = from;
        while (to < count && pairs[to] == pairs[from]) {
            to++;
        }
        uint32_t first = (uint32_t)(pairs[from] >> 32);
        uint32_t second = (uint32_t)pairs[from];
        size_t shared = to - from;
        size_t all = shingles->sizes[first] + shingles->sizes[second] - shared;
        if (shared * 100 > all * TWIN_PCT) {
            struct linting own = *linting;
            own.question = bank_at(bank, second);
            lint_say(&own, LINT_TWIN, "ask",
                     tr("asks nearly the same as '%s' (%zu %% of the words "
                        "in a row)"),
                     bank_at(bank, first)->id, shared * 100 / all);
        }
        from = to;
    }
    free(pairs);
}

static void
lint_twins(const struct linting *linting)
{
    const struct bank *bank = linting->context->bank;
    struct shingles shingles = {
        .sizes = xcalloc(bank_count(bank), sizeof(*shingles.sizes))};
    for (size_t i = 0; i < bank_count(bank); i++) {
        if (bank_at(bank, i)->status != STATUS_RETIRED) {
            add_shingles(&shingles, bank_at(bank, i), (uint32_t)i);
        }
    }
    order_shingles(&shingles);
    tell_twins(linting, &shingles);
    free(shingles.items);
    free(shingles.sizes);
}

void
lint_links_of_bank(const struct linting *linting)
{
    const struct lint_context *context = linting->context;
    const struct bank *bank = context->bank;
    for (size_t i = 0; i < bank_topic_count(bank); i++) {
        const struct topic *topic = bank_topic_at(bank, i);
        if (context->has_topic != NULL &&
            !context->has_topic(topic->id, context->data)) {
            lint_say_of_file(linting, LINT_TOPIC, topic->file,
                             tr("the topic '%s' is not in topics.yaml"),
                             topic->id);
        }
    }
    if (context->is_whole) {
        lint_orphans(linting);
    }
    lint_twins(linting);
}
