#include "grader/judge.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "grader/diff.h"
#include "grader/evidence.h"
#include "grader/language.h"
#include "grader/observe.h"
#include "grader/trace.h"

/* Finds the first difference between the reference's stream and the
 * learner's; false if there is none. */
static bool
find_divergence(struct judgement *judgement, size_t i,
                const struct observations *ours,
                const struct observations *theirs)
{
    struct grade_divergence *divergence = &judgement->cases[i].divergence;
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
    divergence->type = observation_type(expected != NULL ? expected : yours);
    if (expected != NULL) {
        observation_show(&judgement->expected[i], expected, yours);
    }
    if (yours != NULL) {
        observation_show(&judgement->yours[i], yours, expected);
    }
    if (yours != NULL || theirs->whole) { // else it ended on the way
        diff_show(&judgement->diff[i], ours, theirs, at);
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
        return SAY_LATER(
            "it was aborted: an assertion failed, in your file or in "
            "what it called, or abort() was called");
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
    if (frame->flags & FRAME_STARVED) {
        buffer_format(detail, "%s\n",
                      say("the machine was too busy to tell whether this "
                          "takes too long"));
        return VERDICT_INTERNAL_ERROR;
    }
    if (frame->flags & FRAME_TIMED_OUT) {
        return VERDICT_TIMED_OUT;
    }
    if (frame->flags & FRAME_OVER_OUTPUT) {
        if (frame->stream_bytes > frame->log_bytes) {
            buffer_format(detail, "%s\n",
                          say("not by printing: what the case looks for "
                              "happens far too often"));
        }
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
        buffer_format(detail, say("ended by signal %d: %s"), number,
                      say(signal_meaning(number)));
        buffer_format(detail, "\n");
        return VERDICT_CRASHED;
    }
    switch (frame->flags & FRAME_HAD_PART ? LEAF_NO_CASE
                                          : WEXITSTATUS(frame->status)) {
    case LEAF_DONE:
        if (!whole) {
            buffer_format(detail, "%s\n",
                          say("the program ended itself before the case was "
                              "over"));
        }
        return whole ? VERDICT_PASS : VERDICT_CRASHED;
    case LEAF_NO_ROOM:
        return VERDICT_OVER_MEMORY;
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

/* Says what is known when the learner's box ended before this case did. */
static enum verdict
verdict_of_box(const struct sandbox_result *box, struct buffer *detail)
{
    if (box->over_memory) {
        return VERDICT_OVER_MEMORY;
    }
    if (box->over_output) {
        return VERDICT_OVER_OUTPUT;
    }
    if (box->timed_out) {
        return VERDICT_TIMED_OUT;
    }
    buffer_format(detail, "%s\n", say("the box ended unexpectedly"));
    return VERDICT_CRASHED;
}

static int
judge_case(struct judgement *judgement, size_t i, const struct run_case *our,
           const struct run_case *their)
{
    struct grade_case *one = &judgement->cases[i];
    struct observations ours = {0};
    struct observations theirs = {0};
    int result = -1;
    if (observe_read(&ours, our->stream, our->frame.stream_bytes) != 0 ||
        our->frame.flags != 0 || our->frame.status != 0 || !ours.whole ||
        observe_read(&theirs, their->stream, their->frame.stream_bytes) != 0) {
        goto out; // our own fault
    }
    result = 0;
    one->time_us = their->frame.time_us;
    one->verdict =
        verdict_of_end(&their->frame, theirs.whole, &judgement->detail[i]);
    bool differs = find_divergence(judgement, i, &ours, &theirs);
    if (one->verdict == VERDICT_PASS && differs) {
        one->verdict = is_leak(&ours, one->divergence.step) ? VERDICT_LEAKED
                                                            : VERDICT_FAIL;
    }
    else if (one->verdict == VERDICT_PASS &&
             !observation_equal(&ours.end, &theirs.end)) {
        one->verdict = VERDICT_FAIL;
        buffer_format(&judgement->detail[i], "%s\n",
                      say("all of this is right, but not where the case "
                          "says it"));
    }
out:
    observe_release(&ours);
    observe_release(&theirs);
    return result;
}

/* Of the cases that this one needs, the first that has not passed, or NULL. */
static const char *
missing_need(const struct judgement *judgement, size_t i)
{
    const struct manifest *manifest = judgement->manifest;
    for (size_t before = 0; before < i; before++) {
        if (manifest_lists(manifest->cases[i].needs,
                           manifest->cases[before].name) &&
            judgement->cases[before].state != GRADE_CASE_PASSED) {
            return manifest->cases[before].name;
        }
    }
    return NULL;
}

/* Whether a case has been seen, or at least must have been where the box
 * ended. */
static bool
was_started(const struct run_case *their, bool box_ended, bool *first_lost)
{
    if (their->seen) {
        return (their->frame.flags & FRAME_SKIPPED) == 0;
    }
    bool first = box_ended && *first_lost;
    *first_lost = false;
    return first;
}

int
judge_cases(struct judgement *judgement, const struct run_outcome *ours,
            const struct run_outcome *theirs, const struct sandbox_result *box)
{
    const struct manifest *manifest = judgement->manifest;
    bool stop = false;
    bool first_lost = true;
    for (size_t i = 0; i < manifest->case_count; i++) {
        struct grade_case *one = &judgement->cases[i];
        const struct run_case *their = &theirs->cases[i];
        *one = (struct grade_case){.name = manifest->cases[i].name,
                                   .points = manifest->cases[i].points,
                                   .state = GRADE_CASE_NOT_RUN,
                                   .needs = missing_need(judgement, i)};
        if (stop || one->needs != NULL ||
            !was_started(their, theirs->ended, &first_lost)) {
            continue;
        }
        if (!their->seen) {
            one->verdict = verdict_of_box(box, &judgement->detail[i]);
        }
        else if (judge_case(judgement, i, &ours->cases[i], their) != 0) {
            return -1;
        }
        one->state = one->verdict == VERDICT_PASS ? GRADE_CASE_PASSED
                                                  : GRADE_CASE_FAILED;
        stop = one->state == GRADE_CASE_FAILED && judgement->until_failure;
    }
    return 0;
}

// --- a second look ---------------------------------------------------------

/* A case that was decided, and that does not count as run any more. */
static void
forget_case(struct judgement *judgement, size_t i, const char *needs)
{
    struct grade_case *one = &judgement->cases[i];
    one->state = GRADE_CASE_NOT_RUN;
    one->verdict = VERDICT_PASS;
    one->flaky = false;
    one->needs = needs;
    one->divergence = (struct grade_divergence){0};
    buffer_release(&judgement->expected[i]);
    buffer_release(&judgement->yours[i]);
    buffer_release(&judgement->diff[i]);
    buffer_release(&judgement->detail[i]);
}

/* After some cases have lost their pass: who needs them was not run. */
static void
forget_followers(struct judgement *judgement)
{
    bool stop = false;
    for (size_t i = 0; i < judgement->manifest->case_count; i++) {
        const struct grade_case *one = &judgement->cases[i];
        if (one->state == GRADE_CASE_NOT_RUN) {
            continue;
        }
        const char *needs = missing_need(judgement, i);
        if (stop || needs != NULL) {
            forget_case(judgement, i, needs);
            continue;
        }
        stop = judgement->until_failure && one->state == GRADE_CASE_FAILED;
    }
}

/* Whether both ended alike and showed the same. Only time is no difference:
 * the machine may have been busy. */
static bool
is_same(const struct run_case *a, const struct run_case *b)
{
    return ((a->frame.flags | b->frame.flags) & FRAME_TIMED_OUT) != 0 ||
           (a->frame.status == b->frame.status &&
            a->frame.stream_bytes == b->frame.stream_bytes &&
            memcmp(a->stream, b->stream, a->frame.stream_bytes) == 0);
}

void
judge_again(struct judgement *judgement, const struct run_outcome *first,
            const struct run_outcome *second)
{
    for (size_t i = 0; i < judgement->manifest->case_count; i++) {
        struct grade_case *one = &judgement->cases[i];
        const struct run_case *before = &first->cases[i];
        const struct run_case *after = &second->cases[i];
        if (one->state == GRADE_CASE_NOT_RUN || !before->seen ||
            !after->seen || is_same(before, after)) {
            continue;
        }
        one->flaky = true;
        one->verdict =
            one->verdict == VERDICT_PASS ? VERDICT_FAIL : one->verdict;
        one->state = GRADE_CASE_FAILED;
        buffer_format(&judgement->detail[i], "%s\n",
                      say("a second run with the same dice came out "
                          "otherwise: memory is read that was never written, "
                          "or threads race"));
    }
    forget_followers(judgement);
}

void
judge_evidence(struct judgement *judgement, const struct run_outcome *evidence,
               const struct buffer *part)
{
    for (size_t i = 0; i < judgement->manifest->case_count; i++) {
        struct grade_case *one = &judgement->cases[i];
        const struct run_case *seen = &evidence->cases[i];
        if (one->state == GRADE_CASE_NOT_RUN ||
            one->verdict == VERDICT_FORBIDDEN || !seen->seen ||
            !WIFEXITED(seen->frame.status) ||
            WEXITSTATUS(seen->frame.status) != LEAF_SANITIZER) {
            continue;
        }
        struct buffer words = {0};
        if (evidence_read(part, seen->log, seen->frame.log_bytes, &words)) {
            bool crash = evidence_is_crash(seen->log, seen->frame.log_bytes);
            one->verdict = crash ? VERDICT_CRASHED : VERDICT_SANITIZER;
            one->state = GRADE_CASE_FAILED;
            buffer_release(&judgement->detail[i]);
            judgement->detail[i] = words;
        }
        else {
            buffer_release(&words);
        }
    }
    forget_followers(judgement);
}

void
judge_traces(struct judgement *judgement, const struct run_outcome *outcome,
             const struct buffer *part)
{
    for (size_t i = 0; i < judgement->manifest->case_count; i++) {
        const struct grade_case *one = &judgement->cases[i];
        const struct run_case *seen = &outcome->cases[i];
        if (one->state == GRADE_CASE_FAILED && seen->seen) {
            evidence_read_trace(part, seen->log, seen->frame.log_bytes,
                                &judgement->detail[i]);
        }
    }
}

/* Of a log, what is no trace, and no assertion: that is quoted elsewhere. */
static bool
is_printed(const char *line, size_t length)
{
    return length > 0 && line[0] != TRACE_MARK[0] &&
           memmem(line, length, EVIDENCE_ASSERTION "`",
                  sizeof(EVIDENCE_ASSERTION)) == NULL;
}

/* The first lines of a log. */
static void
add_printed(struct buffer *detail, const char *log, size_t length)
{
    enum {
        LINES = 8,
        LINE_BYTES = 160
    };
    int count = 0;
    const char *end = log + length;
    while (log < end) {
        const char *newline = memchr(log, '\n', (size_t)(end - log));
        size_t line = (size_t)((newline != NULL ? newline : end) - log);
        if (is_printed(log, line) && count <= LINES) {
            bool more = count++ == LINES;
            if (count == 1) {
                buffer_format(detail, "%s\n", say("it printed:"));
            }
            buffer_format(detail, "  ");
            buffer_add_clean(detail, more ? "..." : log, more ? 3 : line,
                             LINE_BYTES);
            buffer_format(detail, "\n");
        }
        log += line + (newline != NULL);
    }
}

void
judge_printed(struct judgement *judgement, const struct run_outcome *outcome)
{
    for (size_t i = 0; i < judgement->manifest->case_count; i++) {
        const struct run_case *seen = &outcome->cases[i];
        if (judgement->cases[i].state == GRADE_CASE_FAILED && seen->seen) {
            add_printed(&judgement->detail[i], seen->log,
                        seen->frame.log_bytes);
        }
    }
}

void
judge_explain(struct judgement *judgement, const struct buffer *words)
{
    for (size_t i = 0; i < judgement->manifest->case_count; i++) {
        if (judgement->cases[i].verdict == VERDICT_FAIL) {
            buffer_add(&judgement->detail[i], buffer_string(words),
                       words->length);
            return;
        }
    }
}

void
judge_add_up(struct judgement *judgement, struct grade_result *result)
{
    size_t passed = 0;
    result->cases = judgement->cases;
    result->case_count = judgement->manifest->case_count;
    result->score = 0;
    result->verdict = VERDICT_PASS;
    for (size_t i = 0; i < result->case_count; i++) {
        struct grade_case *one = &judgement->cases[i];
        bool pass = one->state == GRADE_CASE_PASSED;
        result->score += pass ? one->points : 0;
        passed += pass;
        one->divergence.type =
            one->divergence.step > 0 ? one->divergence.type : "";
        one->divergence.expected = buffer_string(&judgement->expected[i]);
        one->divergence.yours = buffer_string(&judgement->yours[i]);
        one->divergence.diff = buffer_string(&judgement->diff[i]);
        one->detail = buffer_string(&judgement->detail[i]);
        if (one->verdict > result->verdict) {
            result->verdict = one->verdict;
        }
    }
    if (result->verdict == VERDICT_FAIL && passed > 0) {
        result->verdict = VERDICT_PARTIAL;
    }
}

void
judge_release(struct judgement *judgement)
{
    for (size_t i = 0; i < MANIFEST_CASES; i++) {
        buffer_release(&judgement->expected[i]);
        buffer_release(&judgement->yours[i]);
        buffer_release(&judgement->diff[i]);
        buffer_release(&judgement->detail[i]);
    }
}
