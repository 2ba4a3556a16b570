/* Work: one grading under way, and what the steps of it share. Not for others.
 */
#ifndef GRADER_WORK_H
#define GRADER_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grader/analysis.h"
#include "grader/buffer.h"
#include "grader/cache.h"
#include "grader/compile.h"
#include "grader/diagnose.h"
#include "grader/fingerprint.h"
#include "grader/grade.h"
#include "grader/judge.h"
#include "grader/manifest.h"
#include "grader/order.h"
#include "grader/run.h"
#include "grader/tick.h"

enum {
    WORK_PART_BYTES = 64 << 20,
    WORK_HANGS = 2,           // cases that may time out before the rest is
                              // skipped
    WORK_WAIT_MS = 500,       // that a case may sleep, on top of its time
    WORK_PATIENCE_MS = 60000, // for our own part
    WORK_FILL = 0x5A          // of fresh memory, in the first run
};

/* Everything of one grading; becomes the result's private memory. */
struct work {
    const struct grade_task *task;
    struct grade_result *result;
    struct manifest manifest;
    struct buffer source, object, reason, part, checked_part;
    char *hidden_paths[4];
    const char *hidden[5];
    int reference_part; // the file
    struct compilation plain, checked;
    struct analysis analysis;
    struct run reference, learner, evidence;
    struct run_order all;      // the cases, as the first two run them
    struct run_order together; // the same, as the reference runs them
    struct run_outcome alone;  // of the reference's cases, if that matters
    struct run_outcome ours, theirs, again, seen;
    bool hangs_together; // in cases that share a process, and only there
    uint64_t seed;       // of the dice, perhaps not the task's
    bool is_rehearsed;   // ours was there before
    struct messages messages;
    struct judgement judgement;
    char sha256[FINGERPRINT_SIZE];
    char base[FINGERPRINT_SIZE]; // of the cache's keys
    char level[128];
    bool stands_by;        // its boxes wait for a file
    bool was_awaited;      // they have waited
    struct cached *cached; // what the result points to, or NULL
    struct tick *tick;     // or NULL
};

struct grade_reference {
    struct work work; // of which only the reference's run is used
};

struct grade_standby {
    struct work work;
};

/* A grading about to begin, or NULL with the reason. The task is the caller's.
 */
struct work *work_new(const struct grade_task *task, char *reason,
                      size_t reason_size);
void work_free(struct work *work); // NULL is fine

/* Reads the learner's file. 0, or -1 with the reason. */
int work_load_source(struct work *work, char *reason, size_t reason_size);

void work_start_judgement(struct work *work);

/* What the reference did: in this grading, before, or in a run that many
 * share. */
const struct run_outcome *work_ours(const struct work *work);

/* Whether it need not run in this grading. */
bool work_knows_reference(const struct work *work);

/* What the learner's cases may take. */
int64_t work_limit_ms(const struct work *work);

/* All cases, for the reference and for the learner's first run. */
void work_order_all(struct work *work);

/* Whether the lab's cases may share a process where a verdict does not hang on
 * it: what threads leave behind would be in each other's way. */
bool work_may_share(const struct work *work);

struct compile_task work_compile_task(const struct work *work);
struct run_lab work_lab(const struct work *work);
void work_times_of(const struct run_outcome *outcome, int64_t *time_us);

/* Tells whoever waits what is known so far. */
void work_tell(struct work *work, enum grade_stage stage);

/* What every result has, whatever the verdict. */
void work_fill_result(struct work *work, struct grade_result *result);

enum verdict work_internal_error(struct work *work, const char *text);

/* Makes the boxes of a tick, where one is wanted and can be had. */
void work_start_tick(struct work *work);

/* How many cases run side by side. */
int work_lanes(const struct work *work);

/* Whether there are processors that these do not keep busy. */
bool work_has_processor_to_spare(void);

// --- work_ahead.c ----------------------------------------------------------

/* Takes the dice that the reference has run with before, if there are some. */
void work_take_rehearsal(struct work *work);

/* The grading that has stood by for this one, in place of it; or itself. */
struct work *work_wake(struct work *work);

/* Lets the boxes that have waited begin. */
void work_give_source(struct work *work);

// --- work_part.c -----------------------------------------------------------

/* Lets the reference's cases share a process, where that can be found out
 * when it matters. */
void work_share_reference(struct work *work);

/* Makes the boxes in which the file is compiled, the reference runs unless
 * that is known, and the cases wait for their part. 0, or -1 with the reason.
 */
int work_start_plain(struct work *work, char *reason, size_t reason_size);
int work_start_reference(struct work *work, char *reason, size_t reason_size);
int work_start_learner(struct work *work, char *reason, size_t reason_size);
int work_start_checked(struct work *work, char *reason, size_t reason_size);

/* What the compiler has said, and why it did not end well, or PASS. */
enum verdict work_judge_compilation(struct work *work,
                                    const struct sandbox_result *result);

/* Compiles and screens. PASS when there is a part to run. */
enum verdict work_compile(struct work *work, struct grade_timing *timing);

// --- work_runs.c -----------------------------------------------------------

/* Runs the learner's part, and compares with what the reference did. */
enum verdict work_run(struct work *work, struct grade_timing *timing);

/* The learner once more, with other rubbish in fresh memory: who comes out
 * otherwise is flaky. What takes long is not run twice. */
void work_run_again(struct work *work);

/* Finds out where it crashed, hung or lost memory. */
void work_explain(struct work *work);

/* Of an order, the cases that have passed; the others stay. */
struct run_order work_take_passed(const struct work *work,
                                  struct run_order *order);

/* Lets the cases of an order share processes. */
void work_run_together(struct work *work, struct run *run,
                       struct run_order *order, int groups,
                       struct run_outcome *outcome);

// --- work_checked.c --------------------------------------------------------

/* Makes the box for the part with sanitizers, which may not be compiled yet:
 * when nobody waits for the plain run any more. */
enum verdict work_start_evidence(struct work *work);

/* Runs what was decided with the sanitizers, if the lab wants that. */
enum verdict work_run_evidence(struct work *work);

#endif
