/* The runs that decide: the reference's and the learner's. */
#include <string.h>

#include "grader/clock.h"
#include "grader/language.h"
#include "grader/work.h"

enum {
    AGAIN_US = 100000, // that second runs may take altogether
    LONG_US = 4000,    // what takes so long is not run twice
    OTHER_FILL = 0xC3  // of fresh memory, in the second run
};

/* What the reference did. Its cases have shared a process if they may; that
 * they came out as alone is only sure when the learner's do so, too. */
static int
receive_reference(struct work *work)
{
    if (work_knows_reference(work)) {
        return 0;
    }
    run_receive(&work->reference, &work->together, &work->ours);
    if (work->together.groups > 0 && !work->ours.ended &&
        order_cut(&work->together, &work->ours) != 0) {
        run_outcome_release(&work->ours);
        run_cases(&work->reference, &work->all, &work->ours);
        work->together.groups = 0;
    }
    return work->ours.ended ? -1 : 0;
}

static int
compare(struct work *work)
{
    return judge_cases(&work->judgement, work_ours(work), &work->theirs,
                       &work->learner.result);
}

/* Cases of the learner's that differ are held against the reference's when
 * each of those has a process of its own. */
static int
compare_strictly(struct work *work)
{
    struct run_order order = work->all;
    order.count = 0;
    order.lanes = FRAME_LANES;
    for (size_t i = 0; i < work->manifest.case_count; i++) {
        if (work->judgement.cases[i].state == GRADE_CASE_FAILED) {
            order_add(&order, i, WORK_PATIENCE_MS);
        }
    }
    if (order.count == 0 || work->together.groups == 0) {
        return 0;
    }
    run_cases(&work->reference, &order, &work->alone);
    for (size_t i = 0; i < order.count; i++) {
        work->ours.cases[order.which[i]] = work->alone.cases[order.which[i]];
    }
    judge_release(&work->judgement);
    work_start_judgement(work);
    return work->alone.ended ? -1 : compare(work);
}

/* The learner's first run. Two cases at a time, and those first that much
 * waits for; but one after the other when a case has brought its box down, to
 * know which. */
static void
run_learner(struct work *work)
{
    struct run_order order = work->all;
    int64_t time_us[FRAME_CASES];
    char reason[256];
    order.heeds_needs = true;
    order.wait_ms = WORK_WAIT_MS;
    for (size_t i = 0; i < order.count; i++) {
        order.limit_ms[i] = work_limit_ms(work);
    }
    struct run_order fast = order;
    fast.lanes = work_lanes(work);
    work_times_of(work_ours(work), time_us);
    if (!work->task->until_failure) { // "the first" is that of the manifest
        order_sort(&fast, &work->manifest, time_us);
    }
    run_cases(&work->learner, &fast, &work->theirs);
    if (work->theirs.ended && work->learner.result.failure[0] == '\0' &&
        run_restart(&work->learner, work->plain.part, reason,
                    sizeof(reason)) == 0) {
        run_outcome_release(&work->theirs);
        run_cases(&work->learner, &order, &work->theirs);
    }
}

/* What the compiler does meanwhile for the sanitizers, nobody waits for yet.
 * Being nice is not enough: a box is a session of its own, and many kernels
 * deal out a processor by sessions. */
static void
run_undisturbed(struct work *work)
{
    bool pauses = !work_has_processor_to_spare();
    if (pauses) {
        sandbox_pause(work->checked.sandbox, true);
    }
    run_learner(work);
    if (pauses) {
        sandbox_pause(work->checked.sandbox, false);
    }
}

enum verdict
work_run(struct work *work, struct grade_timing *timing)
{
    int64_t started = clock_us();
    int known = receive_reference(work);
    run_undisturbed(work);
    timing->run_us = clock_us() - started;
    const char *failure = work->reference.result.failure[0] != '\0'
                              ? work->reference.result.failure
                              : work->learner.result.failure;
    if (failure[0] != '\0' || known != 0) {
        buffer_format(&work->reason, say("the reference does not run: %s"),
                      failure);
        return VERDICT_INTERNAL_ERROR;
    }
    int64_t compared = clock_us();
    int result = compare(work);
    result = result == 0 ? compare_strictly(work) : result;
    timing->compare_us = clock_us() - compared;
    return result == 0 ? VERDICT_PASS
                       : work_internal_error(
                             work, say("the reference fails its own case"));
}

struct run_order
work_take_passed(const struct work *work, struct run_order *order)
{
    struct run_order passed = *order;
    struct run_order others = *order;
    passed.count = others.count = 0;
    for (size_t i = 0; i < order->count; i++) {
        size_t which = order->which[i];
        order_add(work->judgement.cases[which].state == GRADE_CASE_PASSED
                      ? &passed
                      : &others,
                  which, order->limit_ms[i]);
    }
    *order = others;
    return passed;
}

