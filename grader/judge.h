/* Judge: what became of each case, from what its processes left behind. */
#ifndef GRADER_JUDGE_H
#define GRADER_JUDGE_H

#include "grader/grade.h"
#include "grader/manifest.h"
#include "grader/run.h"

struct judgement {
    const struct manifest *manifest;
    bool until_failure;
    struct grade_case cases[MANIFEST_CASES];

    // private: what the texts of the cases point to
    struct buffer expected[MANIFEST_CASES], yours[MANIFEST_CASES],
        diff[MANIFEST_CASES], detail[MANIFEST_CASES];
};

/* Compares the learner's run with the reference's. box says how the learner's
 * box ended, if it did. 0, or -1 when the reference itself did not run as it
 * should, or without memory. */
int judge_cases(struct judgement *judgement, const struct run_outcome *ours,
                const struct run_outcome *theirs,
                const struct sandbox_result *box);

/* Looks at a second run with the same dice: who comes out otherwise is
 * flaky, and has not passed. */
void judge_again(struct judgement *judgement, const struct run_outcome *first,
                 const struct run_outcome *second);

/* Lets the sanitizers have their say; part is what they ran, with names of
 * lines. */
void judge_evidence(struct judgement *judgement,
                    const struct run_outcome *evidence,
                    const struct buffer *part);

/* Says where a case crashed, was stopped or lost memory, from the traces that
 * it left (trace.h). */
void judge_traces(struct judgement *judgement,
                  const struct run_outcome *outcome,
                  const struct buffer *part);

/* Adds to those that failed what the learner's code has printed in them. */
void judge_printed(struct judgement *judgement,
                   const struct run_outcome *outcome);

/* Adds to the first case that showed something else what may explain it. */
void judge_explain(struct judgement *judgement, const struct buffer *words);

/* Adds up the points, and gives the texts to the cases. */
void judge_add_up(struct judgement *judgement, struct grade_result *result);

void judge_release(struct judgement *judgement);

#endif
