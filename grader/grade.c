/* Who takes part, and who believes whom:
 *
 *   grader      this process: trusted. Never loads, runs or parses what the
 *               learner wrote but by way of the readers of screen.c and
 *               observe.c, which check every byte.
 *   compile     two boxes, plain and with sanitizers, at the same time
 *   reference   a box with the leaf, the lab's cases and our part
 *   learner     the same with the learner's part; the reference is not in it,
 *               nor anything that was expected
 *   checked     the learner's part with sanitizers: evidence that can lower a
 *               score and never raise it
 *
 * A case passes when the learner's stream of observations equals the
 * reference's to the last byte, the process ended by returning, and no
 * sanitizer found anything. Saying so, ending early, or writing to the wrong
 * place changes the stream or the end, and is a failure.
 *
 * The reference runs while the learner's file is compiled, the learner while
 * it is compiled once more. The run with sanitizers comes last: by then it is
 * known which cases hang, and nobody waits for those much longer. */
#include "grader/grade.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "grader/compile.h"
#include "grader/evidence.h"
#include "grader/frame.h"
#include "grader/language.h"
#include "grader/manifest.h"
#include "grader/observe.h"
#include "grader/sandbox.h"
#include "grader/screen.h"
#include "grader/sha256.h"

enum {
    SOURCE_BYTES = 1 << 20,
    SLOWER = 6,         // what sanitizers cost, at most
    HANGS = 2,          // cases that may time out before the rest is skipped
    WAIT_MS = 3000,     // for a case that does nothing
    PATIENCE_MS = 60000 // for a box, on the clock
};

/* A box in which all cases run. */
struct run {
    struct sandbox_task task;
    struct sandbox_file files[3];
    struct buffer leaf, part, lab;
    char seed[32], time_ms[16], wait_ms[16], limit_kib[16], hangs[16];
    const char *arguments[MANIFEST_CASES + 8];
    struct sandbox *sandbox;
    struct sandbox_result result;
    struct frame frames[MANIFEST_CASES]; // of the cases that ended
    const char *streams[MANIFEST_CASES], *logs[MANIFEST_CASES];
    size_t frame_count;
};

/* Everything of one grading; becomes the result's private memory. */
struct work {
    const struct grade_task *task;
    struct manifest manifest;
    struct buffer source, object, reason;
    char *hidden_paths[4];
    const char *hidden[5];
    struct compilation plain, checked;
    struct run reference, learner, evidence;
    struct messages messages;
    struct grade_case cases[MANIFEST_CASES];
    struct buffer texts[MANIFEST_CASES][3]; // expected, yours, detail
    char sha256[65];
    char level[128];
};

struct grade_reference {
    struct work work; // of which only the reference's run is used
};

/* The reference's run: this grading's own, or one that many share. */
static const struct run *
reference_of(const struct work *work)
{
    const struct grade_reference *shared = work->task->reference;
    return shared != NULL ? &shared->work.reference : &work->reference;
}

static int64_t
now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// --- runs ------------------------------------------------------------------

static int
read_artifact(const struct work *work, const char *name, struct buffer *bytes,
              char *reason, size_t reason_size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", work->task->artifacts, name);
    if (buffer_read_file(bytes, path, (size_t)32 << 20) != 0) {
        snprintf(reason, reason_size, say("cannot read '%s': %s"), path,
                 strerror(errno));
        return -1;
    }
    return 0;
}

static int
read_lab_artifact(const struct work *work, const char *name,
                  struct buffer *bytes, char *reason, size_t reason_size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", work->task->lab_id, name);
    return read_artifact(work, path, bytes, reason, reason_size);
}

/* Whether the learner's run has one of these flags for a case. */
static bool
has_flag(const struct work *work, size_t i, unsigned flags)
{
    return i < work->learner.frame_count &&
           (work->learner.frames[i].flags & flags) != 0;
}

/* What the learner's cases may take. */
static int64_t
limit_ms(const struct work *work)
{
    return work->task->time_ms > 0 ? work->task->time_ms
                                   : work->manifest.time_ms;
}

/* What a case may take with sanitizers. One that hangs without them is not
 * waited for SLOWER times longer. */
