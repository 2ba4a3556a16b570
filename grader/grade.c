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
 * The boxes that run cases are made, and have loaded the lab, while the
 * learner's file is compiled; the reference has run by then. The learner runs
 * as soon as the plain part is there, for the second time while the part with
 * sanitizers is still being compiled. The run with sanitizers comes last: by
 * then it is known which cases hang, and nobody waits for those much longer.
 *
 * For the verdict each case has a process of its own. Second runs and those
 * with sanitizers only look for defects: the cases that have passed share a
 * process there, and are run alone when it does not come through.
 */
#include "grader/grade.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "grader/analysis.h"
#include "grader/cache.h"
#include "grader/compile.h"
#include "grader/diagnose.h"
#include "grader/fingerprint.h"
#include "grader/judge.h"
#include "grader/language.h"
#include "grader/manifest.h"
#include "grader/order.h"
#include "grader/run.h"
#include "grader/sandbox.h"
#include "grader/screen.h"
#include "grader/sha256.h"
#include "grader/tick.h"

enum {
    SOURCE_BYTES = 1 << 20,
    PART_BYTES = 64 << 20,
    SLOWER = 6,          // what sanitizers cost, at most
    HANGS = 2,           // cases that may time out before the rest is skipped
    WAIT_MS = 500,       // that a case may sleep, on top of its time
    PATIENCE_MS = 60000, // for our own part
    AGAIN_US = 100000,   // that second runs may take altogether
    LONG_US = 4000,      // what takes so long is not run twice
    FILL = 0x5A,         // of fresh memory, in the first run
    OTHER_FILL = 0xC3    // and in the second
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
    struct messages messages;
    struct judgement judgement;
    char sha256[FINGERPRINT_SIZE];
    char base[FINGERPRINT_SIZE]; // of the cache's keys
    char level[128];
    struct cached *cached; // what the result points to, or NULL
    struct tick *tick;     // or NULL
};

struct grade_reference {
    struct work work; // of which only the reference's run is used
};

/* What the reference did: in this grading, or in a run that many share. */
static const struct run_outcome *
ours_of(const struct work *work)
{
    const struct grade_reference *shared = work->task->reference;
    return shared != NULL ? &shared->work.ours : &work->ours;
}

static int64_t
now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Tells whoever waits what is known so far. */
static void
tell(struct work *work, enum grade_stage stage)
{
    const struct grade_task *task = work->task;
    if (stage >= GRADE_STAGE_RUN) {
        judge_add_up(&work->judgement, work->result);
    }
    if (task->known != NULL) {
        task->known(task->known_context, stage, work->result);
    }
}

// --- before ----------------------------------------------------------------

/* Our own folders must not be seen in a box, wherever they are installed. */
static void
hide_folders(struct work *work)
{
    const char *wanted[] = {work->task->artifacts, work->task->include};
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        char *path = realpath(wanted[i], NULL);
        if (path == NULL) {
            continue;
        }
        size_t length = strlen(path);
        if (length > 8 && strcmp(path + length - 8, "/include") == 0) {
            path[length - 8] = '\0'; // PREFIX/share/ouro
        }
        else if (length > 5 && strcmp(path + length - 5, "/labs") == 0) {
            path[length - 5] = '\0'; // PREFIX/lib/ouro
        }
        work->hidden_paths[count] = path;
        work->hidden[count++] = path;
    }
}

/* The folder that is shown to the learner's compiler must not hold the
 * reference. */
static int
holds_only_headers(const struct work *work, char *reason, size_t reason_size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/labs/runtime/object.c",
             work->task->include);
    if (access(path, F_OK) == 0) {
        snprintf(reason, reason_size, say("'%s' holds more than headers"),
                 work->task->include);
        return -1;
    }
    return 0;
}

static void
start_judgement(struct work *work)
{
    work->judgement =
        (struct judgement){.manifest = &work->manifest,
                           .until_failure = work->task->until_failure};
}

static int
load(struct work *work, char *reason, size_t reason_size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s/lab.manifest", work->task->artifacts,
             work->task->lab_id);
    if (manifest_read(&work->manifest, path, reason, reason_size) != 0) {
        return -1;
    }
    hide_folders(work);
    start_judgement(work);
    return 0;
}

