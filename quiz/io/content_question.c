#include "quiz/io/content_question.h"

#include <ctype.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/arena.h"
#include "quiz/core/question.h"
#include "quiz/io/content_reader.h"

/* All keys that a question may have; which of them belong to a kind is said in
 * KIND_FIELDS. */
enum question_field {
    F_ID,
    F_KIND,
    F_LEVEL,
    F_STATUS,
    F_SEED,
    F_PYTHON,
    F_ASK,
    F_CODE,
    F_CODE_LANG,
    F_WHY_ASKED,
    F_EXPLAIN,
    F_MISTAKES,
    F_TRY_IT,
    F_PROOF,
    F_TRANSLATED_FROM,
    F_SEE,
    F_LAB,
    F_TAGS,
    F_SECONDS,
    F_OPTIONS,
    F_SHUFFLE,
    F_ANSWER,
    F_STEPS,
    F_PAIRS,
    F_TEXT,
    F_GAPS,
    F_ACCEPT,
    F_RUBRIC,
    F_MODEL,
    F_AT_INTERVIEW,
    F_FOLLOW_UPS,
    F_FOLLOW_UP_ONLY,
    F_COUNT
};

static const struct field FIELDS[F_COUNT] = {
    {"id", true},
    {"kind", true},
    {"level", true},
    {"status", false},
    {"seed", false},
    {"python", false},
    {"ask", true},
    {"code", false},
    {"code_lang", false},
    {"why_asked", true},
    {"explain", true},
    {"mistakes", false},
    {"try_it", false},
    {"proof", false},
    {"translated_from", false},
    {"see", true},
    {"lab", false},
    {"tags", false},
    {"seconds", false},
    {"options", false},
    {"shuffle", false},
    {"answer", false},
    {"steps", false},
    {"pairs", false},
    {"text", false},
    {"gaps", false},
    {"accept", false},
    {"rubric", false},
    {"model", false},
    {"at_interview", false},
    {"follow_ups", false},
    {"follow_up_only", false},
};

/* Of the fields from F_OPTIONS on: which a kind needs and which it may have,
 * as bits. */
#define BIT(field) (1U << ((field)-F_OPTIONS))
static const struct {
    unsigned needs, may;
} KIND_FIELDS[QUESTION_KIND_COUNT] = {
    [QUESTION_CHOICE] = {BIT(F_OPTIONS), BIT(F_SHUFFLE)},
    [QUESTION_TRUE_FALSE] = {BIT(F_ANSWER), 0},
    [QUESTION_OUTPUT] = {BIT(F_ANSWER), 0},
    [QUESTION_NUMBER] = {BIT(F_ANSWER), 0},
    [QUESTION_ORDER] = {BIT(F_STEPS), 0},
    [QUESTION_MATCH] = {BIT(F_PAIRS), 0},
    [QUESTION_CLOZE] = {BIT(F_TEXT) | BIT(F_GAPS), 0},
    [QUESTION_SHORT] = {BIT(F_ACCEPT), 0},
    [QUESTION_OPEN] = {BIT(F_RUBRIC) | BIT(F_MODEL) | BIT(F_AT_INTERVIEW),
                       BIT(F_FOLLOW_UPS) | BIT(F_FOLLOW_UP_ONLY)},
};

/* Suggested seconds by kind and level (shared by all levels but for open
 * questions). */
static int
default_seconds(const struct question *question)
{
    static const int BY_KIND[QUESTION_KIND_COUNT] = {45, 30, 75, 60, 75,
                                                     90, 60, 60, 0};
    static const int OPEN[LEVEL_COUNT] = {120, 180, 240};
    return question->kind >= QUESTION_OPEN ? OPEN[question->level]
                                           : BY_KIND[question->kind];
}

static void
check_kind_fields(const struct reader *reader, const struct ynode *node,
                  const struct ynode *const *values, enum question_kind kind)
{
    for (int field = F_OPTIONS; field < F_COUNT; field++) {
        bool needed = (KIND_FIELDS[kind].needs & BIT(field)) != 0;
        bool allowed = needed || (KIND_FIELDS[kind].may & BIT(field)) != 0;
        if (needed && values[field] == NULL) {
            reader_fault(reader, node,
                         tr("a question of kind '%s' needs the key '%s'"),
                         question_kind_name(kind), FIELDS[field].name);
        }
        if (!allowed && values[field] != NULL) {
            reader_fault(reader, values[field],
                         tr("a question of kind '%s' has no key '%s'"),
                         question_kind_name(kind), FIELDS[field].name);
        }
    }
}

/* A text that ends in one newline (a block) without it. */
static const char *
without_last_newlines(const struct reader *reader, const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n') {
        length--;
    }
    return arena_string(reader->arena, text, length);
}