static int64_t
evidence_ms(const struct work *work)
{
    int64_t longest_us = 0;
    for (size_t i = 0; i < work->learner.frame_count; i++) {
        const struct frame *frame = &work->learner.frames[i];
        bool ended = (frame->flags & FRAME_TIMED_OUT) == 0;
        if (ended && frame->time_us > longest_us) {
            longest_us = frame->time_us;
        }
    }
    return limit_ms(work) + longest_us * SLOWER / 1000;
}

/* What a case of this run may take. Our own part comes to an end. */
static int64_t
run_limit_ms(const struct work *work, const struct run *run)
{
    return run == &work->evidence    ? evidence_ms(work)
           : run == &work->reference ? PATIENCE_MS
                                     : limit_ms(work);
}

/* Whether the learner's file does in a case what the reference does, as far
 * as is seen without sanitizers. */
static bool
is_alike(const struct work *work, size_t i)
{
    const struct run *ours = reference_of(work);
    const struct run *theirs = &work->learner;
    if (i >= ours->frame_count || i >= theirs->frame_count) {
        return false;
    }
    const struct frame *a = &ours->frames[i];
    const struct frame *b = &theirs->frames[i];
    return a->flags == b->flags && a->status == b->status &&
           a->stream_bytes == b->stream_bytes &&
           memcmp(ours->streams[i], theirs->streams[i], a->stream_bytes) == 0;
}

/* How many cases are to be looked at with sanitizers: until the first failure,
 * none behind it. */
static size_t
evidence_count(const struct work *work)
{
    size_t count = 0;
    size_t all = work->manifest.case_count;
    while (work->task->until_failure && count < all && is_alike(work, count)) {
        count++;
    }
    return work->task->until_failure && count < all ? count + 1 : all;
}

/* Starts all cases with a part that is in run->part already. */
static int
start_run(struct work *work, struct run *run, bool sanitizers, char *reason,
          size_t reason_size)
{
    static const char *const FOLDERS[] = {"/usr/lib", "/usr/lib64", "/lib",
                                          "/lib64", NULL};
    const struct manifest *manifest = &work->manifest;
    int64_t time_ms = run_limit_ms(work, run);
    int64_t wait_ms = run == &work->reference ? PATIENCE_MS : WAIT_MS;
    if (read_artifact(work, sanitizers ? "leaf.asan" : "leaf", &run->leaf,
                      reason, reason_size) != 0 ||
        read_lab_artifact(work, sanitizers ? "lab.asan.so" : "lab.so",
                          &run->lab, reason, reason_size) != 0) {
        return -1;
    }
    snprintf(run->seed, sizeof(run->seed), "%" PRIu64, work->task->seed);
    snprintf(run->time_ms, sizeof(run->time_ms), "%d", (int)time_ms);
    snprintf(run->wait_ms, sizeof(run->wait_ms), "%d", (int)wait_ms);
    snprintf(run->limit_kib, sizeof(run->limit_kib), "%d",
             manifest->output_kib);
    snprintf(run->hangs, sizeof(run->hangs), "%d",
             work->task->until_failure ? 1 : HANGS);
    const char *fixed[] = {"/w/leaf",    sanitizers ? "asan" : "plain",
                           run->seed,    run->time_ms,
                           run->wait_ms, run->limit_kib,
                           run->hangs};
    memcpy(run->arguments, fixed, sizeof(fixed));
    // Until the first failure, a hanging case needs no explanation.
    unsigned unseen =
        FRAME_SKIPPED | (work->task->until_failure ? FRAME_TIMED_OUT : 0U);
    size_t count = sanitizers ? evidence_count(work) : manifest->case_count;
    for (size_t i = 0; i < manifest->case_count; i++) {
        bool skip = i >= count || (sanitizers && has_flag(work, i, unseen));
        run->arguments[7 + i] = skip ? "-" : manifest->cases[i].name;
    }
    const struct {
        const char *name;
        const struct buffer *bytes;
    } FILES[] = {
        {"leaf", &run->leaf}, {"part.so", &run->part}, {"lab.so", &run->lab}};
    for (size_t i = 0; i < 3; i++) {
        run->files[i] =
            (struct sandbox_file){.name = FILES[i].name,
                                  .bytes = buffer_string(FILES[i].bytes),
                                  .length = FILES[i].bytes->length};
    }
    run->task = (struct sandbox_task){
        .arguments = run->arguments,
        .folders = FOLDERS,
        .hidden = work->hidden,
        .files = run->files,
        .file_count = 3,
        .passed = {-1, -1},
        .wall_ms = PATIENCE_MS,
        .cpu_s = time_ms / 1000 + 2, // for those whom the leaf cannot stop
        .memory_bytes = sanitizers ? 0 : (int64_t)4 << 30,
        .resident_bytes =
            ((int64_t)manifest->memory_mib << 20) * (sanitizers ? 3 : 1),
        .file_bytes = 0,
        .processes = 64,
        .output_limit = (size_t)64 << 20};
    run->sandbox = sandbox_start(&run->task);
    return 0;
}

