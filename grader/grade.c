/* Who takes part, and who believes whom:
 *
 *   grader      this process: trusted. Never loads, runs or parses what the
 *               learner wrote but by way of the readers of screen.c and
 *               observe.c, which check every byte.
 *   compile     two boxes, plain and with sanitizers, at the same time
 *   reference   a box with the leaf, the lab's cases and our part
 *   learner     the same with the learner's part; the reference is not in it,
 *               nor anything that was expected
 *   evidence    the learner's part with sanitizers: can lower a score and
 *               never raise it
 *
 * A case passes when the learner's stream of observations equals the
 * reference's to the last byte, the process ended by returning, a second run
 * came out the same, and no sanitizer found anything. Saying so, ending early,
 * or writing to the wrong place changes the stream or the end, and is a
 * failure.
 *
 * The box that runs cases is made, and has loaded the lab, while the learner's
 * file is compiled; the reference has run by then, often for the next grading
 * when the one before it was told (rehearsal.h). The learner runs as soon as
 * the plain part is there, for the second time while the part with sanitizers
 * is still being compiled. The run with sanitizers comes last: by then it is
 * known which cases hang, and nobody waits for those much longer.
 *
 * Who waits for a file to be saved can have all of that standing by: the
 * compilers have read the headers, and the cases' boxes wait for their part
 * (work_ahead.c).
 *
 * Whoever waits for a processor makes somebody else wait. So what is told
 * first is started first, and with two processors the compilation with
 * sanitizers begins when the cases' box is made. A grading that is one of many
 * does one thing after the other.
 *
 * For the verdict each case has a process of its own. Second runs and those
 * with sanitizers only look for defects: the cases that have passed share a
 * process there, and are run alone when it does not come through.
 *
 * This is the main path; the steps are in work_ahead.c (before there is a
 * file), work_part.c (from the file to a part that can be run), work_runs.c
 * (the verdict) and work_checked.c (the evidence).
 */
#include "grader/grade.h"

#include <stdio.h>

#include "grader/clock.h"
#include "grader/language.h"
#include "grader/work.h"

/* Has the file looked at for what no run can show, when it showed something
 * else than it should. */
static void
analyse(struct work *work)
{
    for (size_t i = 0; i < work->manifest.case_count; i++) {
        if (work->judgement.cases[i].verdict == VERDICT_FAIL) {
            const struct compile_task what = work_compile_task(work);
            analysis_start(&work->analysis, &what);
            return;
        }
    }
}

static void
explain_analysis(struct work *work)
{
    struct buffer words = {0};
    analysis_end(&work->analysis, &words);
    judge_explain(&work->judgement, &words);
    buffer_release(&words);
}

/* All runs, in the order in which they can say something. */
static enum verdict
judge(struct work *work, struct grade_timing *timing)
{
    bool hurries = !work->task->is_one_of_many;
    enum verdict verdict = work_run(work, timing);
    if (verdict != VERDICT_PASS) {
        return verdict;
    }
    work_tell(work, GRADE_STAGE_RUN);
    int64_t started = clock_us();
    if (hurries && (verdict = work_start_evidence(work)) != VERDICT_PASS) {
        return verdict;
    }
    if (!work->task->until_failure) {
        analyse(work);
        work_run_again(work);
        work_explain(work);
    }
    timing->again_us = clock_us() - started;
    started = clock_us();
    verdict = work_run_evidence(work);
    explain_analysis(work);
    judge_printed(&work->judgement, &work->theirs);
    timing->check_us = clock_us() - started;
    if (verdict != VERDICT_PASS) {
        work->result->score = 0;
        work->result->case_count = 0;
        return verdict;
    }
    judge_add_up(&work->judgement, work->result);
    return work->result->verdict;
}

int
grade_reference_run(const struct grade_task *task,
                    struct grade_reference **reference, char *reason,
                    size_t reason_size)
{
    struct work *work = work_new(task, reason, reason_size);
    if (work == NULL) {
        return -1;
    }
    work_order_all(work);
    work->together = work->all;
    if (work_start_reference(work, reason, reason_size) != 0) {
        work_free(work);
        return -1;
    }
    run_receive(&work->reference, &work->all, &work->ours);
    if (work->ours.ended) {
        snprintf(reason, reason_size, say("the reference does not run: %s"),
                 work->reference.result.failure);
        work_free(work);
        return -1;
    }
    run_release(&work->reference);
    work->task = NULL; // it is the caller's
    *reference = (struct grade_reference *)work;
    return 0;
}

void
grade_reference_free(struct grade_reference *reference)
{
    work_free((struct work *)reference);
}

/* What may be known before the compiler is through. */
static struct tick_task
tick_of(const struct work *work)
{
    return (struct tick_task){.compile = work_compile_task(work),
                              .grade = work->task,
                              .base = work->base};
}

static bool
may_tick(const struct work *work)
{
    const struct grade_task *task = work->task;
    return task->wants_tick && task->known != NULL && task->cache != NULL &&
           work_may_share(work) && compile_find_quick() != NULL;
}

