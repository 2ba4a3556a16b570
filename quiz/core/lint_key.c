#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/core/answer.h"
#include "quiz/core/bank.h"
#include "quiz/core/lint_rules.h"
#include "quiz/core/passage.h"
#include "quiz/core/prose.h"
#include "quiz/core/question.h"
#include "quiz/core/text.h"
#include "quiz/core/words.h"
#include "quiz/core/xalloc.h"

// --- one question ----------------------------------------------------------

/* Whether a folded word stands in a folded text, whole. */
static bool
holds_word(const char *folded, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = folded; (at = strstr(at, word)) != NULL; at++) {
        unsigned char before = at == folded ? ' ' : (unsigned char)at[-1];
        unsigned char after = (unsigned char)at[length];
        if ((before < 0x80 && (before < 'a' || before > 'z')) &&
            (after < 0x80 && (after < 'a' || after > 'z'))) {
            return true;
        }
    }
    return false;
}

static bool
holds_any(const char *text, const char *const *words)
{
    bool found = false;
    char *folded = words_fold(text, strlen(text));
    for (; !found && *words != NULL; words++) {
        found = holds_word(folded, *words);
    }
    free(folded);
    return found;
}

static const char *const ABSOLUTE[LANG_COUNT][4] = {
    {"always", "never", "only", NULL}, {"всегда", "никогда", "только", NULL}};
static const char *const OF_THE_ABOVE[LANG_COUNT][7] = {
    {"all of the above", "none of the above", "all of these", "none of these",
     "any of the above", "both of the above", NULL},
    {"все перечисленное", "все вышеперечисленное", "ничего из перечисленного",
     "ни одно из перечисленного", "все варианты", "ни один из вариантов",
     NULL}};

static void
lint_option(const struct linting *linting, size_t place, enum lang lang,
            bool key_is_absolute)
{
    const struct choice_option *option =
        &linting->question->choice.options[place];
    char path[64];
    snprintf(path, sizeof(path), "options[%zu].%s", place, lang_name(lang));
    if (holds_any(option->text.in[lang], OF_THE_ABOVE[lang])) {
        lint_say(linting, LINT_ALL_OF_THE_ABOVE, path, "%s",
                 tr("an option about the other options"));
    }
    if (!option->right && !key_is_absolute &&
        holds_any(option->text.in[lang], ABSOLUTE[lang])) {
        lint_say(linting, LINT_ABSOLUTE, path, "%s",
                 tr("an absolute word in a wrong option alone gives it away"));
    }
}

static void
lint_options_in(const struct linting *linting, enum lang lang)
{
    const struct question *question = linting->question;
    bool absolute = false;
    for (size_t i = 0; i < question->choice.count; i++) {
        const struct choice_option *option = &question->choice.options[i];
        absolute |=
            option->right && holds_any(option->text.in[lang], ABSOLUTE[lang]);
    }
    for (size_t i = 0; i < question->choice.count; i++) {
        lint_option(linting, i, lang, absolute);
        for (size_t j = 0; j < i; j++) {
            char *one =
                words_fold(question->choice.options[i].text.in[lang],
                           strlen(question->choice.options[i].text.in[lang]));
            char *other =
                words_fold(question->choice.options[j].text.in[lang],
                           strlen(question->choice.options[j].text.in[lang]));
            if (strcmp(one, other) == 0) {
                char path[32];
                snprintf(path, sizeof(path), "options[%zu]", i);
                lint_say(linting, LINT_SAME_OPTIONS, path,
                         tr("the options %zu and %zu are the same"), j + 1,
                         i + 1);
            }
            free(one);
            free(other);
        }
    }
}

static void
lint_misconceptions(const struct linting *linting)
{
    const struct question *question = linting->question;
    for (size_t i = 0; i < question->choice.count; i++) {
        const struct choice_option *option = &question->choice.options[i];
        if (!option->right && option->misconception == NULL) {
            char path[32];
            snprintf(path, sizeof(path), "options[%zu]", i);
            lint_say(linting, LINT_MISCONCEPTION, path, "%s",
                     tr("a wrong option without its misconception"));
        }
    }
}

/* The words of three letters and more of a folded text that stand in another
 * one, of how many. */
static void
count_shared(const char *text, const char *other, size_t *shared, size_t *all)
{
    char *copy = words_fold(text, strlen(text));
    char *folded = words_fold(other, strlen(other));
    char *rest = NULL;
    *shared = *all = 0;
    for (char *word = strtok_r(copy, " \n\t.,;:!?()'\"", &rest); word != NULL;
         word = strtok_r(NULL, " \n\t.,;:!?()'\"", &rest)) {
        if (strlen(word) >= 4) {
            ++*all;
            *shared += holds_word(folded, word);
        }
    }
    free(copy);
    free(folded);
}

/* An explanation that only says the key again. */
static void
lint_repeat(const struct linting *linting)
{
    const struct question *question = linting->question;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        size_t shared = 0;
        size_t all = 0;
        char *right = answer_right_text(question, (enum lang)lang);
        char *known = xasprintf("%s\n%s", question->ask.in[lang], right);
        count_shared(question->explain.in[lang], known, &shared, &all);
        if (all > 0 && shared * 5 > all * 4) {
            lint_say(linting, LINT_EXPLAIN_REPEATS,
                     lang == LANG_EN ? "explain.en" : "explain.ru", "%s",
                     tr("the explanation only says the answer again"));
        }
        free(known);
        free(right);
    }
}