/* Cuts what the leaf said into frames; stops at the first that is not
 * whole. */
static void
wait_run(struct run *run, size_t case_count)
{
    sandbox_wait(run->sandbox, &run->result);
    run->sandbox = NULL;
    const char *at = buffer_string(&run->result.out);
    size_t left = run->result.out.length;
    while (run->frame_count < case_count && left >= sizeof(struct frame)) {
        struct frame *frame = &run->frames[run->frame_count];
        memcpy(frame, at, sizeof(*frame));
        at += sizeof(*frame);
        left -= sizeof(*frame);
        if (frame->magic != FRAME_MAGIC || frame->stream_bytes > left ||
            frame->log_bytes > left - frame->stream_bytes) {
            return;
        }
        run->streams[run->frame_count] = at;
        run->logs[run->frame_count] = at + frame->stream_bytes;
        at += frame->stream_bytes + frame->log_bytes;
        left -= frame->stream_bytes + frame->log_bytes;
        run->frame_count++;
    }
}

static void
release_run(struct run *run)
{
    if (run->sandbox != NULL) {
        sandbox_wait(run->sandbox, &run->result);
        run->sandbox = NULL;
    }
    sandbox_result_release(&run->result);
    buffer_release(&run->leaf);
    buffer_release(&run->part);
    buffer_release(&run->lab);
}

// --- cases -----------------------------------------------------------------

/* Finds the first difference between the reference's stream and the
 * learner's; false if there is none. */
static bool
find_divergence(struct work *work, size_t i, const struct observations *ours,
                const struct observations *theirs)
{
    struct grade_divergence *divergence = &work->cases[i].divergence;
    size_t at = 0;
    while (at < ours->count && at < theirs->count &&
           observation_equal(&ours->items[at], &theirs->items[at])) {
        at++;
    }
    if (at == ours->count && at == theirs->count) {
        return false;
    }
    const struct observation *expected =
        at < ours->count ? &ours->items[at] : NULL;
    const struct observation *yours =
        at < theirs->count ? &theirs->items[at] : NULL;
    divergence->step = (int)at + 1;
    if (expected != NULL) {
        observation_show(&work->texts[i][0], expected, yours);
    }
    if (yours != NULL) {
        observation_show(&work->texts[i][1], yours, expected);
    }
    return true;
}

/* Whether the first difference is the lab's own accounting of memory. */
static bool
is_leak(const struct observations *ours, int step)
{
    static const char LEAKED[] = "leaked";
    size_t at = (size_t)step - 1;
    return at < ours->count &&
           ours->items[at].name_length >= sizeof(LEAKED) - 1 &&
           memcmp(ours->items[at].name, LEAKED, sizeof(LEAKED) - 1) == 0;
}

/* What a signal means, said to a learner. */
static const char *
signal_meaning(int number)
{
    switch (number) {
    case SIGSEGV:
        return SAY_LATER("it touched memory that is not its own");
    case SIGABRT:
        return SAY_LATER("it was aborted: a check of the C library failed, or "
                         "abort() was called");
    case SIGFPE:
        return SAY_LATER("a division by zero");
    case SIGBUS:
        return SAY_LATER("it touched memory that does not exist");
    case SIGILL:
    case SIGTRAP:
        return SAY_LATER("it ran into what is no instruction, often after a "
                         "function that returns nothing where it should");
    case SIGKILL:
        return SAY_LATER("it was killed from outside");
    default:
        return strsignal(number);
    }
}

