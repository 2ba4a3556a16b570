/* Run: a box in which cases of a lab run with one part under test.
 *
 * The box is made, and the lab loaded in it, while the part is still being
 * compiled. From the first order on it runs cases, as often as it is asked. */
#ifndef GRADER_RUN_H
#define GRADER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grader/buffer.h"
#include "grader/frame.h"
#include "grader/manifest.h"
#include "grader/sandbox.h"

/* What all runs of a grading have in common. */
struct run_lab {
    const char *artifacts, *id; // see grade.h
    const struct manifest *manifest;
    const char *const *hidden; // as in struct sandbox_task
    uint64_t seed;
    int spares; // processes for cases to make before the first order comes
    bool unscreened; // as in struct grade_task
};

/* Which cases run, and how. */
struct run_order {
    size_t which[FRAME_CASES]; // numbers in the manifest
    int64_t limit_ms[FRAME_CASES];
    size_t count;
    bool heeds_needs; // skips a case when one that it needs was lost
    int groups;       // 0: each case has a process of its own; else so many
                      // processes share them, see order.h
    size_t group[FRAME_CASES]; // of each of which, if there are groups
    int64_t once_ms;           // of its cases' limits, what a group has once
    int hangs;                 // cases that may time out; the rest is skipped
    int wait_ms;               // for a case that does nothing
    int lanes, fill;           // see frame.h
    unsigned traced;           // enum order_trace
};

/* How a case ended. */
struct run_case {
    bool seen; // false: the box ended before it, or it was not asked for
    struct frame frame;
    const char *stream, *log; // of the lengths in the frame; not terminated
};

/* What came of an order, by number in the manifest. */
struct run_outcome {
    struct run_case cases[FRAME_CASES];
    struct run_case groups[FRAME_LANES]; // instead, if there are groups
    bool ended; // the box ended on the way: see run->result
    struct buffer bytes;
};

struct run {
    struct sandbox_result result; // once the box has ended

    // private
    struct run_lab lab;
    bool sanitizers, ended;
    char *paths[3];
    char seed[32], limit_kib[16], spares[16];
    const char *arguments[7];
    struct sandbox_file files[3];
    struct sandbox_task task;
    struct sandbox *sandbox;
    int orders;   // our end of the pipe
    size_t taken; // bytes of stdout that belong to what came before
};

/* Makes the box; part is a file that holds the part when the first order
 * comes, borrowed until then. 0, or -1 with the reason when an artifact cannot
 * be read. Release it in either case. */
int run_start(struct run *run, const struct run_lab *lab, bool sanitizers,
              int part, char *reason, size_t reason_size);

/* Waits until the box has nothing left to do before the first order, or has
 * ended, which the first order shows. */
void run_wait(struct run *run);

/* Whether the box has not ended yet. */
bool run_lives(const struct run *run);

/* Runs cases and waits for them. Release the outcome. */
void run_cases(struct run *run, const struct run_order *order,
               struct run_outcome *outcome);
void run_outcome_release(struct run_outcome *outcome);

/* Finds the cases of an order in the outcome's bytes, which hold its frames;
 * what is not whole is not there. */
void run_outcome_cut(struct run_outcome *outcome,
                     const struct run_order *order);

/* A new box in place of one that has ended. 0, or -1 with the reason. */
int run_restart(struct run *run, int part, char *reason, size_t reason_size);

/* The same in two steps, for a part that is trusted. */
void run_send(struct run *run, const struct run_order *order);
void run_receive(struct run *run, const struct run_order *order,
                 struct run_outcome *outcome);

void run_release(struct run *run); // a zeroed one is fine

#endif
