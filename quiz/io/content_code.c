#include "quiz/io/content_code.h"

#include <math.h>
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/bank.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"

// --- plain values ----------------------------------------------------------

static void
code_bytes(struct coder *coder, void *value, size_t size)
{
    if (coder->out != NULL) {
        text_add_bytes(coder->out, value, size);
    }
    else if (coder->broken || (size_t)(coder->end - coder->at) < size) {
        coder->broken = true;
        memset(value, 0, size);
    }
    else {
        memcpy(value, coder->at, size);
        coder->at += size;
    }
}

void
code_u32(struct coder *coder, uint32_t *value)
{
    code_bytes(coder, value, sizeof(*value));
}

static void
code_int(struct coder *coder, int *value)
{
    code_bytes(coder, value, sizeof(*value));
}

/* A number from 0 to limit - 1. */
static int
code_choice(struct coder *coder, int value, int limit)
{
    code_int(coder, &value);
    if (value < 0 || value >= limit) {
        coder->broken = true;
        value = 0;
    }
    return value;
}

static void
code_bool(struct coder *coder, bool *value)
{
    unsigned char byte = *value;
    code_bytes(coder, &byte, 1);
    coder->broken |= byte > 1;
    *value = byte == 1;
}

static void
code_double(struct coder *coder, double *value)
{
    code_bytes(coder, value, sizeof(*value));
    if (!isfinite(*value)) {
        coder->broken = true;
        *value = 0;
    }
}

/* NULL is told from "" by the length: one more than there are bytes. */
static void
code_string(struct coder *coder, const char **string)
{
    uint32_t size = 0;
    if (coder->out != NULL) {
        size = *string != NULL ? (uint32_t)strlen(*string) + 1 : 0;
        code_u32(coder, &size);
        text_add_bytes(coder->out, *string != NULL ? *string : "", size);
        return;
    }
    code_u32(coder, &size);
    *string = NULL;
    if (size == 0) {
        return;
    }
    if ((size_t)(coder->end - coder->at) < size ||
        memchr(coder->at, '\0', size) != coder->at + size - 1) {
        coder->broken = true;
        return;
    }
    *string = coder->at;
    coder->at += size;
}

/* A string that is never missing. */
static void
code_text(struct coder *coder, const char **string)
{
    code_string(coder, string);
    if (*string == NULL) {
        coder->broken = true;
        *string = "";
    }
}

static void
code_bilingual(struct coder *coder, struct bilingual *text)
{
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        code_string(coder, &text->in[lang]);
    }
    coder->broken |=
        (text->in[LANG_EN] == NULL) != (text->in[LANG_RU] == NULL);
}

/* A text in both languages that is never missing. */
static void
code_both(struct coder *coder, struct bilingual *text)
{
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        code_text(coder, &text->in[lang]);
    }
}

/* The number of an array's items. Reading: the array, zeroed, NULL if empty.
 * Each item takes four bytes at least, so a wrong number asks for no more
 * memory than the bytes are worth. */
static void *
code_array(struct coder *coder, size_t *count, size_t size)
{
    uint32_t items = (uint32_t)*count;
    code_u32(coder, &items);
    if (coder->out != NULL) {
        return NULL;
    }
    if (items > (size_t)(coder->end - coder->at) / 4) {
        coder->broken = true;
    }
    *count = coder->broken ? 0 : items;
    return *count > 0 ? arena_take(coder->arena, *count * size) : NULL;
}

// --- lists -----------------------------------------------------------------

static void
code_strings(struct coder *coder, struct strings *strings)
{
    const char **items = code_array(coder, &strings->count, sizeof(*items));
    for (size_t i = 0; i < strings->count; i++) {
        const char *item = items == NULL ? strings->items[i] : NULL;
        code_text(coder, &item);
        if (items != NULL) {
            items[i] = item;
        }
    }
    if (coder->out == NULL) {
        strings->items = items;
    }
}

static void
code_accepted(struct coder *coder, struct accepted *accepted)
{
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        code_strings(coder, &accepted->in[lang]);
        coder->broken |= accepted->in[lang].count == 0;
    }
}

static void
code_bilinguals(struct coder *coder, const struct bilingual **texts,
                size_t *count)
{
    struct bilingual *items = code_array(coder, count, sizeof(*items));
    for (size_t i = 0; i < *count; i++) {
        struct bilingual item =
            items == NULL ? (*texts)[i] : (struct bilingual){{NULL}};
        code_both(coder, &item);
        if (items != NULL) {
            items[i] = item;
        }
    }
    if (coder->out == NULL) {
        *texts = items;
    }
}

