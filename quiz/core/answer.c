#include "quiz/core/answer.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/core/words.h"
#include "quiz/core/xalloc.h"

void
answer_release(struct answer *answer)
{
    for (size_t i = 0; i < ANSWER_ITEMS; i++) {
        free(answer->texts[i]);
        answer->texts[i] = NULL;
    }
}

size_t
answer_items(const struct question *question)
{
    switch (question->kind) {
    case QUESTION_CHOICE:
        return question->choice.count;
    case QUESTION_ORDER:
        return question->order.count;
    case QUESTION_MATCH:
        return question->match.count;
    case QUESTION_CLOZE:
        return question->cloze.count;
    case QUESTION_TRUE_FALSE:
    case QUESTION_OUTPUT:
    case QUESTION_NUMBER:
    case QUESTION_SHORT:
    case QUESTION_OPEN:
    case QUESTION_KIND_COUNT:
        break;
    }
    return 1;
}

/* splitmix64 (Sebastiano Vigna, public domain). */
static uint64_t
next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

struct shuffle
answer_shuffle(const struct question *question, unsigned long seed)
{
    struct shuffle shuffle = {.count = answer_items(question)};
    uint64_t state = seed;
    for (const char *id = question->id; *id != '\0'; id++) {
        state = state * 31 + (unsigned char)*id;
    }
    for (size_t i = 0; i < shuffle.count; i++) {
        shuffle.shown[i] = (int)i;
    }
    bool moves =
        question->kind == QUESTION_ORDER || question->kind == QUESTION_MATCH ||
        (question->kind == QUESTION_CHOICE && question->choice.shuffle);
    for (size_t i = shuffle.count; moves && i > 1; i--) {
        size_t other = (size_t)(next_random(&state) % i);
        int kept = shuffle.shown[i - 1];
        shuffle.shown[i - 1] = shuffle.shown[other];
        shuffle.shown[other] = kept;
    }
    bool same = question->kind == QUESTION_ORDER;
    for (size_t i = 0; i < shuffle.count; i++) {
        same = same && shuffle.shown[i] == (int)i;
    }
    if (same && shuffle.count > 1) {
        shuffle.shown[0] = 1;
        shuffle.shown[1] = 0;
    }
    return shuffle;
}

// --- reading a typed line --------------------------------------------------

/* The number of an item named by a letter (in either layout, so that а is a)
 * or by a number; -1 if it names none. Moves *at behind it. */
static int
read_item(const char **at, size_t count)
{
    // The letters of the Russian alphabet that stand for a, b, c ... when
    // people count with them.
    static const char *const RUSSIAN[] = {"а", "б", "в", "г", "д",
                                          "е", "ж", "з", "и"};
    int item = -1;
    if (isdigit((unsigned char)**at)) {
        char *end = NULL;
        long number = strtol(*at, &end, 10);
        item = number <= (long)count ? (int)number - 1 : -1;
        *at = end;
    }
    else if (**at >= 'a' && **at <= 'z') {
        item = **at - 'a';
        (*at)++;
    }
    else {
        for (int i = 0; i < 9; i++) {
            if (strncmp(*at, RUSSIAN[i], 2) == 0) {
                item = i;
                *at += 2;
                break;
            }
        }
    }
    return item >= 0 && item < (int)count ? item : -1;
}

/* The items of a line, in their order; their number, or -1. */
static int
read_items(const char *line, size_t count, int *items)
{
    char *folded = words_fold(line, strlen(line));
    const char *at = folded;
    int found = 0;
    for (;;) {
        at += strspn(at, " \t,;.>-()[]");
        if (*at == '\0') {
            break;
        }
        int item = read_item(&at, count);
        if (item < 0 || found == ANSWER_ITEMS) {
            found = -1;
            break;
        }
        items[found++] = item;
    }
    free(folded);
    return found;
}