void
work_start_tick(struct work *work)
{
    if (may_tick(work)) {
        const struct tick_task task = tick_of(work);
        work->tick = tick_start(&task);
    }
}

static void
show_tick(struct work *work)
{
    struct grade_result *result = work->result;
    if (work->tick != NULL &&
        tick_wait(work->tick, &result->tick_passed, &result->tick_cases)) {
        work_fill_result(work, result);
        work_tell(work, GRADE_STAGE_TICK);
    }
    tick_free(work->tick);
    work->tick = NULL;
}

/* Makes the boxes, the one that is waited for first before the others. */
static int
start(struct work *work, char *reason, size_t reason_size)
{
    if (work->was_awaited) {
        work_give_source(work);
        return 0;
    }
    work_order_all(work);
    work_take_rehearsal(work);
    work_share_reference(work);
    work_start_tick(work);
    if (work_start_plain(work, reason, reason_size) != 0 ||
        work_start_reference(work, reason, reason_size) != 0) {
        return -1;
    }
    tick_run(work->tick);
    return work->task->is_one_of_many
               ? 0
               : work_start_learner(work, reason, reason_size);
}

/* What is needed behind the compiler, by who is in a hurry. */
static int
start_rest(struct work *work, char *reason, size_t reason_size)
{
    if (work->task->is_one_of_many || work->was_awaited) {
        return 0;
    }
    if (!work_has_processor_to_spare()) {
        run_wait(&work->learner);
    }
    return work_start_checked(work, reason, reason_size);
}

/* Compiles, runs and compares. 0, or -1 with the reason. */
static int
find_verdict(struct work *work, char *reason, size_t reason_size)
{
    struct grade_result *result = work->result;
    struct grade_timing *timing = &result->timing;
    if (start(work, reason, reason_size) != 0) {
        return -1;
    }
    show_tick(work);
    if (start_rest(work, reason, reason_size) != 0) {
        return -1;
    }
    result->verdict = work_compile(work, timing);
    work_fill_result(work, result);
    work_tell(work, GRADE_STAGE_COMPILED);
    if (result->verdict == VERDICT_PASS && work->task->is_one_of_many &&
        work_start_learner(work, reason, reason_size) != 0) {
        return -1;
    }
    if (result->verdict == VERDICT_PASS) {
        result->verdict = judge(work, timing);
    }
    result->compile_ms = timing->compile_us / 1000;
    result->run_ms =
        (timing->run_us + timing->again_us + timing->check_us) / 1000;
    work_fill_result(work, result);
    return 0;
}

static bool
is_kept(const struct grade_task *task)
{
    return task->cache != NULL && !task->unscreened;
}

/* Whether it was done before; gives the key of its place in the cache. */
static bool
was_found_before(struct work *work, char key[FINGERPRINT_SIZE])
{
    const struct grade_task *task = work->task;
    if (task->cache != NULL || task->standby != NULL) {
        cache_base(task, work->base);
        fingerprint_of(work->base, work->sha256, key);
    }
    if (is_kept(task) && !task->must_be_fresh) {
        work->cached =
            cache_find(task->cache, key, task->any_seed ? NULL : &task->seed,
                       work->result);
    }
    return work->cached != NULL;
}

static void
keep(struct work *work, const char key[FINGERPRINT_SIZE])
{
    const struct grade_task *task = work->task;
    cache_store(task->cache, key, work->result);
    if (may_tick(work) && work->theirs.bytes.length > 0) {
        const struct tick_task next = tick_of(work);
        int64_t time_us[FRAME_CASES];
        work_times_of(&work->theirs, time_us);
        tick_prepare(&next, time_us);
    }
}

/* 0, or -1 with the reason. */
static int
grade(struct work **work, struct grade_result *result, char *reason,
      size_t reason_size)
{
    char key[FINGERPRINT_SIZE];
    if (work_load_source(*work, reason, reason_size) != 0) {
        return -1;
    }
    (*work)->result = result;
    if (was_found_before(*work, key)) {
        result->memory = *work;
        return 0;
    }
    *work = work_wake(*work);
    if (find_verdict(*work, reason, reason_size) != 0) {
        return -1;
    }
    if (is_kept((*work)->task)) {
        keep(*work, key);
    }
    return 0;
}

int
grade_file(const struct grade_task *task, struct grade_result *result,
           char *reason, size_t reason_size)
{
    int64_t begun = clock_us();
    struct work *work = work_new(task, reason, reason_size);
    *result = (struct grade_result){0};
    if (work == NULL || grade(&work, result, reason, reason_size) != 0) {
        work_free(work);
        return -1;
    }
    result->timing.total_us = clock_us() - begun;
    return 0;
}

void
grade_release(struct grade_result *result)
{
    work_free(result->memory);
    *result = (struct grade_result){0};
}

void
grade_set_language(const char *(*translate)(const char *english))
{
    language_set(translate);
}