void
work_run_together(struct work *work, struct run *run, struct run_order *order,
                  int groups, struct run_outcome *outcome)
{
    int64_t time_us[FRAME_CASES];
    work_times_of(&work->theirs, time_us);
    order_share_out(order, groups, time_us);
    order->once_ms = work_limit_ms(work); // it is known what they take
    run_cases(run, order, outcome);
}

/* Whether a group has shown what its cases have shown before. */
static bool
repeats(const struct work *work, const struct run_order *order, size_t group,
        const struct run_case *seen)
{
    size_t at = 0;
    bool same =
        seen->seen && seen->frame.flags == 0 && seen->frame.status == 0;
    for (size_t i = 0; i < order->count && same; i++) {
        const struct run_case *first = &work->theirs.cases[order->which[i]];
        size_t length = first->frame.stream_bytes;
        if (order->group[i] == group) {
            same = seen->frame.stream_bytes - at >= length &&
                   memcmp(seen->stream + at, first->stream, length) == 0;
            at += length;
        }
    }
    return same && at == seen->frame.stream_bytes;
}

/* Takes those cases out of an order that come out the same once more, in one
 * process. */
static void
run_again_together(struct work *work, struct run_order *order)
{
    char reason[256];
    struct run_outcome outcome;
    struct run_order others = *order;
    struct run_order passed = work_take_passed(work, &others);
    if (passed.count < 2) {
        return;
    }
    work_run_together(work, &work->learner, &passed, 1, &outcome);
    if (repeats(work, &passed, 0, &outcome.groups[0])) {
        *order = others;
    }
    work->hangs_together = (outcome.groups[0].frame.flags & FRAME_TIMED_OUT);
    if (outcome.ended) {
        work->theirs.ended = run_restart(&work->learner, work->plain.part,
                                         reason, sizeof(reason)) != 0;
    }
    run_outcome_release(&outcome);
}

void
work_run_again(struct work *work)
{
    struct run_order order = {
        .hangs = 1, .wait_ms = WORK_WAIT_MS, .lanes = 1, .fill = OTHER_FILL};
    int64_t left_us = AGAIN_US;
    if (work->theirs.ended) {
        return;
    }
    for (size_t i = 0; i < work->manifest.case_count; i++) {
        const struct run_case *first = &work->theirs.cases[i];
        if (work->judgement.cases[i].state != GRADE_CASE_NOT_RUN &&
            first->seen && first->frame.flags == 0 &&
            first->frame.time_us < LONG_US && left_us > 0) {
            left_us -= first->frame.time_us;
            order_add(&order, i, work_limit_ms(work));
        }
    }
    if (work_may_share(work)) {
        run_again_together(work, &order);
    }
    if (order.count > 0 && !work->theirs.ended) {
        run_cases(&work->learner, &order, &work->again);
        judge_again(&work->judgement, &work->theirs, &work->again);
    }
}

/* The part that has run plainly, for the lines of its addresses. */
static const struct buffer *
plain_part(struct work *work)
{
    if (work->part.length == 0 &&
        buffer_read_whole(&work->part, work->plain.part, WORK_PART_BYTES) !=
            0) {
        buffer_release(&work->part);
    }
    return &work->part;
}

/* Runs the first case that failed in this way once more, watched. */
static void
explain_first(struct work *work, enum verdict verdict, enum order_trace trace,
              int64_t limit_ms)
{
    struct run_order order = {.hangs = 1,
                              .wait_ms = WORK_WAIT_MS,
                              .lanes = 1,
                              .fill = WORK_FILL,
                              .traced = trace};
    for (size_t i = 0; i < work->manifest.case_count && order.count == 0;
         i++) {
        const struct grade_case *one = &work->judgement.cases[i];
        if (one->state == GRADE_CASE_FAILED && one->verdict == verdict) {
            order_add(&order, i, limit_ms);
        }
    }
    if (order.count > 0 && !work->theirs.ended) {
        struct run_outcome traced;
        run_cases(&work->learner, &order, &traced);
        judge_traces(&work->judgement, &traced, plain_part(work));
        run_outcome_release(&traced);
    }
}

void
work_explain(struct work *work)
{
    enum {
        LOOK_MS = 600 // at a case that does not come to its end
    };
    bool failed = false;
    for (size_t i = 0; i < work->manifest.case_count; i++) {
        failed |= work->judgement.cases[i].state == GRADE_CASE_FAILED;
    }
    if (failed) {
        judge_traces(&work->judgement, &work->theirs, plain_part(work));
        explain_first(work, VERDICT_LEAKED, ORDER_TRACE_MEMORY,
                      work_limit_ms(work));
        explain_first(work, VERDICT_TIMED_OUT, ORDER_TRACE_CALLS, LOOK_MS);
    }
}
