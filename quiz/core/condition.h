/* Condition: when a follow-up question is asked.
 *
 *   condition = term { "or" term }
 *   term      = atom { "and" atom }
 *   atom      = "always" | "missing" POINT | "found" MISCONCEPTION
 *             | "level" (">=" | "<") NUMBER
 *
 * "missing k2": the key point was not said; "found m1": the misconception was
 * held; "level >= 3": the answer was that good (0-4). */
#ifndef QUIZ_CORE_CONDITION_H
#define QUIZ_CORE_CONDITION_H

#include <stdbool.h>

struct assessment;
struct error;
struct question;

/* Whether the condition can be read and names key points and misconceptions of
 * the open question. 0, or -1 with err. */
int condition_check(const char *condition, const struct question *question,
                    struct error *err);

/* Whether it holds for an answer to the question. The condition has passed
 * condition_check(). */
bool condition_holds(const char *condition, const struct question *question,
                     const struct assessment *assessment);

#endif