/* How the process of a case ended: PASS if it returned in order. */
static enum verdict
verdict_of_end(const struct frame *frame, bool whole, struct buffer *detail)
{
    if (frame->flags & FRAME_TIMED_OUT) {
        return VERDICT_TIMED_OUT;
    }
    if (frame->flags & FRAME_OVER_OUTPUT) {
        return VERDICT_OVER_OUTPUT;
    }
    if (WIFSIGNALED(frame->status)) {
        int number = WTERMSIG(frame->status);
        if (number == SIGSYS) {
            buffer_format(detail, "%s\n",
                          say("it asked the system for something that no lab "
                              "needs"));
            return VERDICT_FORBIDDEN;
        }
        if (number == SIGXCPU) {
            return VERDICT_TIMED_OUT;
        }
        buffer_format(detail, say("ended by signal %d: %s"), number,
                      say(signal_meaning(number)));
        buffer_format(detail, "\n");
        return VERDICT_CRASHED;
    }
    switch (WEXITSTATUS(frame->status)) {
    case LEAF_DONE:
        if (!whole) {
            buffer_format(detail, "%s\n",
                          say("the program ended itself before the case was "
                              "over"));
        }
        return whole ? VERDICT_PASS : VERDICT_CRASHED;
    case LEAF_NO_PART:
    case LEAF_NO_LAB:
        return VERDICT_LINK_ERROR;
    default:
        buffer_format(detail, say("the program ended itself (exit status %d)"),
                      WEXITSTATUS(frame->status));
        buffer_format(detail, "\n");
        return VERDICT_CRASHED;
    }
}

/* Lets the sanitizers have their say on a case. */
static void
add_evidence(struct work *work, size_t i)
{
    struct grade_case *one = &work->cases[i];
    const struct run *run = &work->evidence;
    if (i >= run->frame_count || one->verdict == VERDICT_FORBIDDEN) {
        return;
    }
    const struct frame *frame = &run->frames[i];
    bool spoke = (WIFEXITED(frame->status) &&
                  WEXITSTATUS(frame->status) == LEAF_SANITIZER);
    if (!spoke || !evidence_read(&run->part, run->logs[i], frame->log_bytes,
                                 &work->texts[i][2])) {
        return;
    }
    bool crash = evidence_is_crash(run->logs[i], frame->log_bytes);
    if (one->verdict != VERDICT_CRASHED || !crash) {
        one->verdict = crash ? VERDICT_CRASHED : VERDICT_SANITIZER;
    }
}

/* Says what is known when the learner's box ended before this case did. */
static enum verdict
verdict_of_box(const struct run *run, struct buffer *detail)
{
    if (run->result.over_memory) {
        return VERDICT_OVER_MEMORY;
    }
    if (run->result.over_output) {
        return VERDICT_OVER_OUTPUT;
    }
    if (run->result.timed_out) {
        return VERDICT_TIMED_OUT;
    }
    buffer_format(detail, "%s\n", say("the box ended unexpectedly"));
    return VERDICT_CRASHED;
}

static int
judge_case(struct work *work, size_t i)
{
    struct grade_case *one = &work->cases[i];
    struct observations ours;
    struct observations theirs = {0};
    const struct run *run = reference_of(work);
    const struct frame *reference = &run->frames[i];
    int result = -1;
    if (observe_read(&ours, run->streams[i], reference->stream_bytes) != 0) {
        return -1;
    }
    if (reference->flags != 0 || reference->status != 0 || !ours.whole) {
        goto out; // our own fault
    }
    result = 0;
    if (i >= work->learner.frame_count) {
        one->verdict = verdict_of_box(&work->learner, &work->texts[i][2]);
        goto out;
    }
    const struct frame *frame = &work->learner.frames[i];
    one->time_us = frame->time_us;
    if (observe_read(&theirs, work->learner.streams[i], frame->stream_bytes) !=
        0) {
        result = -1;
        goto out;
    }
    one->verdict = verdict_of_end(frame, theirs.whole, &work->texts[i][2]);
    bool differs = find_divergence(work, i, &ours, &theirs);
    if (one->verdict == VERDICT_PASS && differs) {
        one->verdict = is_leak(&ours, one->divergence.step) ? VERDICT_LEAKED
                                                            : VERDICT_FAIL;
    }
    add_evidence(work, i);
out:
    observe_release(&ours);
    observe_release(&theirs);
    return result;
}

