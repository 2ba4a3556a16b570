/* Rehearsal: what the reference shows with dice that nobody has thrown yet.
 *
 * It is made when a verdict has been told and nobody waits, and saves the next
 * grading of the lab a box and a run. Each is taken by one grading alone, and
 * before the learner's file is even looked at: while code of a learner runs,
 * the file with the dice of that grading is gone. A box does not show the
 * folder anyway. */
#ifndef GRADER_REHEARSAL_H
#define GRADER_REHEARSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "grader/run.h"

/* Whose: a lab in a folder of verdicts, in one state of lab and tools, of
 * which base says which (cache.h). */
struct rehearsal_key {
    const char *folder, *lab_id, *base;
};

/* Whether there is one to take. */
bool rehearsal_is_there(const struct rehearsal_key *key);

/* Takes the dice and what the order's cases have shown with them, each in a
 * process of its own; release the outcome. False when there is none, or
 * another grading was faster. */
bool rehearsal_take(const struct rehearsal_key *key,
                    const struct run_order *order, uint64_t *seed,
                    struct run_outcome *outcome);

/* Keeps one in place of what there was. Not being able to is no failure. */
void rehearsal_keep(const struct rehearsal_key *key, uint64_t seed,
                    const struct run_outcome *outcome);

#endif
