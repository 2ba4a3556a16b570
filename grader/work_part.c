/* From the learner's file to a part that can be run. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "grader/builder.h"
#include "grader/clock.h"
#include "grader/language.h"
#include "grader/screen.h"
#include "grader/work.h"

static int
start_compilation(struct work *work, struct compilation *compilation,
                  enum compile_track track, char *reason, size_t reason_size)
{
    const struct compile_task what = work_compile_task(work);
    return compile_start(compilation, &what, track, reason, reason_size);
}

int
work_start_reference(struct work *work, char *reason, size_t reason_size)
{
    const struct run_lab lab = work_lab(work);
    char path[PATH_MAX];
    if (work_knows_reference(work)) {
        return 0;
    }
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

int
work_start_learner(struct work *work, char *reason, size_t reason_size)
{
    struct run_lab lab = work_lab(work);
    lab.spares = (int)work->manifest.case_count;
    return run_start(&work->learner, &lab, false, work->plain.part, reason,
                     reason_size);
}

void
work_share_reference(struct work *work)
{
    work->together = work->all;
    if (!work_knows_reference(work) && work_may_share(work)) {
        const int64_t time_us[FRAME_CASES] = {0};
        order_share_out(&work->together, 1, time_us);
    }
}

int
work_start_plain(struct work *work, char *reason, size_t reason_size)
{
    return start_compilation(work, &work->plain, COMPILE_PLAIN, reason,
                             reason_size);
}

int
work_start_checked(struct work *work, char *reason, size_t reason_size)
{
    return !work->manifest.sanitizer
               ? 0
               : start_compilation(work, &work->checked, COMPILE_CHECKED,
                                   reason, reason_size);
}

/* Compiles once more, from its beginning, and tells what is said then instead.
 */
static void
compile_anew(struct work *work, enum compile_track track)
{
    struct compilation again;
    struct buffer said = {0};
    char reason[256];
    if (start_compilation(work, &again, track, reason, sizeof(reason)) == 0) {
        compile_wait(&again);
    }
    // Perhaps behind a line that says why there are no more.
    const char *json = strstr(buffer_string(&again.result.err), "[{");
    if (json != NULL) {
        buffer_format(&said, "%s", json);
        messages_release(&work->messages);
        diagnose(&work->messages, &said, &work->source, &work->manifest);
    }
    buffer_release(&said);
    compile_release(&again);
}

/* What the compiler has said. Sometimes an error confuses gcc so that it falls
 * over its own feet and takes all messages with it: then up to the first one.
 * Where the end of a file is, it does not know when it has got it in pieces.
 */
static void
read_messages(struct work *work, const struct buffer *said)
{
    diagnose(&work->messages, said, &work->source, &work->manifest);
    if (strstr(buffer_string(said), "confused by earlier errors") != NULL) {
        compile_anew(work, COMPILE_ANXIOUS);
    }
    else if (work->was_awaited &&
             strstr(buffer_string(said), COMPILE_NOWHERE) != NULL) {
        compile_anew(work, COMPILE_PLAIN);
    }
}

/* What was said of it before is of no use then: half of a program makes no
 * sense to an assembler. */
static bool
was_stopped(const struct sandbox_result *result)
{
    return result->timed_out || WIFSIGNALED(result->status) ||
           WEXITSTATUS(result->status) == BUILDER_STOPPED;
}

enum verdict
work_judge_compilation(struct work *work, const struct sandbox_result *result)
{
    if (result->failure[0] != '\0') {
        buffer_format(&work->reason, say("the sandbox cannot be made: %s"),
                      result->failure);
        return VERDICT_INTERNAL_ERROR;
    }
    if (was_stopped(result) && !result->over_output) {
        buffer_format(&work->reason, "%s\n",
                      say("compiling took too long or too much memory"));
        return VERDICT_COMPILE_ERROR;
    }
    read_messages(work, &result->err);
    if (result->over_output) {
        buffer_format(&work->reason, "%s\n",
                      say("the compiler has too much to say of it"));
        return VERDICT_COMPILE_ERROR;
    }
    switch (WEXITSTATUS(result->status)) {
    case BUILDER_DONE:
        return VERDICT_PASS;
    case BUILDER_NOT_COMPILED:
        if (!work->messages.has_error) {
            buffer_format(&work->reason, "%s\n", say("the compiler gave up"));
        }
        return VERDICT_COMPILE_ERROR;
    case BUILDER_TOO_LARGE:
        buffer_format(&work->reason, "%s\n",
                      say("the object file is too large"));
        return VERDICT_COMPILE_ERROR;
    default:
        return VERDICT_LINK_ERROR;
    }
}

enum verdict
work_compile(struct work *work, struct grade_timing *timing)
{
    compile_wait(&work->plain);
    timing->link_us = work->plain.link_us;
    timing->compile_us = work->plain.result.wall_us -
                         (timing->link_us > 0 ? timing->link_us : 0);
    enum verdict verdict = work_judge_compilation(work, &work->plain.result);
    snprintf(work->level, sizeof(work->level), "%s", work->plain.result.level);
    if (verdict == VERDICT_INTERNAL_ERROR) {
        return verdict;
    }
    int64_t screened = clock_us();
    if (buffer_read_whole(&work->object, work->plain.object,
                          WORK_PART_BYTES) == 0 &&
        work->object.length > 0 && !work->task->unscreened) {
        enum verdict screen = screen_object(&work->object, &work->manifest,
                                            &work->source, &work->reason);
        verdict = screen != VERDICT_PASS ? screen : verdict;
    }
    timing->screen_us = clock_us() - screened;
    return verdict;
}