static void
read_proof(const struct reader *reader, const struct ynode *node,
           struct question *question)
{
    static const struct field FIELD[] = {{"code", true}, {"prints", true}};
    struct proof proof = {0};
    const struct ynode *v[2];
    if (node == NULL || read_map(reader, node, FIELD, 2, v) != 0 ||
        (read_text(reader, v[0], &proof.code) |
         read_text(reader, v[1], &proof.prints)) != 0 ||
        proof.code == NULL || proof.prints == NULL) {
        return;
    }
    question->proof.code = without_last_newlines(reader, proof.code);
    question->proof.prints = without_last_newlines(reader, proof.prints);
}

/* A language, a hyphen and eight hexadecimal digits. */
static void
read_translated_from(const struct reader *reader, const struct ynode *node,
                     struct question *question)
{
    const char *text = NULL;
    enum lang lang = LANG_EN;
    if (read_text(reader, node, &text) != 0 || text == NULL) {
        return;
    }
    const char name[] = {text[0], text[0] != '\0' ? text[1] : '\0', '\0'};
    if (strlen(text) != 11 || text[2] != '-' ||
        strspn(text + 3, "0123456789abcdef") != 8 ||
        lang_from_name(name, &lang) != 0) {
        reader_fault(reader, node, tr("found '%.*s', expected %s"), 40, text,
                     tr("a language and a hash, like en-0123abcd"));
    }
    question->translated_from = text;
}

static int
read_choice(const struct reader *reader, const struct ynode *const *values,
            struct question *question)
{
    static const struct field OPTION[] = {{"en", false},
                                          {"ru", false},
                                          {"right", false},
                                          {"why", true},
                                          {"misconception", false}};
    const struct ynode *list = values[F_OPTIONS];
    question->choice.shuffle = true;
    int result =
        read_bool(reader, values[F_SHUFFLE], &question->choice.shuffle);
    if (list == NULL || read_list(reader, list, 2) != 0) {
        return -1;
    }
    if (list->count > 9) {
        return reader_fault(reader, list, tr("more than %d options"), 9);
    }
    struct choice_option *options =
        arena_take(reader->arena, list->count * sizeof(*options));
    size_t right = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct ynode *v[5];
        const struct ynode *item = list->items[i];
        if (read_map(reader, item, OPTION, 5, v) != 0) {
            return -1;
        }
        result |= read_both(reader, item, v, &options[i].text);
        result |= read_bool(reader, v[2], &options[i].right);
        result |= read_bilingual(reader, v[3], &options[i].why);
        result |= read_id(reader, v[4], false, &options[i].misconception);
        right += options[i].right;
    }
    if (right == 0) {
        result = reader_fault(reader, list, tr("no option is right"));
    }
    if (right == list->count) {
        result = reader_fault(reader, list, tr("every option is right"));
    }
    question->choice.options = options;
    question->choice.count = list->count;
    return result;
}

static int
read_output(const struct reader *reader, const struct ynode *const *values,
            struct question *question)
{
    const char *answer = NULL;
    if (values[F_ANSWER] == NULL) {
        return -1;
    }
    if (values[F_CODE] == NULL) {
        reader_fault(reader, values[F_ANSWER],
                     tr("a question of kind '%s' needs the key '%s'"),
                     question_kind_name(question->kind), "code");
    }
    if (read_text(reader, values[F_ANSWER], &answer) != 0) {
        return -1;
    }
    question->output.answer = without_last_newlines(reader, answer);
    return 0;
}

static int
read_number(const struct reader *reader, const struct ynode *node,
            struct question *question)
{
    static const struct field FIELD[] = {
        {"value", true}, {"tolerance", false}, {"unit", false}};
    const struct ynode *v[3];
    if (node == NULL) {
        return -1;
    }
    if (node->kind == YNODE_SCALAR) {
        return read_double(reader, node, -DBL_MAX, DBL_MAX,
                           &question->number.value);
    }
    if (read_map(reader, node, FIELD, 3, v) != 0) {
        return -1;
    }
    return read_double(reader, v[0], -DBL_MAX, DBL_MAX,
                       &question->number.value) |
           read_double(reader, v[1], 0, DBL_MAX, &question->number.tolerance) |
           read_bilingual(reader, v[2], &question->number.unit);
}