static int
load_source(struct work *work, char *reason, size_t reason_size)
{
    if (buffer_read_file(&work->source, work->task->file, SOURCE_BYTES) != 0) {
        snprintf(reason, reason_size, say("cannot read '%s': %s"),
                 work->task->file, strerror(errno));
        return -1;
    }
    if (compile_find_compiler() == NULL) {
        snprintf(reason, reason_size, "%s",
                 say("there is no gcc: install it (apt-get install gcc)"));
        return -1;
    }
    sha256_hex(buffer_string(&work->source), work->source.length,
               work->sha256);
    return holds_only_headers(work, reason, reason_size);
}

/* What the learner's cases may take. */
static int64_t
limit_ms(const struct work *work)
{
    return work->task->time_ms > 0 ? work->task->time_ms
                                   : work->manifest.time_ms;
}

/* All cases, for the reference and for the learner's first run. */
static void
order_all(struct work *work)
{
    struct run_order *all = &work->all;
    *all = (struct run_order){.count = work->manifest.case_count,
                              .hangs = work->task->until_failure ? 1 : HANGS,
                              .wait_ms = PATIENCE_MS,
                              .lanes = 1,
                              .fill = FILL};
    for (size_t i = 0; i < all->count; i++) {
        all->which[i] = i;
        all->limit_ms[i] = PATIENCE_MS;
    }
}

static struct compile_task
compile_task_of(const struct work *work)
{
    const struct grade_task *task = work->task;
    return (struct compile_task){.artifacts = task->artifacts,
                                 .lab_id = task->lab_id,
                                 .include = task->include,
                                 .hidden = work->hidden,
                                 .manifest = &work->manifest,
                                 .source = &work->source};
}

static int
start_compilation(struct work *work, struct compilation *compilation,
                  enum compile_track track, char *reason, size_t reason_size)
{
    const struct compile_task what = compile_task_of(work);
    return compile_start(compilation, &what, track, reason, reason_size);
}

static struct run_lab
lab_of(const struct work *work)
{
    const struct grade_task *task = work->task;
    return (struct run_lab){.artifacts = task->artifacts,
                            .id = task->lab_id,
                            .manifest = &work->manifest,
                            .hidden = work->hidden,
                            .seed = task->seed};
}

/* Whether the lab's cases may share a process where a verdict does not hang on
 * it: what threads leave behind would be in each other's way. */
static bool
may_share(const struct work *work)
{
    return strstr(work->manifest.allow, " pthread_") == NULL &&
           strstr(work->manifest.allow, " sem_") == NULL;
}

static int
start_reference(struct work *work, char *reason, size_t reason_size)
{
    const struct run_lab lab = lab_of(work);
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s/part.so", lab.artifacts, lab.id);
    work->reference_part = open(path, O_RDONLY | O_CLOEXEC);
    if (work->reference_part < 0) {
        snprintf(reason, reason_size, say("cannot read '%s': %s"), path,
                 strerror(errno));
        return -1;
    }
    if (run_start(&work->reference, &lab, false, work->reference_part, reason,
                  reason_size) != 0) {
        return -1;
    }
    run_send(&work->reference, &work->together);
    return 0;
}

static int
start_learner(struct work *work, char *reason, size_t reason_size)
{
    struct run_lab lab = lab_of(work);
    lab.spares = (int)work->manifest.case_count;
    return run_start(&work->learner, &lab, false, work->plain.part, reason,
                     reason_size);
}

/* Makes the boxes, the one that is waited for longest first, and lets the
 * reference run. */
static int
start_boxes(struct work *work, char *reason, size_t reason_size)
{
    order_all(work);
    work->together = work->all;
    if (work->task->reference == NULL && may_share(work)) {
        const int64_t time_us[FRAME_CASES] = {0};
        order_share_out(&work->together, 1, time_us);
    }
    return start_compilation(work, &work->plain, COMPILE_PLAIN, reason,
                             reason_size) != 0 ||
                   (work->task->reference == NULL &&
                    start_reference(work, reason, reason_size) != 0) ||
                   start_learner(work, reason, reason_size) != 0 ||
                   (work->manifest.sanitizer &&
                    start_compilation(work, &work->checked, COMPILE_CHECKED,
                                      reason, reason_size) != 0)
               ? -1
               : 0;
}