static void
code_options(struct coder *coder, const struct choice_option **options,
             size_t *count)
{
    struct choice_option *items = code_array(coder, count, sizeof(*items));
    for (size_t i = 0; i < *count; i++) {
        struct choice_option item =
            items == NULL ? (*options)[i] : (struct choice_option){0};
        code_both(coder, &item.text);
        code_bool(coder, &item.right);
        code_both(coder, &item.why);
        code_string(coder, &item.misconception);
        if (items != NULL) {
            items[i] = item;
        }
    }
    if (coder->out == NULL) {
        *options = items;
    }
}

static void
code_pairs(struct coder *coder, const struct pair **pairs, size_t *count)
{
    struct pair *items = code_array(coder, count, sizeof(*items));
    for (size_t i = 0; i < *count; i++) {
        struct pair item = items == NULL ? (*pairs)[i] : (struct pair){0};
        code_both(coder, &item.left);
        code_both(coder, &item.right);
        if (items != NULL) {
            items[i] = item;
        }
    }
    if (coder->out == NULL) {
        *pairs = items;
    }
}

static void
code_gaps(struct coder *coder, const struct gap **gaps, size_t *count)
{
    struct gap *items = code_array(coder, count, sizeof(*items));
    for (size_t i = 0; i < *count; i++) {
        struct gap item = items == NULL ? (*gaps)[i] : (struct gap){0};
        code_text(coder, &item.name);
        code_accepted(coder, &item.accept);
        if (items != NULL) {
            items[i] = item;
        }
    }
    if (coder->out == NULL) {
        *gaps = items;
    }
}

// --- rubrics ---------------------------------------------------------------

static void
code_patterns(struct coder *coder, struct patterns *patterns)
{
    struct pattern *items =
        code_array(coder, &patterns->count, sizeof(*items));
    for (size_t i = 0; i < patterns->count; i++) {
        struct pattern item =
            items == NULL ? patterns->items[i] : (struct pattern){0};
        code_text(coder, &item.slots);
        item.window = code_choice(coder, item.window, 1000);
        code_bool(coder, &item.ordered);
        code_bool(coder, &item.across);
        code_bool(coder, &item.terms);
        item.polarity = (enum polarity)code_choice(coder, (int)item.polarity,
                                                   POLARITY_ANY + 1);
        if (items != NULL) {
            items[i] = item;
        }
    }
    if (coder->out == NULL) {
        patterns->items = items;
    }
}

static void
code_points(struct coder *coder, struct rubric *rubric)
{
    struct key_point *items =
        code_array(coder, &rubric->key_point_count, sizeof(*items));
    for (size_t i = 0; i < rubric->key_point_count; i++) {
        struct key_point item =
            items == NULL ? rubric->key_points[i] : (struct key_point){0};
        code_text(coder, &item.id);
        item.weight = code_choice(coder, item.weight, 100);
        code_bool(coder, &item.essential);
        code_both(coder, &item.text);
        code_both(coder, &item.hint);
        code_patterns(coder, &item.match);
        if (items != NULL) {
            items[i] = item;
        }
    }
    if (coder->out == NULL) {
        rubric->key_points = items;
    }
}

static void
code_misconceptions(struct coder *coder, struct rubric *rubric)
{
    struct misconception *items =
        code_array(coder, &rubric->misconception_count, sizeof(*items));
    for (size_t i = 0; i < rubric->misconception_count; i++) {
        struct misconception item = items == NULL ? rubric->misconceptions[i]
                                                  : (struct misconception){0};
        code_text(coder, &item.id);
        code_bool(coder, &item.major);
        code_strings(coder, &item.excludes);
        code_both(coder, &item.text);
        code_both(coder, &item.say);
        code_patterns(coder, &item.match);
        if (items != NULL) {
            items[i] = item;
        }
    }
    if (coder->out == NULL) {
        rubric->misconceptions = items;
    }
}

static void
code_examples(struct coder *coder, struct rubric *rubric)
{
    struct rubric_example *items =
        code_array(coder, &rubric->example_count, sizeof(*items));
    for (size_t i = 0; i < rubric->example_count; i++) {
        struct rubric_example item =
            items == NULL ? rubric->examples[i] : (struct rubric_example){0};
        item.lang = (enum lang)code_choice(coder, (int)item.lang, LANG_COUNT);
        code_text(coder, &item.text);
        code_strings(coder, &item.covers);
        code_strings(coder, &item.misconceptions);
        item.level_low = code_choice(coder, item.level_low, 5);
        item.level_high = code_choice(coder, item.level_high, 5);
        if (items != NULL) {
            items[i] = item;
        }
    }
    if (coder->out == NULL) {
        rubric->examples = items;
    }
}

