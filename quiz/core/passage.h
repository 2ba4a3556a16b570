/* Passage: a text of a question that a person reads, and where it stands.
 *
 * The paths are those of the question's file: keys joined by dots, places in
 * lists from 0 in brackets ("options[1].why"). Answers that are only compared,
 * patterns and code are no passages. */
#ifndef QUIZ_CORE_PASSAGE_H
#define QUIZ_CORE_PASSAGE_H

#include "quiz/core/lang.h"

struct question;

enum passage_role {
    PASSAGE_ASK,     // read before the answer
    PASSAGE_ITEM,    // what is chosen, ordered, matched or filled in
    PASSAGE_EXPLAIN, // read after it
    PASSAGE_RUBRIC   // what an answer is held against, and model answers
};

struct passage {
    const char *path; // borrowed for the visit
    enum passage_role role;
    struct bilingual text; // borrowed as the question is
};

/* Calls visit with every passage in a fixed order. */
void passage_each(const struct question *question,
                  void (*visit)(const struct passage *passage, void *data),
                  void *data);

#endif