static int
read_pairs(const struct reader *reader, const struct ynode *list,
           struct question *question)
{
    static const struct field FIELD[] = {{"left", true}, {"right", true}};
    if (list == NULL || read_list(reader, list, 2) != 0) {
        return -1;
    }
    if (list->count > 9) {
        return reader_fault(reader, list, tr("more than %d pairs"), 9);
    }
    struct pair *pairs =
        arena_take(reader->arena, list->count * sizeof(*pairs));
    int result = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct ynode *v[2];
        if (read_map(reader, list->items[i], FIELD, 2, v) != 0) {
            return -1;
        }
        result |= read_bilingual(reader, v[0], &pairs[i].left);
        result |= read_bilingual(reader, v[1], &pairs[i].right);
    }
    question->match.pairs = pairs;
    question->match.count = list->count;
    return result;
}

/* Where "{{name}}" stands in a text, or NULL. */
static const char *
find_gap(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = text; (at = strstr(at, "{{")) != NULL; at += 2) {
        if (strncmp(at + 2, name, length) == 0 &&
            strncmp(at + 2 + length, "}}", 2) == 0) {
            return at;
        }
    }
    return NULL;
}

/* Every gap of the texts must be defined. */
static int
check_gaps_defined(const struct reader *reader, const struct ynode *node,
                   const struct question *question)
{
    int result = 0;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        const char *at = question->cloze.text.in[lang];
        while (at != NULL && (at = strstr(at, "{{")) != NULL) {
            at += 2;
            size_t length = strcspn(at, "}");
            bool known = strncmp(at + length, "}}", 2) == 0;
            bool found = false;
            for (size_t i = 0; known && i < question->cloze.count; i++) {
                const char *name = question->cloze.gaps[i].name;
                found |=
                    strlen(name) == length && strncmp(name, at, length) == 0;
            }
            if (!found) {
                result = reader_fault(
                    reader, node,
                    tr("the gap '{{%.*s' of the text '%s' is not among the "
                       "gaps"),
                    (int)(length < 40 ? length : 40), at,
                    lang_name((enum lang)lang));
            }
        }
    }
    return result;
}

static int
by_place(const void *a, const void *b, void *text)
{
    const char *first = find_gap(text, ((const struct gap *)a)->name);
    const char *second = find_gap(text, ((const struct gap *)b)->name);
    return (first > second) - (first < second);
}

static int
read_cloze(const struct reader *reader, const struct ynode *const *values,
           struct question *question)
{
    static const struct field FIELD[] = {{"accept", true}};
    const struct ynode *map = values[F_GAPS];
    struct bilingual *text = &question->cloze.text;
    if (read_bilingual(reader, values[F_TEXT], text) != 0 ||
        values[F_TEXT] == NULL || map == NULL) {
        return -1;
    }
    if (map->kind != YNODE_MAP || map->count == 0) {
        return reader_fault(reader, map, tr("expected the gaps by name"));
    }
    struct gap *gaps =
        arena_take(reader->arena, map->count / 2 * sizeof(*gaps));
    int result = 0;
    for (size_t i = 0; i < map->count / 2; i++) {
        const struct ynode *name = map->items[2 * i];
        const struct ynode *v[1];
        if (read_id(reader, name, true, &gaps[i].name) != 0 ||
            read_map(reader, map->items[2 * i + 1], FIELD, 1, v) != 0) {
            return -1;
        }
        result |= read_accepted(reader, v[0], &gaps[i].accept);
        for (size_t before = 0; before < i; before++) {
            if (strcmp(gaps[before].name, gaps[i].name) == 0) {
                result = reader_fault(
                    reader, name, tr("key '%s' stands twice"), gaps[i].name);
            }
        }
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            if (find_gap(text->in[lang], gaps[i].name) == NULL) {
                result = reader_fault(
                    reader, name, tr("the text '%s' has no gap '{{%s}}'"),
                    lang_name((enum lang)lang), gaps[i].name);
            }
        }
    }
    question->cloze.gaps = gaps;
    question->cloze.count = map->count / 2;
    result |= check_gaps_defined(reader, values[F_TEXT], question);
    if (result == 0) {
        char *english = arena_string(reader->arena, text->in[LANG_EN],
                                     strlen(text->in[LANG_EN]));
        qsort_r(gaps, question->cloze.count, sizeof(*gaps), by_place, english);
    }
    return result;
}

