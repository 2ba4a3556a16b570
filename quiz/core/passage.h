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

enum {
    PASSAGE_HASH_BYTES = 9 // eight digits and the end
};
/* A hash of all passages in one language, in hexadecimal digits: another one
 * when a word of them changes. */
void passage_hash(const struct question *question, enum lang lang,
                  char hash[PASSAGE_HASH_BYTES]);

#endif
