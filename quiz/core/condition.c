#include "quiz/core/condition.h"

#include <stdlib.h>
#include <string.h>

#include "quiz/core/error.h"
#include "quiz/core/question.h"
#include "quiz/core/rubric.h"

/* The words of a condition, read from left to right. */
struct words {
    const char *at;
    char word[32]; // the current one, "" at the end
};

static void
next_word(struct words *words)
{
    words->at += strspn(words->at, " \t\n");
    size_t length = strcspn(words->at, " \t\n");
    size_t kept =
        length < sizeof(words->word) - 1 ? length : sizeof(words->word) - 1;
    memcpy(words->word, words->at, kept);
    words->word[kept] = '\0';
    words->at += length;
}

static bool
word_is(const struct words *words, const char *wanted)
{
    return strcmp(words->word, wanted) == 0;
}

/* The place of a key point, or -1. */
static int
find_point(const struct question *question, const char *id)
{
    const struct rubric *rubric = &question->open.rubric;
    for (size_t i = 0; i < rubric->key_point_count; i++) {
        if (strcmp(rubric->key_points[i].id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int
find_misconception(const struct question *question, const char *id)
{
    const struct rubric *rubric = &question->open.rubric;
    for (size_t i = 0; i < rubric->misconception_count; i++) {
        if (strcmp(rubric->misconceptions[i].id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Reads one atom and says in *holds whether it holds; without an assessment
 * it is only checked. -1 with err when it is none. */
static int
read_atom(struct words *words, const struct question *question,
          const struct assessment *assessment, bool *holds, struct error *err)
{
    *holds = true;
    if (word_is(words, "always")) {
        next_word(words);
        return 0;
    }
    if (word_is(words, "missing")) {
        next_word(words);
        int place = find_point(question, words->word);
        if (place < 0) {
            return error_set(err, tr("there is no key point '%s'"),
                             words->word);
        }
        *holds = assessment != NULL &&
                 assessment->points[place].finding != FINDING_FOUND;
    }
    else if (word_is(words, "found")) {
        next_word(words);
        int place = find_misconception(question, words->word);
        if (place < 0) {
            return error_set(err, tr("there is no misconception '%s'"),
                             words->word);
        }
        *holds = assessment != NULL && assessment->misconceptions[place].held;
    }
    else if (word_is(words, "level")) {
        next_word(words);
        bool least = word_is(words, ">=");
        if (!least && !word_is(words, "<")) {
            return error_set(err, tr("found '%s', expected %s"), words->word,
                             ">= / <");
        }
        next_word(words);
        char *end = NULL;
        double level = strtod(words->word, &end);
        if (end == words->word || *end != '\0' ||
            !(level >= 0 && level <= 4)) { // so that "nan" is none
            return error_set(err, tr("found '%s', expected %s"), words->word,
                             tr("a level from 0 to 4"));
        }
        *holds = assessment != NULL && (assessment->level >= level) == least;
    }
    else {
        return error_set(err, tr("found '%s', expected %s"), words->word,
                         "always, missing, found, level");
    }
    next_word(words);
    return 0;
}

static int
read_condition(const char *condition, const struct question *question,
               const struct assessment *assessment, bool *holds,
               struct error *err)
{
    struct words words = {.at = condition};
    next_word(&words);
    *holds = false;
    for (bool term = true;;) {
        bool atom = false;
        if (read_atom(&words, question, assessment, &atom, err) != 0) {
            return -1;
        }
        term = term && atom;
        if (word_is(&words, "and")) {
            next_word(&words);
            continue;
        }
        *holds = *holds || term;
        term = true;
        if (word_is(&words, "")) {
            return 0;
        }
        if (!word_is(&words, "or")) {
            return error_set(err, tr("found '%s', expected %s"), words.word,
                             "and / or");
        }
        next_word(&words);
    }
}

int
condition_check(const char *condition, const struct question *question,
                struct error *err)
{
    bool holds = false;
    return read_condition(condition, question, NULL, &holds, err);
}

bool
condition_holds(const char *condition, const struct question *question,
                const struct assessment *assessment)
{
    bool holds = false;
    return read_condition(condition, question, assessment, &holds, NULL) ==
               0 &&
           holds;
}