/* Why a compilation did not end well, or PASS. */
static enum verdict
verdict_of_compilation(struct work *work)
{
    const struct sandbox_result *result = &work->plain.result;
    diagnose(&work->messages, &result->err, &work->source, &work->manifest);
    if (result->failure[0] != '\0') {
        buffer_format(&work->reason, say("the sandbox cannot be made: %s"),
                      result->failure);
        return VERDICT_INTERNAL_ERROR;
    }
    if (result->over_output) {
        buffer_format(&work->reason, "%s\n",
                      say("the compiler has too much to say of it"));
        return VERDICT_COMPILE_ERROR;
    }
    if (result->timed_out || WIFSIGNALED(result->status)) {
        buffer_format(&work->reason, "%s\n",
                      say("compiling took too long or too much memory"));
        return VERDICT_COMPILE_ERROR;
    }
    switch (WEXITSTATUS(result->status)) {
    case 0:
        return VERDICT_PASS;
    case 1:
        if (!work->messages.has_error) {
            buffer_format(&work->reason, "%s\n", say("the compiler gave up"));
        }
        return VERDICT_COMPILE_ERROR;
    case 2:
        buffer_format(&work->reason, "%s\n",
                      say("the object file is too large"));
        return VERDICT_COMPILE_ERROR;
    default:
        return VERDICT_LINK_ERROR;
    }
}

/* Compiles and screens. PASS when there is a part to run. */
static enum verdict
compile(struct work *work, struct grade_timing *timing)
{
    compile_wait(&work->plain);
    timing->compile_us = work->plain.result.wall_us;
    enum verdict verdict = verdict_of_compilation(work);
    snprintf(work->level, sizeof(work->level), "%s", work->plain.result.level);
    if (verdict == VERDICT_INTERNAL_ERROR) {
        return verdict;
    }
    int64_t screened = now_us();
    if (buffer_read_whole(&work->object, work->plain.object, PART_BYTES) ==
            0 &&
        work->object.length > 0 && !work->task->unscreened) {
        enum verdict screen =
            screen_object(&work->object, &work->manifest, &work->reason);
        verdict = screen != VERDICT_PASS ? screen : verdict;
    }
    timing->screen_us = now_us() - screened;
    return verdict;
}

// --- runs ------------------------------------------------------------------

static enum verdict
internal_error(struct work *work, const char *text)
{
    buffer_format(&work->reason, "%s\n", text);
    return VERDICT_INTERNAL_ERROR;
}

static void
times_of(const struct run_outcome *outcome, int64_t *time_us)
{
    for (size_t i = 0; i < FRAME_CASES; i++) {
        time_us[i] = outcome->cases[i].frame.time_us;
    }
}

/* What the reference did. Its cases have shared a process if they may; that
 * they came out as alone is only sure when the learner's do so, too. */
