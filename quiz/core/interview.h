/* Interview: which questions a mock interview asks, and its scorecard.
 *
 * Pure. The same seed, wish and bank give the same main questions; follow-ups
 * depend on the answers. */
#ifndef QUIZ_CORE_INTERVIEW_H
#define QUIZ_CORE_INTERVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quiz/core/question.h"
#include "quiz/core/rubric.h"

struct bank;

enum {
    INTERVIEW_MAIN = 10,
    INTERVIEW_FOLLOW_UPS = 2
};

struct interview_wish {
    int minutes;   // 1 or more
    int level;     // enum level, or -1: all
    uint64_t seed; //
};

/* Draws the main questions: open, ready, not for following up only; of
 * different topics as long as there are some; as many as fit the time with
 * their follow-ups, at least one if there is any, at most INTERVIEW_MAIN.
 * Returns their number. */
size_t interview_draw(const struct bank *bank,
                      const struct interview_wish *wish,
                      const struct question *questions[INTERVIEW_MAIN]);

/* One question and what came of it. */
struct exchange {
    const struct question *question;
    const struct question *follows; // the main question, or NULL
    char *answer;                   // owned; NULL if skipped
    struct assessment assessment;   // of answer
    double self_level;              // the person's own grade, or -1
    int seconds;                    // that it took
};

/* An interview as it goes on. `struct interview interview = {0};` */
struct interview {
    struct exchange *items;
    size_t count;
    size_t planned;  // main questions drawn
    int minutes;     // given
    int level;       // enum level asked for, or -1: all
    int seconds;     // used
    uint64_t seed;   //
    bool broken_off; // ended by the person
};
void interview_release(struct interview *interview);

/* Adds an exchange; steals its answer and assessment. */
void interview_add(struct interview *interview,
                   const struct exchange *exchange);

/* The follow-ups that the last main exchange asks for, in the order of the
 * question's list, none that was asked already. Returns their number. */
size_t
interview_follow_ups(const struct interview *interview,
                     const struct bank *bank, const struct exchange *main,
                     const struct question *questions[INTERVIEW_FOLLOW_UPS]);

/* The score of a whole interview, 0..1: the mean of the levels of all
 * questions asked (a skipped one counts 0), a follow-up with half the weight
 * of a main question. Questions that were never reached do not count. 0 when
 * nothing was asked. */
double interview_score(const struct interview *interview);

/* Means by topic, in the order in which topics came up. */
struct topic_score {
    const char *topic;
    double level; // 0..4
    int count;
};
/* Fills at most room of them and returns how many there are. */
size_t interview_topics(const struct interview *interview,
                        struct topic_score *scores, size_t room);

#endif
