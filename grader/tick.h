/* Tick: a guess that comes before the verdict.
 *
 * tcc compiles a file in a tenth of gcc's time. The lab's quick cases run with
 * that, in one process of a box like all others, and are compared with what
 * the reference has shown once before, with always the same dice. So a tick is
 * never recorded, decides nothing, and is simply not there where tcc is not,
 * cannot compile the file, or the lab is graded for the first time. */
#ifndef GRADER_TICK_H
#define GRADER_TICK_H

#include <stdbool.h>
#include <stdint.h>

#include "grader/compile.h"
#include "grader/grade.h"

struct tick_task {
    struct compile_task compile;
    const struct grade_task *grade;
    const char *base; // of the cache's keys
};

struct tick; // private

/* Starts one, or gives NULL. The task's parts must live until tick_free(). */
struct tick *tick_start(const struct tick_task *task);

/* Gives a tick whose compiler waits its file, if it can take it. */
void tick_give(struct tick *tick, const struct buffer *source); // NULL is fine

/* Waits until the file is compiled, and lets the cases run. */
void tick_run(struct tick *tick); // NULL is fine

/* Waits for them: true when they say something, of how many cases how many
 * have passed. */
bool tick_wait(struct tick *tick, int *passed, int *cases);
void tick_free(struct tick *tick); // NULL is fine

/* Lets the reference show what later ticks are compared with, unless it has:
 * time_us says what each case takes, 0 when that is not known. */
void tick_prepare(const struct tick_task *task, const int64_t *time_us);

#endif