static int
receive_reference(struct work *work)
{
    if (work->task->reference != NULL) {
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
    return judge_cases(&work->judgement, ours_of(work), &work->theirs,
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
            order_add(&order, i, PATIENCE_MS);
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
    start_judgement(work);
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
    order.wait_ms = WAIT_MS;
    for (size_t i = 0; i < order.count; i++) {
        order.limit_ms[i] = limit_ms(work);
    }
    struct run_order fast = order;
    fast.lanes = FRAME_LANES;
    times_of(ours_of(work), time_us);
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

/* Runs the learner's part, and compares with what the reference did. */
static enum verdict
run(struct work *work, struct grade_timing *timing)
{
    int64_t started = now_us();
    int known = receive_reference(work);
    run_learner(work);
    timing->run_us = now_us() - started;
    const char *failure = work->reference.result.failure[0] != '\0'
                              ? work->reference.result.failure
                              : work->learner.result.failure;
    if (failure[0] != '\0' || known != 0) {
        buffer_format(&work->reason, say("the reference does not run: %s"),
                      failure);
        return VERDICT_INTERNAL_ERROR;
    }
    int64_t compared = now_us();
    int result = compare(work);
    result = result == 0 ? compare_strictly(work) : result;
    timing->compare_us = now_us() - compared;
    return result == 0
               ? VERDICT_PASS
               : internal_error(work, say("the reference fails its own case"));
}

/* Of an order, the cases that have passed; the others stay. */
static struct run_order
take_passed(const struct work *work, struct run_order *order)
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

/* Lets the cases of an order share processes. */
static void
run_together(struct work *work, struct run *run, struct run_order *order,
             int groups, struct run_outcome *outcome)
{
    int64_t time_us[FRAME_CASES];
    times_of(&work->theirs, time_us);
    order_share_out(order, groups, time_us);
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
    struct run_order passed = take_passed(work, &others);
    if (passed.count < 2) {
        return;
    }
    run_together(work, &work->learner, &passed, 1, &outcome);
    if (repeats(work, &passed, 0, &outcome.groups[0])) {
        *order = others;
    }
    if (outcome.ended) {
        work->theirs.ended = run_restart(&work->learner, work->plain.part,
                                         reason, sizeof(reason)) != 0;
    }
    run_outcome_release(&outcome);
}

/* The learner once more, with other rubbish in fresh memory: who comes out
 * otherwise is flaky. What takes long is not run twice. */
static void
run_again(struct work *work)
{
    struct run_order order = {
        .hangs = 1, .wait_ms = WAIT_MS, .lanes = 1, .fill = OTHER_FILL};
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
            order_add(&order, i, limit_ms(work));
        }
    }
    if (may_share(work)) {
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
        buffer_read_whole(&work->part, work->plain.part, PART_BYTES) != 0) {
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
                              .wait_ms = WAIT_MS,
                              .lanes = 1,
                              .fill = FILL,
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

/* Where it crashed, hung or lost memory. */
static void
explain(struct work *work)
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
                      limit_ms(work));
        explain_first(work, VERDICT_TIMED_OUT, ORDER_TRACE_CALLS, LOOK_MS);
    }
}

/* The cases that were decided go to the sanitizers, which may say why one has
 * crashed, or that one has passed by luck. One that hangs comes last and is
 * looked at for a moment. */