/* Whether every case that this one needs has passed. */
static bool
has_what_it_needs(const struct work *work, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (manifest_lists(work->manifest.cases[i].needs,
                           work->manifest.cases[before].name) &&
            work->cases[before].state != GRADE_CASE_PASSED) {
            return false;
        }
    }
    return true;
}

static int
judge_cases(struct work *work, struct grade_result *result)
{
    const struct manifest *manifest = &work->manifest;
    bool box_ended = false;
    size_t passed = 0;
    for (size_t i = 0; i < manifest->case_count; i++) {
        struct grade_case *one = &work->cases[i];
        one->name = manifest->cases[i].name;
        one->points = manifest->cases[i].points;
        one->state = GRADE_CASE_NOT_RUN;
        result->max_score += one->points;
        if (!box_ended && !has_flag(work, i, FRAME_SKIPPED) &&
            has_what_it_needs(work, i)) {
            if (judge_case(work, i) != 0) {
                return -1;
            }
            bool pass = one->verdict == VERDICT_PASS;
            one->state = pass ? GRADE_CASE_PASSED : GRADE_CASE_FAILED;
            result->score += pass ? one->points : 0;
            passed += pass;
            // What came after the end of the box was not seen.
            box_ended = i >= work->learner.frame_count ||
                        (!pass && work->task->until_failure);
        }
        one->divergence.expected = buffer_string(&work->texts[i][0]);
        one->divergence.yours = buffer_string(&work->texts[i][1]);
        one->detail = buffer_string(&work->texts[i][2]);
        if (one->verdict > result->verdict) {
            result->verdict = one->verdict;
        }
    }
    if (result->verdict == VERDICT_FAIL && passed > 0) {
        result->verdict = VERDICT_PARTIAL;
    }
    result->cases = work->cases;
    result->case_count = manifest->case_count;
    return 0;
}

// --- the main path ---------------------------------------------------------

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
    return 0;
}

static int
start_reference(struct work *work, char *reason, size_t reason_size)
{
    if (read_lab_artifact(work, "part.so", &work->reference.part, reason,
                          reason_size) != 0) {
        return -1;
    }
    return start_run(work, &work->reference, false, reason, reason_size);
}

/* Starts the two compilations and the reference's run. */
static int
start(struct work *work, char *reason, size_t reason_size)
{
    const struct grade_task *task = work->task;
    bool sanitizers = work->manifest.sanitizer;
    if (compile_start(&work->plain, task->include, work->hidden,
                      &work->manifest, &work->source, false, reason,
                      reason_size) != 0 ||
        (sanitizers &&
         compile_start(&work->checked, task->include, work->hidden,
                       &work->manifest, &work->source, true, reason,
                       reason_size) != 0)) {
        return -1;
    }
    return task->reference != NULL
               ? 0
               : start_reference(work, reason, reason_size);
}