static int
parse_choice(const struct question *question, const struct shuffle *shuffle,
             const char *line, struct answer *answer, struct error *err)
{
    int items[ANSWER_ITEMS] = {0};
    int found = read_items(line, question->choice.count, items);
    if (found <= 0) {
        return error_set_status(err, EXIT_STATUS_USAGE,
                                tr("name the options by their letters, from "
                                   "a to %c"),
                                'a' + (int)question->choice.count - 1);
    }
    memset(answer->chosen, 0, sizeof(answer->chosen));
    for (int i = 0; i < found; i++) {
        answer->chosen[shuffle->shown[items[i]]] = true;
    }
    return 0;
}

/* A permutation: every item once. */
static int
parse_places(const struct question *question, const struct shuffle *shuffle,
             const char *line, struct answer *answer, struct error *err)
{
    int items[ANSWER_ITEMS] = {0};
    bool seen[ANSWER_ITEMS] = {false};
    size_t count = answer_items(question);
    int found = read_items(line, count, items);
    bool whole = found == (int)count;
    for (int i = 0; whole && i < found; i++) {
        whole = !seen[items[i]];
        seen[items[i]] = true;
    }
    if (!whole) {
        return error_set_status(
            err, EXIT_STATUS_USAGE,
            question->kind == QUESTION_ORDER
                ? tr("name all %zu steps in their order, each once: 2 1 3 ...")
                : tr("name the %zu right-hand letters from the first line to "
                     "the last, each once: b a c ..."),
            count);
    }
    for (size_t i = 0; i < count; i++) {
        answer->places[i] = shuffle->shown[items[i]];
    }
    return 0;
}

static int
parse_truth(const char *line, struct answer *answer, struct error *err)
{
    static const char *const YES[] = {"y",      "yes",    "t", "true",
                                      "д",      "да",     "в", "верно",
                                      "правда", "истина", "1", "+"};
    static const char *const NO[] = {"n",        "no",  "f",       "false",
                                     "н",        "нет", "неверно", "ложь",
                                     "неправда", "0",   "-",       "л"};
    char *folded = words_fold(line, strlen(line));
    char *word = folded + strspn(folded, " \t");
    word[strcspn(word, " \t.!")] = '\0';
    int result = -1;
    for (size_t i = 0; i < sizeof(YES) / sizeof(*YES); i++) {
        if (strcmp(word, YES[i]) == 0 || strcmp(word, NO[i]) == 0) {
            answer->truth = strcmp(word, YES[i]) == 0;
            result = 0;
        }
    }
    free(folded);
    return result == 0 ? 0
                       : error_set_status(err, EXIT_STATUS_USAGE,
                                          tr("answer y (true) or n (false)"));
}

/* Whether three digits and no more follow the only comma of a number. */
static bool
may_part_thousands(const char *digits)
{
    const char *comma = strchr(digits, ',');
    return comma != NULL && strspn(comma + 1, "0123456789") == 3;
}

/* A number as people write it: "1 024", "1_024", "3,5", "0x10", "56 bytes".
 * "1,024" can be read in two ways: as thousands if american. NaN if it is
 * none. */
static double
read_number(const char *line, bool american)
{
    char digits[64];
    size_t length = 0;
    char *folded = words_fold(line, strlen(line));
    for (const char *at = folded; *at != '\0' && length + 1 < sizeof(digits);
         at++) {
        bool between = length > 0 && isdigit((unsigned char)at[1]) &&
                       isdigit((unsigned char)at[-1]);
        if ((*at == ' ' || *at == '_' || *at == '\'') && between) {
            continue;
        }
        if (*at == '~' || (*at == ' ' && length == 0)) {
            continue;
        }
        digits[length++] = *at;
    }
    digits[length] = '\0';
    free(folded);
    // A comma parts thousands when three digits follow it and there is a
    // point or another comma as well; else it is a decimal one.
    bool thousands =
        (american && may_part_thousands(digits)) ||
        strchr(digits, ',') != strrchr(digits, ',') ||
        (strchr(digits, ',') != NULL && strchr(digits, '.') != NULL);
    size_t kept = 0;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] == ',' && thousands) {
            continue;
        }
        digits[kept++] = digits[i];
        if (digits[i] == ',') {
            digits[kept - 1] = '.';
        }
    }
    digits[kept] = '\0';
    char *end = NULL;
    double value = strtod(digits, &end);
    bool unit = *end == ' ' || *end == '%' || *end == '\0' || *end == '.' ||
                (unsigned char)*end >= 0x80 || isalpha((unsigned char)*end);
    return end == digits || !unit ? (double)NAN : value;
}