void
lint_key(const struct linting *linting)
{
    if (linting->question->kind != QUESTION_OPEN) {
        lint_repeat(linting);
    }
    if (linting->question->kind != QUESTION_CHOICE) {
        return;
    }
    lint_misconceptions(linting);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        lint_options_in(linting, (enum lang)lang);
    }
}

// --- the bank --------------------------------------------------------------

enum {
    FEW = 8,    // questions that say nothing about chance yet
    PLACES = 9, // options of a question
    LONGEST_PCT = 30
};

/* How the keys of the questions with one right option lie. */
struct keys {
    int questions;
    double chance; // of being the longest, added up
    int longest[LANG_COUNT], shortest[LANG_COUNT];
    double expected[PLACES]; // keys at this place
    int at[PLACES];
    int statements, true_statements; // kind true_false
};

static size_t
option_length(const struct choice_option *option, enum lang lang)
{
    size_t count = 0;
    for (const char *at = option->text.in[lang]; *at != '\0'; at++) {
        count += ((unsigned char)*at & 0xC0) != 0x80 && *at != '`';
    }
    return count;
}

/* The place of the only right option, or -1. */
static int
only_key(const struct question *question)
{
    int key = -1;
    for (size_t i = 0; i < question->choice.count; i++) {
        if (question->choice.options[i].right) {
            if (key >= 0) {
                return -1;
            }
            key = (int)i;
        }
    }
    return key;
}

static void
count_lengths(struct keys *keys, const struct question *question, int key)
{
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        size_t length =
            option_length(&question->choice.options[key], (enum lang)lang);
        bool longest = true;
        bool shortest = true;
        for (size_t i = 0; i < question->choice.count; i++) {
            size_t other =
                option_length(&question->choice.options[i], (enum lang)lang);
            longest &= (int)i == key || other < length;
            shortest &= (int)i == key || other > length;
        }
        keys->longest[lang] += longest;
        keys->shortest[lang] += shortest;
    }
}

static void
count_key(struct keys *keys, const struct question *question)
{
    if (question->kind == QUESTION_TRUE_FALSE) {
        keys->statements++;
        keys->true_statements += question->true_false.answer;
    }
    if (question->kind != QUESTION_CHOICE || only_key(question) < 0) {
        return;
    }
    int key = only_key(question);
    keys->questions++;
    keys->chance += 1.0 / (double)question->choice.count;
    keys->at[key] += question->choice.shuffle;
    for (size_t i = 0; question->choice.shuffle && i < question->choice.count;
         i++) {
        keys->expected[i] += 1.0 / (double)question->choice.count;
    }
    count_lengths(keys, question, key);
}

static struct keys
count_keys(const struct bank *bank, const char *topic)
{
    struct keys keys = {0};
    for (size_t i = 0; i < bank_count(bank); i++) {
        const struct question *question = bank_at(bank, i);
        if (question->status == STATUS_READY &&
            (topic == NULL || strcmp(question->topic, topic) == 0)) {
            count_key(&keys, question);
        }
    }
    return keys;
}

static void
lint_keys_of(const struct linting *linting, const struct keys *keys,
             const char *file)
{
    for (int lang = 0; keys->questions >= FEW && lang < LANG_COUNT; lang++) {
        if (keys->longest[lang] * 100 > keys->questions * LONGEST_PCT) {
            lint_say_of_file(linting, LINT_LONGEST, file,
                             tr("the right option is the longest in %d of %d "
                                "questions ('%s'); by chance it is in %.1f"),
                             keys->longest[lang], keys->questions,
                             lang_name((enum lang)lang), keys->chance);
        }
        if (keys->shortest[lang] * 100 > keys->questions * LONGEST_PCT) {
            lint_say_of_file(linting, LINT_LONGEST, file,
                             tr("the right option is the shortest in %d of %d "
                                "questions ('%s'); by chance it is in %.1f"),
                             keys->shortest[lang], keys->questions,
                             lang_name((enum lang)lang), keys->chance);
        }
    }
    for (int place = 0; keys->questions >= FEW && place < PLACES; place++) {
        if (keys->at[place] > keys->expected[place] * 1.5 + 1) {
            lint_say_of_file(linting, LINT_POSITION, file,
                             tr("the right option stands at place %d in %d of "
                                "%d questions; by chance it does in %.1f"),
                             place + 1, keys->at[place], keys->questions,
                             keys->expected[place]);
        }
    }
    int trues = keys->true_statements;
    if (keys->statements >= FEW / 2 &&
        (trues * 4 < keys->statements || trues * 4 > keys->statements * 3)) {
        lint_say_of_file(linting, LINT_BALANCE, file,
                         tr("%d of %d statements are true"), trues,
                         keys->statements);
    }
}

void
lint_keys_of_bank(const struct linting *linting)
{
    const struct bank *bank = linting->context->bank;
    for (size_t i = 0; i < bank_topic_count(bank); i++) {
        const struct topic *topic = bank_topic_at(bank, i);
        struct keys keys = count_keys(bank, topic->id);
        lint_keys_of(linting, &keys, topic->file);
    }
    if (bank_topic_count(bank) > 1) {
        struct keys keys = count_keys(bank, NULL);
        lint_keys_of(linting, &keys, "questions");
    }
}
