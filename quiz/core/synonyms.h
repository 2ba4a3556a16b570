/* Synonyms: words that mean the same to an interviewer, in groups that the
 * patterns of a rubric name as @group. Open, borrowed from the arena they
 * were read into. */
#ifndef QUIZ_CORE_SYNONYMS_H
#define QUIZ_CORE_SYNONYMS_H

#include <stddef.h>

#include "quiz/core/question.h"

struct synonym_group {
    const char *name;
    struct strings words; // words, x* prefixes, phrases with spaces
};

struct synonyms {
    const struct synonym_group *groups;
    size_t count;
};

#endif