static int
parse_number(const char *line, struct answer *answer, struct error *err)
{
    if (!isfinite(read_number(line, false))) {
        return error_set_status(err, EXIT_STATUS_USAGE, tr("type a number"));
    }
    free(answer->texts[0]);
    answer->texts[0] = xstrdup(line);
    return 0;
}

int
answer_parse(const struct question *question, const struct shuffle *shuffle,
             size_t item, const char *line, struct answer *answer,
             struct error *err)
{
    switch (question->kind) {
    case QUESTION_CHOICE:
        return parse_choice(question, shuffle, line, answer, err);
    case QUESTION_TRUE_FALSE:
        return parse_truth(line, answer, err);
    case QUESTION_ORDER:
    case QUESTION_MATCH:
        return parse_places(question, shuffle, line, answer, err);
    case QUESTION_NUMBER:
        return parse_number(line, answer, err);
    case QUESTION_OUTPUT:
    case QUESTION_CLOZE:
    case QUESTION_SHORT:
    case QUESTION_OPEN:
        if (line[strspn(line, " \t\n")] == '\0') {
            return error_set_status(err, EXIT_STATUS_USAGE,
                                    tr("type an answer, or skip it"));
        }
        free(answer->texts[item]);
        answer->texts[item] = xstrdup(line);
        return 0;
    case QUESTION_KIND_COUNT:
        break;
    }
    return -1;
}

// --- judging ---------------------------------------------------------------

/* Right choices less wrong ones, as a share: choosing everything gives 0. */
static void
judge_choice(const struct question *question, const struct answer *answer,
             struct judgement *judgement)
{
    int rights = 0;
    int hits = 0;
    int wrongs = 0;
    for (size_t i = 0; i < question->choice.count; i++) {
        bool right = question->choice.options[i].right;
        rights += right;
        hits += right && answer->chosen[i];
        wrongs += !right && answer->chosen[i];
        judgement->right[i] = right == answer->chosen[i];
    }
    bool everything = hits + wrongs == (int)question->choice.count;
    judgement->score =
        everything || hits <= wrongs ? 0 : (double)(hits - wrongs) / rights;
}

/* Pairs of steps in the right order less pairs in the wrong one, as a share
 * (Kendall's tau, nothing below 0). */
static void
judge_order(const struct question *question, const struct answer *answer,
            struct judgement *judgement)
{
    size_t count = question->order.count;
    int tau = 0;
    for (size_t i = 0; i < count; i++) {
        judgement->right[i] = answer->places[i] == (int)i;
        for (size_t j = i + 1; j < count; j++) {
            tau += answer->places[i] < answer->places[j] ? 1 : -1;
        }
    }
    double pairs = (double)count * (double)(count - 1) / 2;
    judgement->score = tau > 0 ? tau / pairs : 0;
}

/* Pairs whose right-hand sides read the same in both languages are the
 * same. */
static bool
same_side(const struct pair *a, const struct pair *b)
{
    return strcmp(a->right.in[LANG_EN], b->right.in[LANG_EN]) == 0;
}

static void
judge_match(const struct question *question, const struct answer *answer,
            struct judgement *judgement)
{
    const struct pair *pairs = question->match.pairs;
    int hits = 0;
    for (size_t i = 0; i < question->match.count; i++) {
        judgement->right[i] = same_side(&pairs[i], &pairs[answer->places[i]]);
        hits += judgement->right[i];
    }
    judgement->score = (double)hits / (double)question->match.count;
}

