/* Assess: a scorer with the bank's synonyms, and assessments for a machine.
 * Shared by the commands that score free text. */
#ifndef QUIZ_CMD_ASSESS_H
#define QUIZ_CMD_ASSESS_H

#include "quiz/cmd/command.h"
#include "quiz/core/question.h"
#include "quiz/core/rubric.h"
#include "quiz/io/json.h"

/* The scorer of the context, made at the first call; borrowed. NULL with
 * err. */
struct scorer *command_open_scorer(struct context *context, struct error *err);

/* Members points, misconceptions, score, level, keyword_list and unrecognised
 * of an assessment of answer, added to object. */
void assess_json(json_t *object, const struct question *question,
                 const struct assessment *assessment, const char *answer,
                 enum lang lang);

/* Draws the points found and missed, and the misconceptions held. With
 * evidence, the person's own words are quoted. */
void assess_show(const struct view *view, const struct question *question,
                 const struct assessment *assessment, const char *answer,
                 int indent);

#endif