static int
read_kind(const struct reader *reader, const struct ynode *const *values,
          struct question *question)
{
    switch (question->kind) {
    case QUESTION_CHOICE:
        return read_choice(reader, values, question);
    case QUESTION_TRUE_FALSE:
        return read_bool(reader, values[F_ANSWER],
                         &question->true_false.answer);
    case QUESTION_OUTPUT:
        return read_output(reader, values, question);
    case QUESTION_NUMBER:
        return read_number(reader, values[F_ANSWER], question);
    case QUESTION_ORDER:
        return read_bilinguals(reader, values[F_STEPS], 2,
                               &question->order.steps, &question->order.count);
    case QUESTION_MATCH:
        return read_pairs(reader, values[F_PAIRS], question);
    case QUESTION_CLOZE:
        return read_cloze(reader, values, question);
    case QUESTION_SHORT:
        return read_accepted(reader, values[F_ACCEPT], &question->term.accept);
    case QUESTION_OPEN: {
        int result = content_read_rubric(reader, values[F_RUBRIC], question);
        result |= content_read_model(reader, values[F_MODEL], question);
        result |= read_bilingual(reader, values[F_AT_INTERVIEW],
                                 &question->open.at_interview);
        result |= read_bool(reader, values[F_FOLLOW_UP_ONLY],
                            &question->open.follow_up_only);
        return result |
               content_read_follow_ups(reader, values[F_FOLLOW_UPS], question);
    }
    case QUESTION_KIND_COUNT:
        break;
    }
    return -1;
}

/* A claim about versions: ">=3.8, <3.14". */
static int
check_python(const struct reader *reader, const struct ynode *node,
             const char *claim)
{
    static const char DIGITS[] = "0123456789";
    for (const char *at = claim;;) {
        at += strspn(at, " ");
        size_t sign = strspn(at, "<>=!");
        bool known =
            sign == 1 ? *at == '<' || *at == '>' : sign == 2 && at[1] == '=';
        const char *major = at + sign;
        const char *dot = major + strspn(major, DIGITS);
        const char *minor = dot + (*dot == '.');
        const char *end = minor + strspn(minor, DIGITS);
        if (!known || dot == major || *dot != '.' || end == minor) {
            break;
        }
        at = end + strspn(end, " ");
        if (*at == '\0') {
            return 0;
        }
        if (*at++ != ',') {
            break;
        }
    }
    return reader_fault(reader, node,
                        tr("found '%.40s', expected versions like "
                           "\">=3.8, <3.14\""),
                        claim);
}

int
content_read_question(const struct reader *reader, const struct ynode *node,
                      struct question *question)
{
    const struct ynode *v[F_COUNT];
    size_t errors = reader->faults->errors;
    if (read_map(reader, node, FIELDS, F_COUNT, v) != 0) {
        return -1;
    }
    int kind = QUESTION_KIND_COUNT;
    int level = 0;
    int status = STATUS_READY;
    int code_lang = CODE_PYTHON;
    question->line = node->line;
    read_id(reader, v[F_ID], false, &question->id);
    read_name(reader, v[F_KIND], question_kind_names(), QUESTION_KIND_COUNT,
              &kind);
    read_name(reader, v[F_LEVEL], level_names(), LEVEL_COUNT, &level);
    read_name(reader, v[F_STATUS], status_names(), STATUS_COUNT, &status);
    read_name(reader, v[F_CODE_LANG], code_lang_names(), CODE_LANG_COUNT,
              &code_lang);
    question->kind = (enum question_kind)kind;
    question->level = (enum level)level;
    question->status = (enum status)status;
    question->code_lang = (enum code_lang)code_lang;
    read_strings(reader, v[F_SEED], &question->seeds);
    if (read_text(reader, v[F_PYTHON], &question->python) == 0 &&
        question->python != NULL) {
        check_python(reader, v[F_PYTHON], question->python);
    }
    read_bilingual(reader, v[F_ASK], &question->ask);
    if (read_text(reader, v[F_CODE], &question->code) == 0 &&
        question->code != NULL) {
        question->code = without_last_newlines(reader, question->code);
    }
    read_bilingual(reader, v[F_WHY_ASKED], &question->why_asked);
    read_bilingual(reader, v[F_EXPLAIN], &question->explain);
    read_bilinguals(reader, v[F_MISTAKES], 1, &question->mistakes,
                    &question->mistake_count);
    read_text(reader, v[F_TRY_IT], &question->try_it);
    read_proof(reader, v[F_PROOF], question);
    read_translated_from(reader, v[F_TRANSLATED_FROM], question);
    read_strings(reader, v[F_SEE], &question->see);
    if (v[F_SEE] != NULL && v[F_SEE]->kind == YNODE_LIST) {
        read_list(reader, v[F_SEE], 1);
    }
    read_id(reader, v[F_LAB], true, &question->lab);
    read_strings(reader, v[F_TAGS], &question->tags);
    if (kind != QUESTION_KIND_COUNT) {
        check_kind_fields(reader, node, v, question->kind);
        read_kind(reader, v, question);
        question->seconds = default_seconds(question);
    }
    read_int(reader, v[F_SECONDS], 5, 3600, &question->seconds);
    return reader->faults->errors == errors && !node->faulty ? 0 : -1;
}
