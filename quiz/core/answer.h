/* Answer: what a person answered, and how right it is.
 *
 * Pure. A struct answer is filled from keys by the terminal or from a typed
 * line by answer_parse(), then judged against its question. Open questions
 * are judged by core/rubric. */
#ifndef QUIZ_CORE_ANSWER_H
#define QUIZ_CORE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "quiz/core/lang.h"

struct error;
struct question;

enum {
    ANSWER_ITEMS = 16
};

/* Which members count depends on the question's kind. */
struct answer {
    bool chosen[ANSWER_ITEMS]; // choice: by place in the question
    bool truth;                // true_false
    /* order: places[i] is the step (by its place in the question) that the
     * person put at i; match: the right-hand side given to the left one i. */
    int places[ANSWER_ITEMS];
    char *texts[ANSWER_ITEMS]; // owned: gaps of a cloze in the question's
                               // order; texts[0] of the other typed kinds
};
void answer_release(struct answer *answer); // a zeroed one is fine

/* Where what is shown stands in the question: shown[i] is the place of the
 * item shown as number i. */
struct shuffle {
    int shown[ANSWER_ITEMS];
    size_t count;
};

/* A shuffle of the question's options, steps or right-hand sides from a seed;
 * one that must not be shuffled stays as it is. Steps never come in the right
 * order by chance. */
struct shuffle answer_shuffle(const struct question *question,
                              unsigned long seed);

/* How many items an answer of this question has (options, steps, pairs,
 * gaps; else 1). */
size_t answer_items(const struct question *question);

/* Fills answer from one typed line (gaps of a cloze: one line each, given with
 * item). Choices, steps and right-hand sides are named by the letters or
 * numbers they are shown with. 0, or -1 with err saying what was expected;
 * answer is untouched then. */
int answer_parse(const struct question *question,
                 const struct shuffle *shuffle, size_t item, const char *line,
                 struct answer *answer, struct error *err);

struct judgement {
    double score;             // 0..1
    bool right[ANSWER_ITEMS]; // item by item, in the question's order
};

/* Judges a complete answer; not for open questions. */
struct judgement answer_judge(const struct question *question,
                              const struct answer *answer);

/* The answer, and the right answer, as one text for the log or for showing;
 * new. */
char *answer_text(const struct question *question, const struct answer *answer,
                  enum lang lang);
char *answer_right_text(const struct question *question, enum lang lang);

#endif