static void
choose_evidence(const struct work *work, struct run_order *order)
{
    const int64_t time_ms = limit_ms(work);
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
    const struct sandbox_result *result = &work->checked.result;
    compile_wait(&work->checked);
    if (result->failure[0] != '\0') {
        buffer_format(&work->reason, say("the sandbox cannot be made: %s"),
                      result->failure);
        return VERDICT_INTERNAL_ERROR;
    }
    if (buffer_read_whole(&work->checked_part, work->checked.part,
                          PART_BYTES) == 0 &&
        work->checked_part.length > 0) {
        return VERDICT_PASS;
    }
    messages_release(&work->messages);
    diagnose(&work->messages, &result->err, &work->source, &work->manifest);
    buffer_format(&work->reason, "%s\n",
                  say("with the sanitizers it does not compile"));
    return VERDICT_COMPILE_ERROR;
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
static enum verdict
start_evidence(struct work *work)
{
    char reason[256];
    const struct run_lab lab = lab_of(work);
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
    struct run_order passed = take_passed(work, order);
    if (passed.count == 0) {
        return VERDICT_PASS;
    }
    run_together(work, &work->evidence, &passed, FRAME_LANES, &outcome);
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

static enum verdict
run_evidence(struct work *work)
{
    struct run_order order = {.hangs = HANGS,
                              .wait_ms = WAIT_MS,
                              .lanes = FRAME_LANES,
                              .fill = FILL};
    enum verdict verdict = take_checked_part(work);
    choose_evidence(work, &order);
    if (verdict == VERDICT_PASS && may_share(work)) {
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

/* Has the file looked at for what no run can show, when it showed something
 * else than it should. */
static void
analyse(struct work *work)
{
    for (size_t i = 0; i < work->manifest.case_count; i++) {
        if (work->judgement.cases[i].verdict == VERDICT_FAIL) {
            const struct compile_task what = compile_task_of(work);
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
    enum verdict verdict = run(work, timing);
    if (verdict != VERDICT_PASS) {
        return verdict;
    }
    tell(work, GRADE_STAGE_RUN);
    int64_t started = now_us();
    if (work->manifest.sanitizer &&
        (verdict = start_evidence(work)) != VERDICT_PASS) {
        return verdict;
    }
    if (!work->task->until_failure) {
        analyse(work);
        run_again(work);
        explain(work);
    }
    timing->again_us = now_us() - started;
    started = now_us();
    if (work->manifest.sanitizer) {
        verdict = run_evidence(work);
    }
    explain_analysis(work);
    timing->check_us = now_us() - started;
    if (verdict != VERDICT_PASS) {
        work->result->score = 0;
        work->result->case_count = 0;
        return verdict;
    }
    judge_add_up(&work->judgement, work->result);
    return work->result->verdict;
}

// --- the main path ---------------------------------------------------------

static void
release_work(struct work *work)
{
    if (work == NULL) {
        return;
    }
    compile_release(&work->plain);
    compile_release(&work->checked);
    run_release(&work->reference);
    run_release(&work->learner);
    run_release(&work->evidence);
    run_outcome_release(&work->alone);
    run_outcome_release(&work->ours);
    run_outcome_release(&work->theirs);
    run_outcome_release(&work->again);
    run_outcome_release(&work->seen);
    if (work->reference_part >= 0) {
        close(work->reference_part);
    }
    manifest_release(&work->manifest);
    messages_release(&work->messages);
    judge_release(&work->judgement);
    cache_release(work->cached);
    tick_free(work->tick);
    struct buffer *buffers[] = {&work->source, &work->object, &work->reason,
                                &work->part, &work->checked_part};
    for (size_t i = 0; i < sizeof(buffers) / sizeof(*buffers); i++) {
        buffer_release(buffers[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        free(work->hidden_paths[i]);
    }
    free(work);
}

/* What every result has, whatever the verdict. */
static void
fill_result(struct work *work, struct grade_result *result)
{
    result->max_score = 0;
    for (size_t i = 0; i < work->manifest.case_count; i++) {
        result->max_score += work->manifest.cases[i].points;
    }
    result->seed = work->task->seed;
    result->messages = work->messages.items;
    result->message_count = work->messages.count;
    result->reason = buffer_string(&work->reason);
    result->file_sha256 = work->sha256;
    result->level = work->level;
    result->is_open = work->plain.result.is_open;
    result->memory = work;
}

static struct work *
new_work(const struct grade_task *task, char *reason, size_t reason_size)
{
    struct work *work = calloc(1, sizeof(*work));
    if (work == NULL) {
        snprintf(reason, reason_size, "%s", say("out of memory"));
        return NULL;
    }
    work->task = task;
    work->reference_part = -1;
    sandbox_allow_open(task->may_be_open);
    if (load(work, reason, reason_size) != 0) {
        release_work(work);
        return NULL;
    }
    return work;
}

int
grade_reference_run(const struct grade_task *task,
                    struct grade_reference **reference, char *reason,
                    size_t reason_size)
{
    struct work *work = new_work(task, reason, reason_size);
    if (work == NULL) {
        return -1;
    }
    order_all(work);
    work->together = work->all;
    if (start_reference(work, reason, reason_size) != 0) {
        release_work(work);
        return -1;
    }
    run_receive(&work->reference, &work->all, &work->ours);
    if (work->ours.ended) {
        snprintf(reason, reason_size, say("the reference does not run: %s"),
                 work->reference.result.failure);
        release_work(work);
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
    release_work((struct work *)reference);
}

/* What may be known before the compiler is through. */
static struct tick_task
tick_of(const struct work *work)
{
    return (struct tick_task){.compile = compile_task_of(work),
                              .grade = work->task,
                              .base = work->base};
}

static bool
may_tick(const struct work *work)
{
    const struct grade_task *task = work->task;
    return task->wants_tick && task->known != NULL && task->cache != NULL &&
           may_share(work) && compile_find_quick() != NULL;
}

static void
start_tick(struct work *work)
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
        fill_result(work, result);
        tell(work, GRADE_STAGE_TICK);
    }
    tick_free(work->tick);
    work->tick = NULL;
}

/* Compiles, runs and compares. 0, or -1 with the reason. */
static int
find_verdict(struct work *work, struct grade_result *result, char *reason,
             size_t reason_size)
{
    struct grade_timing *timing = &result->timing;
    start_tick(work);
    if (start_boxes(work, reason, reason_size) != 0) {
        return -1;
    }
    work->result = result;
    show_tick(work);
    result->verdict = compile(work, timing);
    fill_result(work, result);
    tell(work, GRADE_STAGE_COMPILED);
    if (result->verdict == VERDICT_PASS) {
        result->verdict = judge(work, timing);
    }
    result->compile_ms = timing->compile_us / 1000;
    result->run_ms =
        (timing->run_us + timing->again_us + timing->check_us) / 1000;
    fill_result(work, result);
    return 0;
}

/* The same, unless it was done before. */
static int
find_verdict_once(struct work *work, struct grade_result *result, char *reason,
                  size_t reason_size)
{
    const struct grade_task *task = work->task;
    char key[FINGERPRINT_SIZE];
    if (task->cache != NULL) {
        cache_base(task, work->base);
        fingerprint_of(work->base, work->sha256, key);
    }
    if (task->cache == NULL || task->unscreened) {
        return find_verdict(work, result, reason, reason_size);
    }
    if (!task->must_be_fresh) {
        work->cached = cache_find(task->cache, key,
                                  task->any_seed ? NULL : &task->seed, result);
    }
    if (work->cached != NULL) {
        result->memory = work;
        return 0;
    }
    if (find_verdict(work, result, reason, reason_size) != 0) {
        return -1;
    }
    cache_store(task->cache, key, result);
    if (may_tick(work) && work->theirs.bytes.length > 0) {
        const struct tick_task next = tick_of(work);
        int64_t time_us[FRAME_CASES];
        times_of(&work->theirs, time_us);
        tick_prepare(&next, time_us);
    }
    return 0;
}

int
grade_file(const struct grade_task *task, struct grade_result *result,
           char *reason, size_t reason_size)
{
    int64_t begun = now_us();
    struct work *work = new_work(task, reason, reason_size);
    *result = (struct grade_result){0};
    if (work == NULL || load_source(work, reason, reason_size) != 0 ||
        find_verdict_once(work, result, reason, reason_size) != 0) {
        release_work(work);
        return -1;
    }
    result->timing.total_us = now_us() - begun;
    return 0;
}

void
grade_release(struct grade_result *result)
{
    release_work(result->memory);
    *result = (struct grade_result){0};
}

// --- the machine -----------------------------------------------------------

void
grade_find(char **artifacts, char **include)
{
    char path[PATH_MAX];
    *artifacts = *include = NULL;
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    char *slash = NULL;
    if (length > 0) {
        path[length] = '\0';
        slash = strrchr(path, '/');
    }
    if (slash == NULL) {
        return;
    }
    *slash = '\0';
    char leaf[PATH_MAX + 32];
    snprintf(leaf, sizeof(leaf), "%s/labs/leaf", path);
    bool built = access(leaf, X_OK) == 0;
    if (asprintf(artifacts, built ? "%s/labs" : "%s/../lib/ouro/labs", path) <
        0) {
        *artifacts = NULL;
    }
    if (asprintf(include,
                 built ? "%s/labs/include" : "%s/../share/ouro/include",
                 path) < 0) {
        *include = NULL;
    }
}

void
grade_set_language(const char *(*translate)(const char *english))
{
    language_set(translate);
}

void
grade_look_at_machine(struct grade_machine *machine)
{
    *machine = (struct grade_machine){.compiler = compile_find_compiler()};
    machine->sandbox =
        sandbox_works(machine->failure, sizeof(machine->failure));
    snprintf(machine->level, sizeof(machine->level),
             "%snamespaces, seccomp, limits", geteuid() == 0 ? "" : "user ");
}
