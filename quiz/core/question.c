#include "quiz/core/question.h"

#include <string.h>

static const char *const KINDS[QUESTION_KIND_COUNT] = {
    "choice", "true_false", "output", "number", "order",
    "match",  "cloze",      "short",  "open"};
static const char *const LEVELS[LEVEL_COUNT] = {"junior", "middle", "senior"};
static const char *const STATUSES[STATUS_COUNT] = {"ready", "draft", "review",
                                                   "retired"};
static const char *const CODE_LANGS[CODE_LANG_COUNT] = {"python", "c", "shell",
                                                        "text"};

const char *
question_kind_name(enum question_kind kind)
{
    return KINDS[kind];
}

const char *
level_name(enum level level)
{
    return LEVELS[level];
}

const char *
status_name(enum status status)
{
    return STATUSES[status];
}

const char *const *
question_kind_names(void)
{
    return KINDS;
}

const char *const *
level_names(void)
{
    return LEVELS;
}

const char *const *
status_names(void)
{
    return STATUSES;
}

const char *const *
code_lang_names(void)
{
    return CODE_LANGS;
}

int
question_kind_from_name(const char *name, enum question_kind *kind)
{
    for (int i = 0; i < QUESTION_KIND_COUNT; i++) {
        if (strcmp(name, KINDS[i]) == 0) {
            *kind = (enum question_kind)i;
            return 0;
        }
    }
    return -1;
}

int
level_from_name(const char *name, enum level *level)
{
    for (int i = 0; i < LEVEL_COUNT; i++) {
        if (strcmp(name, LEVELS[i]) == 0) {
            *level = (enum level)i;
            return 0;
        }
    }
    return -1;
}
