#include "labs/runtime/process_barrier.h"

#include <stddef.h>

#include "labs/runtime/error.h"
#include "labs/runtime/shared_block.h"

int
rt_process_barrier_init(struct rt_process_barrier *barrier, int parties,
                        int (*action)(void *data), void *data,
                        int64_t timeout_us)
{
    if (parties < 1) {
        return rt_error_set(RT_ERROR_VALUE, "parties must be > 0");
    }
    *barrier = (struct rt_process_barrier){.parties = parties,
                                           .timeout_us = timeout_us,
                                           .action = action,
                                           .data = data};
    barrier->shared = rt_shared_block_new(sizeof(*barrier->shared));
    if (barrier->shared == NULL ||
        rt_process_rlock_init(&barrier->lock) != 0 ||
        rt_process_condition_init(&barrier->changed, &barrier->lock) != 0) {
        rt_process_barrier_destroy(barrier);
        return -1;
    }
    barrier->shared->state = RT_BARRIER_FILLING;
    return 0;
}

void
rt_process_barrier_destroy(struct rt_process_barrier *barrier)
{
    rt_process_condition_destroy(&barrier->changed);
    rt_process_semaphore_destroy(&barrier->lock);
    rt_shared_block_free(barrier->shared, sizeof(*barrier->shared));
}

// --- steps, with the lock taken --------------------------------------------

static void
change_state(struct rt_process_barrier *barrier,
             enum rt_thread_barrier_state state)
{
    barrier->shared->state = state;
    rt_process_condition_notify_all(&barrier->changed);
}

static int
broken(void)
{
    return rt_error_set(RT_ERROR_BROKEN_BARRIER, "%s", "");
}

static bool
is_open(void *data)
{
    const struct rt_process_barrier *barrier = data;
    return barrier->shared->state == RT_BARRIER_FILLING ||
           barrier->shared->state == RT_BARRIER_BROKEN;
}

static bool
is_over(void *data)
{
    const struct rt_process_barrier *barrier = data;
    return barrier->shared->state != RT_BARRIER_FILLING;
}

/* The last to come lets them all out. */
static int
release_all(struct rt_process_barrier *barrier)
{
    if (barrier->action != NULL && barrier->action(barrier->data) != 0) {
        change_state(barrier, RT_BARRIER_BROKEN);
        return -1;
    }
    change_state(barrier, RT_BARRIER_DRAINING);
    return 0;
}

static int
wait_inside(struct rt_process_barrier *barrier, int64_t timeout_us)
{
    int over = rt_process_condition_wait_for(&barrier->changed, is_over,
                                             barrier, timeout_us);
    if (over != 1) {
        change_state(barrier, RT_BARRIER_BROKEN);
        return over == 0 ? broken() : -1;
    }
    return barrier->shared->state == RT_BARRIER_DRAINING ? 0 : broken();
}

/* The last to go opens it for the next round. */
static void
leave(struct rt_process_barrier *barrier)
{
    barrier->shared->count--;
    if (barrier->shared->count == 0 && !is_open(barrier)) {
        change_state(barrier, RT_BARRIER_FILLING);
    }
}

// --- for people ------------------------------------------------------------

int
rt_process_barrier_wait(struct rt_process_barrier *barrier, int64_t timeout_us,
                        int *index)
{
    if (timeout_us == RT_NO_TIMEOUT) {
        timeout_us = barrier->timeout_us;
    }
    int result = -1;
    rt_process_semaphore_acquire(&barrier->lock, RT_NO_TIMEOUT);
    rt_process_condition_wait_for(&barrier->changed, is_open, barrier,
                                  RT_NO_TIMEOUT);
    if (barrier->shared->state == RT_BARRIER_BROKEN) {
        broken();
    }
    else {
        int mine = barrier->shared->count++;
        result = mine + 1 == barrier->parties
                     ? release_all(barrier)
                     : wait_inside(barrier, timeout_us);
        leave(barrier);
        if (result == 0) {
            *index = mine;
        }
    }
    rt_process_semaphore_release(&barrier->lock);
    return result;
}

void
rt_process_barrier_reset(struct rt_process_barrier *barrier)
{
    rt_process_semaphore_acquire(&barrier->lock, RT_NO_TIMEOUT);
    enum rt_thread_barrier_state state = barrier->shared->state;
    if (barrier->shared->count == 0) {
        state = RT_BARRIER_FILLING;
    }
    else if (is_open(barrier)) {
        state = RT_BARRIER_RESETTING;
    }
    change_state(barrier, state);
    rt_process_semaphore_release(&barrier->lock);
}

void
rt_process_barrier_abort(struct rt_process_barrier *barrier)
{
    rt_process_semaphore_acquire(&barrier->lock, RT_NO_TIMEOUT);
    change_state(barrier, RT_BARRIER_BROKEN);
    rt_process_semaphore_release(&barrier->lock);
}

bool
rt_process_barrier_is_broken(struct rt_process_barrier *barrier)
{
    rt_process_semaphore_acquire(&barrier->lock, RT_NO_TIMEOUT);
    bool is_broken = barrier->shared->state == RT_BARRIER_BROKEN;
    rt_process_semaphore_release(&barrier->lock);
    return is_broken;
}

int
rt_process_barrier_waiting(struct rt_process_barrier *barrier)
{
    rt_process_semaphore_acquire(&barrier->lock, RT_NO_TIMEOUT);
    int waiting = barrier->shared->state == RT_BARRIER_FILLING
                      ? barrier->shared->count
                      : 0;
    rt_process_semaphore_release(&barrier->lock);
    return waiting;
}
