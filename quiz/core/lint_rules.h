/* Lint rules: the parts of core/lint. Only quiz/core/lint*.c uses it.
 *
 *   lint.c        the rules and the walk through the bank
 *   lint_text.c   each text, and each beside its translation
 *   lint_key.c    what gives the right answer away
 *   lint_links.c  what leads elsewhere: follow-ups, labs, seeds; twins */
#ifndef QUIZ_CORE_LINT_RULES_H
#define QUIZ_CORE_LINT_RULES_H

#include "quiz/core/lint.h"

enum lint_rule {
    LINT_LONGEST,
    LINT_POSITION,
    LINT_BALANCE,
    LINT_ALL_OF_THE_ABOVE,
    LINT_ABSOLUTE,
    LINT_SAME_OPTIONS,
    LINT_MISCONCEPTION,
    LINT_EXPLAIN_SHORT,
    LINT_EXPLAIN_REPEATS,
    LINT_NUMBERS,
    LINT_CODE_SPANS,
    LINT_NAMES,
    LINT_SCRIPT,
    LINT_QUOTES,
    LINT_YO,
    LINT_SPACES,
    LINT_DASH,
    LINT_TERM,
    LINT_LONG,
    LINT_SECONDS,
    LINT_TWIN,
    LINT_FOLLOW_UP,
    LINT_ORPHAN,
    LINT_RUBRIC,
    LINT_LAB,
    LINT_TOPIC,
    LINT_SEED,
    LINT_STALE,
    LINT_CODE,
    LINT_RULE_COUNT
};

struct linting {
    const struct lint_context *context;
    const struct question *question;
    void (*found)(const struct lint_finding *finding, void *data);
    void *data;
};

/* Something to say about a part of linting->question. */
void lint_say(const struct linting *linting, enum lint_rule rule,
              const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Something to say about a whole file. */
void lint_say_of_file(const struct linting *linting, enum lint_rule rule,
                      const char *file, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Of linting->question. */
void lint_texts(const struct linting *linting);
void lint_key(const struct linting *linting);
void lint_links(const struct linting *linting);

/* Of the whole bank. */
void lint_keys_of_bank(const struct linting *linting);
void lint_links_of_bank(const struct linting *linting);

#endif
