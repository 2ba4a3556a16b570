/* Interview: the parts of `ouro mock`. Only quiz/cmd/interview*.c uses it.
 *
 *   interview.c        options, the conversation, the log
 *   interview_card.c   the scorecard: on screen, as Markdown, as JSON */
#ifndef QUIZ_CMD_INTERVIEW_H
#define QUIZ_CMD_INTERVIEW_H

#include "quiz/cmd/command.h"
#include "quiz/core/interview.h"
#include "quiz/io/json.h"

/* The scorecard as a JSON document; new. */
json_t *interview_json(const struct interview *interview);

/* As Markdown, in the chosen language; new. */
char *interview_markdown(const struct interview *interview,
                         const struct context *context);

#endif