static bool
is_accepted(const struct accepted *accepted, const char *typed)
{
    for (int lang = 0; typed != NULL && lang < LANG_COUNT; lang++) {
        const struct strings *list = &accepted->in[lang];
        for (size_t i = 0; i < list->count; i++) {
            if (words_answer_is(list->items[i], typed)) {
                return true;
            }
        }
    }
    return false;
}

static void
judge_cloze(const struct question *question, const struct answer *answer,
            struct judgement *judgement)
{
    int hits = 0;
    for (size_t i = 0; i < question->cloze.count; i++) {
        judgement->right[i] =
            is_accepted(&question->cloze.gaps[i].accept, answer->texts[i]);
        hits += judgement->right[i];
    }
    judgement->score = (double)hits / (double)question->cloze.count;
}

/* The first newline, or backslash and n, or the end. */
static const char *
find_break(const char *text)
{
    while (*text != '\0' && *text != '\n' &&
           !(text[0] == '\\' && text[1] == 'n')) {
        text++;
    }
    return text;
}

/* Adds what was typed in one line or in several: a typed "\n" stands for a
 * newline, unless a backslash and an n are wanted at its place. */
static void
add_typed_output(struct text *text, const char *wanted, const char *typed)
{
    while (*typed != '\0') {
        const char *end = find_break(typed);
        text_add_bytes(text, typed, (size_t)(end - typed));
        typed = end;
        if (*typed != '\0') {
            wanted = find_break(wanted);
            bool as_typed = *typed == '\\' && *wanted == '\\';
            text_add(text, as_typed ? "\\n" : "\n");
            typed += *typed == '\\' ? 2 : 1;
            wanted += *wanted == '\\' ? 2 : *wanted != '\0';
        }
    }
}

/* The same output: blanks at the ends of lines and empty lines at the end do
 * not count. */
static bool
same_output(const char *wanted, const char *typed)
{
    struct text text = {0};
    add_typed_output(&text, wanted, typed);
    const char *a = wanted;
    const char *b = text_string(&text);
    bool same = true;
    while (same && (*a != '\0' || *b != '\0')) {
        size_t a_length = strcspn(a, "\n");
        size_t b_length = strcspn(b, "\n");
        size_t a_kept = a_length;
        size_t b_kept = b_length;
        while (a_kept > 0 && strchr(" \t\r", a[a_kept - 1]) != NULL) {
            a_kept--;
        }
        while (b_kept > 0 && strchr(" \t\r", b[b_kept - 1]) != NULL) {
            b_kept--;
        }
        same = a_kept == b_kept && memcmp(a, b, a_kept) == 0;
        a += a_length + (a[a_length] == '\n');
        b += b_length + (b[b_length] == '\n');
    }
    text_release(&text);
    return same;
}

static bool
is_near(const struct question *question, double number)
{
    // A hair more than the tolerance, for decimal fractions in binary.
    return fabs(number - question->number.value) <=
           question->number.tolerance * (1 + 1e-9) +
               fabs(question->number.value) * 1e-12;
}

struct judgement
answer_judge(const struct question *question, const struct answer *answer)
{
    struct judgement judgement = {0};
    const char *typed = answer->texts[0] != NULL ? answer->texts[0] : "";
    bool right = false;
    switch (question->kind) {
    case QUESTION_CHOICE:
        judge_choice(question, answer, &judgement);
        return judgement;
    case QUESTION_ORDER:
        judge_order(question, answer, &judgement);
        return judgement;
    case QUESTION_MATCH:
        judge_match(question, answer, &judgement);
        return judgement;
    case QUESTION_CLOZE:
        judge_cloze(question, answer, &judgement);
        return judgement;
    case QUESTION_TRUE_FALSE:
        right = answer->truth == question->true_false.answer;
        break;
    case QUESTION_OUTPUT:
        right = same_output(question->output.answer, typed);
        break;
    case QUESTION_NUMBER:
        right = is_near(question, read_number(typed, false)) ||
                is_near(question, read_number(typed, true));
        break;
    case QUESTION_SHORT:
        right = is_accepted(&question->term.accept, typed);
        break;
    case QUESTION_OPEN:
    case QUESTION_KIND_COUNT:
        break;
    }
    judgement.score = right ? 1 : 0;
    judgement.right[0] = right;
    return judgement;
}

