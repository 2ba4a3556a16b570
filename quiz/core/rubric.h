/* Rubric: scores a free-text answer without a network.
 *
 * The text is normalised (case, ё, typographic marks), cut into tokens with
 * stems of both languages, and each key point's patterns are looked for with
 * synonyms, typos and negation taken into account; misconceptions cost.
 * Deterministic; no locale, no clock. The patterns' language is described in
 * core/pattern.h. */
#ifndef QUIZ_CORE_RUBRIC_H
#define QUIZ_CORE_RUBRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "quiz/core/lang.h"

struct error;
struct question;
struct scorer; // private: synonyms and stemmers, made once

struct synonyms; // core/synonyms.h

/* A scorer that borrows synonyms (may be NULL). Never NULL. */
struct scorer *scorer_new(const struct synonyms *synonyms);
void scorer_free(struct scorer *scorer); // NULL is fine

enum finding {
    FINDING_MISSING,
    FINDING_FOUND,
    FINDING_CONTRADICTED
};

struct point_result {
    enum finding finding;
    size_t from, to; // bytes of the answer that are the evidence
};

struct misconception_result {
    bool held;
    size_t from, to;
};

struct assessment {
    struct point_result *points;                 // one per key point
    struct misconception_result *misconceptions; // one per misconception
    size_t point_count, misconception_count;
    double score;      // 0..1
    double level;      // 0..4
    bool keyword_list; // credit was capped: terms without sentences
    bool unrecognised; // too little was understood to judge: let the person
                       // tick the points
};
void assessment_release(struct assessment *assessment);

/* Scores text (UTF-8, broken bytes tolerated, at most 8 KiB are read) against
 * the rubric of an open question. 0, or -1 with err for a pattern that does
 * not compile. */
int scorer_assess(struct scorer *scorer, const struct question *question,
                  enum lang lang, const char *text,
                  struct assessment *assessment, struct error *err);

#endif