/* Why a compilation did not end well, or PASS. */
static enum verdict
verdict_of_compilation(struct work *work)
{
    const struct sandbox_result *result = &work->plain.result;
    compile_messages(&work->plain, &work->messages);
    if (result->failure[0] != '\0') {
        buffer_format(&work->reason, say("the sandbox cannot be made: %s"),
                      result->failure);
        return VERDICT_INTERNAL_ERROR;
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

/* Compiles, screens and runs. PASS when there are runs to compare. */
static enum verdict
compile_and_run(struct work *work, struct grade_timing *timing)
{
    char reason[512] = "";
    compile_wait(&work->plain);
    timing->compile_us = work->plain.result.wall_us;
    enum verdict verdict = verdict_of_compilation(work);
    snprintf(work->level, sizeof(work->level), "%s", work->plain.result.level);
    if (verdict == VERDICT_INTERNAL_ERROR) {
        return verdict;
    }
    int64_t screened = now_us();
    if (buffer_read_whole(&work->object, work->plain.object,
                          (size_t)64 << 20) == 0 &&
        work->object.length > 0) {
        enum verdict screen =
            screen_object(&work->object, &work->manifest, &work->reason);
        verdict = screen != VERDICT_PASS ? screen : verdict;
    }
    timing->screen_us = now_us() - screened;
    if (verdict != VERDICT_PASS) {
        return verdict;
    }
    int64_t started = now_us();
    if (buffer_read_whole(&work->learner.part, work->plain.part,
                          (size_t)64 << 20) != 0 ||
        start_run(work, &work->learner, false, reason, sizeof(reason)) != 0) {
        buffer_format(&work->reason, "%s\n", reason);
        return VERDICT_INTERNAL_ERROR;
    }
    if (work->task->reference == NULL) {
        wait_run(&work->reference, work->manifest.case_count);
    }
    wait_run(&work->learner, work->manifest.case_count);
    if (work->manifest.sanitizer) {
        compile_wait(&work->checked);
        if (buffer_read_whole(&work->evidence.part, work->checked.part,
                              (size_t)64 << 20) == 0 &&
            work->evidence.part.length > 0 &&
            start_run(work, &work->evidence, true, reason, sizeof(reason)) !=
                0) {
            buffer_format(&work->reason, "%s\n", reason);
            return VERDICT_INTERNAL_ERROR;
        }
    }
    if (work->evidence.sandbox != NULL) {
        wait_run(&work->evidence, work->manifest.case_count);
    }
    timing->run_us = now_us() - started;
    const struct run *reference = reference_of(work);
    const char *failure = reference->result.failure[0] != '\0'
                              ? reference->result.failure
                              : work->learner.result.failure;
    if (failure[0] != '\0' ||
        reference->frame_count != work->manifest.case_count) {
        buffer_format(&work->reason, say("the reference does not run: %s"),
                      failure);
        return VERDICT_INTERNAL_ERROR;
    }
    return VERDICT_PASS;
}

static void
release_work(struct work *work)
{
    if (work == NULL) {
        return;
    }
    compile_release(&work->plain);
    compile_release(&work->checked);
    release_run(&work->reference);
    release_run(&work->learner);
    release_run(&work->evidence);
    manifest_release(&work->manifest);
    messages_release(&work->messages);
    buffer_release(&work->source);
    buffer_release(&work->object);
    buffer_release(&work->reason);
    for (size_t i = 0; i < MANIFEST_CASES; i++) {
        for (size_t t = 0; t < 3; t++) {
            buffer_release(&work->texts[i][t]);
        }
    }
    for (size_t i = 0; i < 4; i++) {
        free(work->hidden_paths[i]);
    }
    free(work);
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
    work->plain.task.passed[0] = work->plain.task.passed[1] = -1;
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
    if (work == NULL || start_reference(work, reason, reason_size) != 0) {
        release_work(work);
        return -1;
    }
    wait_run(&work->reference, work->manifest.case_count);
    if (work->reference.frame_count != work->manifest.case_count) {
        snprintf(reason, reason_size, say("the reference does not run: %s"),
                 work->reference.result.failure);
        release_work(work);
        return -1;
    }
    work->task = NULL; // it is the caller's
    *reference = (struct grade_reference *)work;
    return 0;
}

void
grade_reference_free(struct grade_reference *reference)
{
    release_work((struct work *)reference);
}

int
grade_file(const struct grade_task *task, struct grade_result *result,
           char *reason, size_t reason_size)
{
    int64_t begun = now_us();
    struct work *work = new_work(task, reason, reason_size);
    *result = (struct grade_result){0};
    if (work == NULL || load_source(work, reason, reason_size) != 0 ||
        start(work, reason, reason_size) != 0) {
        release_work(work);
        return -1;
    }
    result->verdict = compile_and_run(work, &result->timing);
    int64_t compared = now_us();
    if (result->verdict == VERDICT_PASS && judge_cases(work, result) != 0) {
        buffer_format(&work->reason, "%s\n",
                      say("the reference fails its own case"));
        result->verdict = VERDICT_INTERNAL_ERROR;
    }
    if (result->max_score == 0) {
        for (size_t i = 0; i < work->manifest.case_count; i++) {
            result->max_score += work->manifest.cases[i].points;
        }
    }
    result->timing.compare_us = now_us() - compared;
    result->timing.total_us = now_us() - begun;
    result->compile_ms = result->timing.compile_us / 1000;
    result->run_ms = result->timing.run_us / 1000;
    result->seed = task->seed;
    result->messages = work->messages.items;
    result->message_count = work->messages.count;
    result->reason = buffer_string(&work->reason);
    result->file_sha256 = work->sha256;
    result->level = work->level;
    result->memory = work;
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
    if (asprintf(include, built ? "%s/../.." : "%s/../share/ouro/include",
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
