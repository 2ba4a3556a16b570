/* Syllabus: the topics in the order in which they are learnt, what each needs
 * to be understood, and a page about each. */
#ifndef QUIZ_CORE_SYLLABUS_H
#define QUIZ_CORE_SYLLABUS_H

#include <stddef.h>

#include "quiz/core/question.h"

struct chapter {
    const char *topic;        // id
    struct strings needs;     // topics that come before
    struct bilingual summary; // (md) one page
};

/* Open, borrowed from the arena it was read into. */
struct syllabus {
    const struct chapter *chapters;
    size_t count;
};

/* The chapter of a topic, or NULL. */
const struct chapter *syllabus_find(const struct syllabus *syllabus,
                                    const char *topic);

#endif