static void
code_follow_ups(struct coder *coder, const struct follow_up **follow_ups,
                size_t *count)
{
    struct follow_up *items = code_array(coder, count, sizeof(*items));
    for (size_t i = 0; i < *count; i++) {
        struct follow_up item =
            items == NULL ? (*follow_ups)[i] : (struct follow_up){0};
        code_text(coder, &item.ask);
        code_text(coder, &item.when);
        if (items != NULL) {
            items[i] = item;
        }
    }
    if (coder->out == NULL) {
        *follow_ups = items;
    }
}

static void
code_open(struct coder *coder, struct question *question)
{
    code_double(coder, &question->open.rubric.full_at);
    code_points(coder, &question->open.rubric);
    code_misconceptions(coder, &question->open.rubric);
    code_examples(coder, &question->open.rubric);
    code_both(coder, &question->open.model_short);
    code_both(coder, &question->open.model_long);
    code_both(coder, &question->open.at_interview);
    code_follow_ups(coder, &question->open.follow_ups,
                    &question->open.follow_up_count);
}

// --- questions and topics --------------------------------------------------

static void
code_kind(struct coder *coder, struct question *question)
{
    switch (question->kind) {
    case QUESTION_CHOICE:
        code_options(coder, &question->choice.options,
                     &question->choice.count);
        code_bool(coder, &question->choice.shuffle);
        coder->broken |= question->choice.count > 9;
        break;
    case QUESTION_TRUE_FALSE:
        code_bool(coder, &question->true_false.answer);
        break;
    case QUESTION_OUTPUT:
        code_text(coder, &question->output.answer);
        break;
    case QUESTION_NUMBER:
        code_double(coder, &question->number.value);
        code_double(coder, &question->number.tolerance);
        code_bilingual(coder, &question->number.unit);
        break;
    case QUESTION_ORDER:
        code_bilinguals(coder, &question->order.steps, &question->order.count);
        break;
    case QUESTION_MATCH:
        code_pairs(coder, &question->match.pairs, &question->match.count);
        coder->broken |= question->match.count > 9;
        break;
    case QUESTION_CLOZE:
        code_both(coder, &question->cloze.text);
        code_gaps(coder, &question->cloze.gaps, &question->cloze.count);
        break;
    case QUESTION_SHORT:
        code_accepted(coder, &question->term.accept);
        break;
    case QUESTION_OPEN:
        code_open(coder, question);
        break;
    case QUESTION_KIND_COUNT:
        break;
    }
}

void
code_brief(struct coder *coder, struct question *question)
{
    code_text(coder, &question->id);
    code_text(coder, &question->topic);
    code_text(coder, &question->file);
    code_int(coder, &question->line);
    question->kind = (enum question_kind)code_choice(
        coder, (int)question->kind, QUESTION_KIND_COUNT);
    question->level =
        (enum level)code_choice(coder, (int)question->level, LEVEL_COUNT);
    question->status =
        (enum status)code_choice(coder, (int)question->status, STATUS_COUNT);
    question->seconds = code_choice(coder, question->seconds, 3601);
    coder->broken |= question->seconds == 0;
    if (question->kind == QUESTION_OPEN) {
        code_bool(coder, &question->open.follow_up_only);
    }
}

void
code_rest(struct coder *coder, struct question *question)
{
    code_both(coder, &question->ask);
    code_string(coder, &question->code);
    question->code_lang = (enum code_lang)code_choice(
        coder, (int)question->code_lang, CODE_LANG_COUNT);
    code_both(coder, &question->why_asked);
    code_both(coder, &question->explain);
    code_bilinguals(coder, &question->mistakes, &question->mistake_count);
    code_string(coder, &question->python);
    code_string(coder, &question->try_it);
    code_string(coder, &question->proof.code);
    code_string(coder, &question->proof.prints);
    coder->broken |=
        (question->proof.code == NULL) != (question->proof.prints == NULL);
    code_string(coder, &question->translated_from);
    code_strings(coder, &question->see);
    code_strings(coder, &question->seeds);
    code_strings(coder, &question->tags);
    code_string(coder, &question->lab);
    if (!coder->broken) {
        code_kind(coder, question);
    }
}

void
code_topic(struct coder *coder, struct topic *topic)
{
    code_text(coder, &topic->id);
    code_both(coder, &topic->title);
    code_string(coder, &topic->checked_with);
    code_text(coder, &topic->file);
}
