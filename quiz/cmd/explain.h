/* The parts of `ouro explain`. Only quiz/cmd/explain*.c uses it.
 *
 *   explain.c        a question; search
 *   explain_guide.c  a topic of topics.yaml, a term of glossary.yaml */
#ifndef QUIZ_CMD_EXPLAIN_H
#define QUIZ_CMD_EXPLAIN_H

#include "quiz/core/glossary.h"
#include "quiz/core/syllabus.h"

struct arena;
struct context;
struct error;
struct view;

/* What stands beside the questions; empty when the files are not there. */
struct guide {
    struct arena *arena;
    struct syllabus syllabus;
    struct glossary glossary;
};

/* Reads the guide. 0, or -1 with err; to be released either way. */
int guide_open(struct guide *guide, const struct context *context,
               struct error *err);
void guide_release(struct guide *guide);

/* Draws the answer to a question and all that is said about it. */
void explain_show_answer(const struct view *view,
                         const struct question *question);

/* Show a page; what they return is an exit status. */
int explain_topic(struct context *context, const struct guide *guide,
                  const struct chapter *chapter);
int explain_term(struct context *context, const struct guide *guide,
                 const struct term *term);

#endif
