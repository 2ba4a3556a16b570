/* Glossary: the terms of the field in both languages, each with the form that
 * the questions use and the forms that they do not. */
#ifndef QUIZ_CORE_GLOSSARY_H
#define QUIZ_CORE_GLOSSARY_H

#include <stddef.h>

#include "quiz/core/question.h"

struct term {
    const char *id;                   // "reference-count"
    struct bilingual name;            // the preferred form
    struct strings also[LANG_COUNT];  // other names to find it by
    struct strings avoid[LANG_COUNT]; // forms that are not used; "x*" is any
                                      // word that begins so
    struct bilingual means;           // (md) one or two sentences
    const char *topic;                // id, or NULL
    struct strings see;               // ids of other terms
};

/* Open, borrowed from the arena they were read into; in the file's order. */
struct glossary {
    const struct term *terms;
    size_t count;
};

/* The term of an id or of a name in either language, however it is written
 * (case, ё); NULL if there is none. */
const struct term *glossary_find(const struct glossary *glossary,
                                 const char *name);

/* The name or id nearest to a mistyped one, or NULL. */
const char *glossary_suggest(const struct glossary *glossary,
                             const char *name);

/* The first form to be avoided that stands in a text without code (see
 * core/prose.h), with its term; NULL if there is none. */
const char *glossary_avoided(const struct glossary *glossary, enum lang lang,
                             const char *said, const struct term **term);

#endif