// --- as text ---------------------------------------------------------------

static void
add_item(struct text *text, const char *separator, const char *item)
{
    text_add(text, text->length > 0 ? separator : "");
    text_add(text, item);
}

static void
add_pair(struct text *text, const struct question *question, size_t left,
         size_t right, enum lang lang)
{
    const struct pair *pairs = question->match.pairs;
    add_item(text, "\n", pairs[left].left.in[lang]);
    text_add(text, " → ");
    text_add(text, pairs[right].right.in[lang]);
}

char *
answer_text(const struct question *question, const struct answer *answer,
            enum lang lang)
{
    struct text text = {0};
    size_t count = answer_items(question);
    for (size_t i = 0; i < count; i++) {
        switch (question->kind) {
        case QUESTION_CHOICE:
            if (answer->chosen[i]) {
                add_item(&text, "\n",
                         question->choice.options[i].text.in[lang]);
            }
            break;
        case QUESTION_TRUE_FALSE:
            add_item(&text, "", answer->truth ? tr("true") : tr("false"));
            break;
        case QUESTION_ORDER:
            add_item(&text, "\n",
                     question->order.steps[answer->places[i]].in[lang]);
            break;
        case QUESTION_MATCH:
            add_pair(&text, question, i, (size_t)answer->places[i], lang);
            break;
        case QUESTION_CLOZE:
        case QUESTION_OUTPUT:
        case QUESTION_NUMBER:
        case QUESTION_SHORT:
        case QUESTION_OPEN:
            add_item(&text, "\n",
                     answer->texts[i] != NULL ? answer->texts[i] : "");
            break;
        case QUESTION_KIND_COUNT:
            break;
        }
    }
    return text_steal(&text);
}

static void
add_number(struct text *text, const struct question *question, enum lang lang)
{
    text_add_format(text, "%.10g", question->number.value);
    if (question->number.tolerance > 0) {
        text_add_format(text, " ± %.10g", question->number.tolerance);
    }
    if (question->number.unit.in[lang] != NULL) {
        text_add_format(text, " %s", question->number.unit.in[lang]);
    }
}

char *
answer_right_text(const struct question *question, enum lang lang)
{
    struct text text = {0};
    size_t count = answer_items(question);
    for (size_t i = 0; i < count; i++) {
        switch (question->kind) {
        case QUESTION_CHOICE:
            if (question->choice.options[i].right) {
                add_item(&text, "\n",
                         question->choice.options[i].text.in[lang]);
            }
            break;
        case QUESTION_TRUE_FALSE:
            add_item(&text, "",
                     question->true_false.answer ? tr("true") : tr("false"));
            break;
        case QUESTION_ORDER:
            add_item(&text, "\n", question->order.steps[i].in[lang]);
            break;
        case QUESTION_MATCH:
            add_pair(&text, question, i, i, lang);
            break;
        case QUESTION_CLOZE:
            add_item(&text, "\n",
                     question->cloze.gaps[i].accept.in[lang].items[0]);
            break;
        case QUESTION_OUTPUT:
            add_item(&text, "", question->output.answer);
            break;
        case QUESTION_NUMBER:
            add_number(&text, question, lang);
            break;
        case QUESTION_SHORT:
            add_item(&text, "", question->term.accept.in[lang].items[0]);
            break;
        case QUESTION_OPEN:
            add_item(&text, "", question->open.model_short.in[lang]);
            break;
        case QUESTION_KIND_COUNT:
            break;
        }
    }
    return text_steal(&text);
}
