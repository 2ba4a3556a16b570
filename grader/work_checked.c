/* The run with sanitizers, which says why a case has failed or that it has
 * passed by luck. */
#include "grader/language.h"
#include "grader/work.h"

enum {
    SLOWER = 6 // what sanitizers cost, at most
};

/* The cases that were decided go to the sanitizers, which may say why one has
 * crashed, or that one has passed by luck. One that hangs comes last and is
 * looked at for a moment. */
static void
choose_evidence(const struct work *work, struct run_order *order)
{
    const int64_t time_ms = work_limit_ms(work);
    for (int hanging = 0; hanging < 2; hanging++) {
        for (size_t i = 0; i < work->manifest.case_count; i++) {
            const struct grade_case *one = &work->judgement.cases[i];
            const struct run_case *first = &work->theirs.cases[i];
            bool hangs = one->verdict == VERDICT_TIMED_OUT;
            if (!first->seen || one->state == GRADE_CASE_NOT_RUN ||
                one->verdict == VERDICT_FORBIDDEN ||
                (work->task->until_failure &&
                 one->state == GRADE_CASE_FAILED) ||
                hangs != (hanging == 1)) {
                continue;
            }
            int64_t took_ms = first->frame.time_us / 1000;
            order_add(order, i,
                      hangs ? time_ms / 2 : time_ms + took_ms * SLOWER);
        }
    }
}

/* What compiles plainly and not with the sanitizers is not run without them.
 */
static enum verdict
take_checked_part(struct work *work)
{
    compile_wait(&work->checked);
    if (buffer_read_whole(&work->checked_part, work->checked.part,
                          WORK_PART_BYTES) == 0 &&
        work->checked_part.length > 0) {
        return VERDICT_PASS;
    }
    messages_release(&work->messages);
    buffer_format(&work->reason, "%s\n",
                  say("with the sanitizers it does not compile"));
    enum verdict verdict = work_judge_compilation(work, &work->checked.result);
    return verdict != VERDICT_PASS
               ? verdict
               : work_internal_error(work, say("it cannot be handed over"));
}

/* Whether the box came as far as the first case. */
static bool
has_begun(const struct run *run, const struct run_outcome *outcome)
{
    const struct sandbox_result *result = &run->result;
    bool begun = !outcome->ended || result->over_memory ||
                 result->over_output || result->timed_out;
    for (size_t i = 0; i < FRAME_CASES && !begun; i++) {
        begun = outcome->cases[i].seen;
    }
    return begun;
}

static enum verdict
sanitizers_fail(struct work *work, const char *why)
{
    buffer_format(&work->reason, say("the sanitizers do not run: %s"), why);
    return VERDICT_INTERNAL_ERROR;
}

/* Its box is made while the part with sanitizers is still being compiled, and
 * when nobody waits for the plain run any more. */
enum verdict
work_start_evidence(struct work *work)
{
    char reason[256];
    struct run_lab lab = work_lab(work);
    lab.spares = work_lanes(work); // for those that share a process
    if (!work->manifest.sanitizer || work->was_awaited) {
        return VERDICT_PASS;
    }
    return run_start(&work->evidence, &lab, true, work->checked.part, reason,
                     sizeof(reason)) == 0
               ? VERDICT_PASS
               : sanitizers_fail(work, reason);
}

/* Takes those cases out of an order that have nothing to hide when they share
 * processes. One that has is run alone, which tells whose it is. */
static enum verdict
run_evidence_together(struct work *work, struct run_order *order)
{
    char reason[256];
    struct run_outcome outcome;
    struct run_order passed = work_take_passed(work, order);
    if (passed.count == 0) {
        return VERDICT_PASS;
    }
    work_run_together(work, &work->evidence, &passed, work_lanes(work),
                      &outcome);
    for (size_t i = 0; i < passed.count; i++) {
        const struct run_case *seen = &outcome.groups[passed.group[i]];
        if (!seen->seen || seen->frame.flags != 0 || seen->frame.status != 0) {
            order_add(order, passed.which[i], passed.limit_ms[i]);
        }
    }
    enum verdict verdict =
        outcome.ended && run_restart(&work->evidence, work->checked.part,
                                     reason, sizeof(reason)) != 0
            ? sanitizers_fail(work, reason)
            : VERDICT_PASS;
    run_outcome_release(&outcome);
    return verdict;
}

/* Who is in no hurry has done nothing for it yet. */
static enum verdict
begin(struct work *work)
{
    char reason[256];
    if (!work->task->is_one_of_many) {
        return VERDICT_PASS;
    }
    if (work_start_checked(work, reason, sizeof(reason)) != 0) {
        return sanitizers_fail(work, reason);
    }
    compile_watch(&work->checked);
    return work_start_evidence(work);
}

enum verdict
work_run_evidence(struct work *work)
{
    struct run_order order = {.hangs = WORK_HANGS,
                              .wait_ms = WORK_WAIT_MS,
                              .lanes = work_lanes(work),
                              .fill = WORK_FILL};
    if (!work->manifest.sanitizer) {
        return VERDICT_PASS;
    }
    enum verdict verdict = begin(work);
    verdict = verdict == VERDICT_PASS ? take_checked_part(work) : verdict;
    choose_evidence(work, &order);
    if (verdict == VERDICT_PASS && work_may_share(work) &&
        !work->hangs_together) {
        verdict = run_evidence_together(work, &order);
    }
    if (verdict != VERDICT_PASS || order.count == 0) {
        return verdict;
    }
    run_cases(&work->evidence, &order, &work->seen);
    if (!has_begun(&work->evidence, &work->seen)) {
        const struct sandbox_result *result = &work->evidence.result;
        return sanitizers_fail(work, result->failure[0] != '\0'
                                         ? result->failure
                                         : buffer_string(&result->err));
    }
    judge_evidence(&work->judgement, &work->seen, &work->checked_part);
    return VERDICT_PASS;
}
