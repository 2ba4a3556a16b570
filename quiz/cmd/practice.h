/* Practice: the parts of `ouro quiz`. Only quiz/cmd/practice*.c uses it.
 *
 *   practice.c       options, the loop over the questions, the log, the end
 *   practice_ask.c   getting an answer, by keys or by lines
 *   practice_show.c  how a question and its feedback look */
#ifndef QUIZ_CMD_PRACTICE_H
#define QUIZ_CMD_PRACTICE_H

#include "quiz/cmd/command.h"
#include "quiz/core/answer.h"
#include "quiz/core/rating.h"
#include "quiz/core/rubric.h"

struct practice {
    struct context *context;
    struct term *term;
    struct view view;
    int64_t session_ms; // when it began
    int number, count;  // of the current question, and of all
    size_t left;        // to come, those that come back included
};

/* What became of a question. */
enum practice_end {
    PRACTICE_ANSWERED,
    PRACTICE_SKIPPED,
    PRACTICE_QUIT
};

/* An answer on its way: what was chosen so far and where the cursor is. */
struct asking {
    const struct question *question;
    struct shuffle shuffle;
    struct answer answer;
    int order[ANSWER_ITEMS];    // order: shown numbers in the person's order
    int assigned[ANSWER_ITEMS]; // match: shown right side of each left, or -1
    int cursor;                 // order, match: line
    int typed;                  // order: how many were placed by digits
    bool grabbed;               // order: the step moves with the cursor
    bool shows_keys;
    char *notice; // what was wrong with the last input, or NULL
};

/* An answer to the question of which nothing is chosen yet. */
void practice_start(struct asking *asking, const struct question *question,
                    unsigned long seed);

/* Asks until there is an answer in asking->answer. */
enum practice_end practice_ask(struct practice *practice,
                               struct asking *asking);

/* Draws the question with all that was chosen so far. */
void practice_show_question(const struct practice *practice,
                            const struct asking *asking);

/* Draws the question as it is asked at first, and clears nothing. Needs the
 * view, the numbers and a context with a bank. */
void practice_preview(const struct practice *practice,
                      const struct question *question);

/* What the person is told after the answer. */
struct feedback {
    const struct question *question;
    const struct asking *asking;
    struct judgement judgement;
    const struct assessment *assessment; // of an open question, or NULL
    enum rating rating;
    bool skipped;
    int64_t next_ms;   // until it comes back; 0: not known
    int64_t review_id; // of the row in the log; 0: not logged yet
};
void practice_show_feedback(const struct practice *practice,
                            const struct feedback *feedback);

/* "in 10 minutes", "in 3 days"; new. */
char *practice_interval(int64_t interval_ms);

/* Switches the language of everything. */
void practice_switch_language(struct practice *practice);

#endif
