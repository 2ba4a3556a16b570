/* What of a grading is done before its file is there. */
#include <string.h>
#include <sys/random.h>

#include "grader/rehearsal.h"
#include "grader/work.h"

static struct rehearsal_key
key_of(const struct work *work)
{
    return (struct rehearsal_key){.folder = work->task->cache,
                                  .lab_id = work->task->lab_id,
                                  .base = work->base};
}

void
work_take_rehearsal(struct work *work)
{
    const struct grade_task *task = work->task;
    const struct rehearsal_key key = key_of(work);
    if (task->cache != NULL && task->any_seed && task->reference == NULL) {
        work->is_rehearsed =
            rehearsal_take(&key, &work->all, &work->seed, &work->ours);
    }
}

/* Throws dice that nobody knows. */
static bool
throw_dice(struct work *work)
{
    uint32_t seed = 0; // short enough to be typed
    bool thrown = getentropy(&seed, sizeof(seed)) == 0;
    work->seed = seed;
    return thrown;
}

/* Runs the reference, in a box that is gone then. */
static bool
rehearse(struct work *work)
{
    char reason[256];
    work->together = work->all;
    work->together.lanes = FRAME_LANES;
    if (work_start_reference(work, reason, sizeof(reason)) != 0) {
        return false;
    }
    run_receive(&work->reference, &work->together, &work->ours);
    run_release(&work->reference);
    return !work->ours.ended;
}

void
grade_prepare(const struct grade_task *task)
{
    char reason[256];
    struct work *work = task->cache == NULL || !task->any_seed
                            ? NULL
                            : work_new(task, reason, sizeof(reason));
    if (work != NULL) {
        const struct rehearsal_key key = key_of(work);
        cache_base(task, work->base);
        work_order_all(work);
        if (!rehearsal_is_there(&key) && throw_dice(work) && rehearse(work)) {
            rehearsal_keep(&key, work->seed, &work->ours);
        }
    }
    work_free(work);
}

// --- standing by -----------------------------------------------------------

/* The reference's run, from before or now. */
static bool
know_reference(struct work *work)
{
    work_order_all(work);
    work_take_rehearsal(work);
    if (!work->is_rehearsed) {
        work->is_rehearsed =
            (!work->task->any_seed || throw_dice(work)) && rehearse(work);
    }
    return work->is_rehearsed;
}

static bool
start_boxes(struct work *work)
{
    char reason[256];
    work->stands_by = true;
    work_start_tick(work);
    return work_start_plain(work, reason, sizeof(reason)) == 0 &&
           work_start_learner(work, reason, sizeof(reason)) == 0 &&
           work_start_checked(work, reason, sizeof(reason)) == 0 &&
           work_start_evidence(work) == VERDICT_PASS;
}

struct grade_standby *
grade_stand_by(const struct grade_task *task)
{
    char reason[256];
    if (task->unscreened || task->is_one_of_many) {
        return NULL;
    }
    struct work *work = work_new(task, reason, sizeof(reason));
    if (work == NULL) {
        return NULL;
    }
    cache_base(task, work->base);
    if (work_load_source(work, reason, sizeof(reason)) != 0 ||
        !know_reference(work) || !start_boxes(work)) {
        work_free(work);
        return NULL;
    }
    work->task = NULL; // it is the caller's
    return (struct grade_standby *)work;
}

void
grade_standby_free(struct grade_standby *standby)
{
    work_free((struct work *)standby);
}

/* Whether what stands by is for this grading. */
static bool
fits(const struct work *ready, const struct work *work)
{
    const struct grade_task *task = work->task;
    return strcmp(ready->base, work->base) == 0 &&
           (task->any_seed || task->seed == ready->seed) &&
           run_lives(&ready->learner) &&
           compile_can_take(&ready->plain, &work->source) &&
           (!ready->manifest.sanitizer ||
            (run_lives(&ready->evidence) &&
             compile_can_take(&ready->checked, &work->source)));
}

/* The same grading, with the boxes of the one that stood by. */
static void
take_over(struct work *ready, struct work *work)
{
    const struct buffer source = ready->source;
    ready->task = work->task;
    ready->result = work->result;
    ready->source = work->source;
    work->source = source;
    memcpy(ready->sha256, work->sha256, sizeof(ready->sha256));
    ready->stands_by = false;
    ready->was_awaited = true;
    work_free(work);
}

struct work *
work_wake(struct work *work)
{
    struct grade_standby **standby = work->task->standby;
    if (standby == NULL || *standby == NULL) {
        return work;
    }
    struct work *ready = &(*standby)->work;
    *standby = NULL;
    if (!fits(ready, work)) {
        work_free(ready);
        return work;
    }
    take_over(ready, work);
    return ready;
}

void
work_give_source(struct work *work)
{
    tick_give(work->tick, &work->source);
    compile_give(&work->plain, &work->source);
    if (work->manifest.sanitizer) {
        compile_give(&work->checked, &work->source);
    }
    tick_run(work->tick);
}
