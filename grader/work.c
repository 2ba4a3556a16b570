#include "grader/work.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grader/language.h"
#include "grader/sandbox.h"
#include "grader/sha256.h"

enum {
    SOURCE_BYTES = 1 << 20
};

const struct run_outcome *
work_ours(const struct work *work)
{
    const struct grade_reference *shared = work->task->reference;
    return shared != NULL ? &shared->work.ours : &work->ours;
}

bool
work_knows_reference(const struct work *work)
{
    return work->task->reference != NULL || work->is_rehearsed;
}

int
work_lanes(const struct work *work)
{
    return work->task->is_one_of_many ? 1 : FRAME_LANES;
}

void
work_tell(struct work *work, enum grade_stage stage)
{
    const struct grade_task *task = work->task;
    if (stage >= GRADE_STAGE_RUN) {
        judge_add_up(&work->judgement, work->result);
    }
    if (task->known != NULL) {
        task->known(task->known_context, stage, work->result);
    }
}

bool
work_has_processor_to_spare(void)
{
    cpu_set_t mine;
    return sched_getaffinity(0, sizeof(mine), &mine) != 0 ||
           CPU_COUNT(&mine) > FRAME_LANES;
}

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

void
work_start_judgement(struct work *work)
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
    work_start_judgement(work);
    return 0;
}

int
work_load_source(struct work *work, char *reason, size_t reason_size)
{
    struct stat about;
    if (stat(work->task->file, &about) == 0 && !S_ISREG(about.st_mode) &&
        !S_ISDIR(about.st_mode)) {
        snprintf(reason, reason_size, say("cannot read '%s': %s"),
                 work->task->file, say("it is no regular file"));
        return -1;
    }
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

int64_t
work_limit_ms(const struct work *work)
{
    return work->task->time_ms > 0 ? work->task->time_ms
                                   : work->manifest.time_ms;
}

void
work_order_all(struct work *work)
{
    struct run_order *all = &work->all;
    *all =
        (struct run_order){.count = work->manifest.case_count,
                           .hangs = work->task->until_failure ? 1 : WORK_HANGS,
                           .wait_ms = WORK_PATIENCE_MS,
                           .lanes = 1,
                           .fill = WORK_FILL};
    for (size_t i = 0; i < all->count; i++) {
        all->which[i] = i;
        all->limit_ms[i] = WORK_PATIENCE_MS;
    }
}

struct compile_task
work_compile_task(const struct work *work)
{
    const struct grade_task *task = work->task;
    return (struct compile_task){.artifacts = task->artifacts,
                                 .lab_id = task->lab_id,
                                 .include = task->include,
                                 .hidden = work->hidden,
                                 .manifest = &work->manifest,
                                 .source = &work->source,
                                 .waits = work->stands_by};
}

struct run_lab
work_lab(const struct work *work)
{
    const struct grade_task *task = work->task;
    return (struct run_lab){.artifacts = task->artifacts,
                            .id = task->lab_id,
                            .manifest = &work->manifest,
                            .hidden = work->hidden,
                            .seed = work->seed,
                            .unscreened = task->unscreened};
}

bool
work_may_share(const struct work *work)
{
    return strstr(work->manifest.allow, " pthread_") == NULL &&
           strstr(work->manifest.allow, " sem_") == NULL;
}

enum verdict
work_internal_error(struct work *work, const char *text)
{
    buffer_format(&work->reason, "%s\n", text);
    return VERDICT_INTERNAL_ERROR;
}

void
work_times_of(const struct run_outcome *outcome, int64_t *time_us)
{
    for (size_t i = 0; i < FRAME_CASES; i++) {
        time_us[i] = outcome->cases[i].frame.time_us;
    }
}

void
work_free(struct work *work)
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

void
work_fill_result(struct work *work, struct grade_result *result)
{
    result->max_score = 0;
    for (size_t i = 0; i < work->manifest.case_count; i++) {
        result->max_score += work->manifest.cases[i].points;
    }
    result->seed = work->seed;
    result->messages = work->messages.items;
    result->message_count = work->messages.count;
    result->reason = buffer_string(&work->reason);
    result->file_sha256 = work->sha256;
    result->level = work->level;
    result->is_open = work->plain.result.is_open;
    result->memory = work;
}

struct work *
work_new(const struct grade_task *task, char *reason, size_t reason_size)
{
    struct work *work = calloc(1, sizeof(*work));
    if (work == NULL) {
        snprintf(reason, reason_size, "%s", say("out of memory"));
        return NULL;
    }
    work->task = task;
    work->seed = task->seed;
    work->reference_part = -1;
    sandbox_allow_open(task->may_be_open);
    if (load(work, reason, reason_size) != 0) {
        work_free(work);
        return NULL;
    }
    return work;
}
