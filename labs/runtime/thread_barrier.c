#include "labs/runtime/thread_barrier.h"

#include <stddef.h>

#include "labs/runtime/error.h"

int
rt_thread_barrier_init(struct rt_thread_barrier *barrier, int parties,
                       int (*action)(void *data), void *data,
                       int64_t timeout_us)
{
    if (parties < 1) {
        return rt_error_set(RT_ERROR_VALUE, "parties must be > 0");
    }
    rt_thread_lock_init(&barrier->lock, NULL);
    rt_thread_condition_init(&barrier->changed, &barrier->lock);
    barrier->state = RT_BARRIER_FILLING;
    barrier->parties = parties;
    barrier->count = 0;
    barrier->timeout_us = timeout_us;
    barrier->action = action;
    barrier->data = data;
    return 0;
}

void
rt_thread_barrier_destroy(struct rt_thread_barrier *barrier)
{
    rt_thread_lock_destroy(&barrier->lock);
}

// --- steps, with the lock taken --------------------------------------------

static void
change_state(struct rt_thread_barrier *barrier,
             enum rt_thread_barrier_state state)
{
    barrier->state = state;
    rt_thread_condition_notify_all(&barrier->changed);
}

static int
broken(void)
{
    return rt_error_set(RT_ERROR_BROKEN_BARRIER, "%s", "");
}

static bool
is_open(void *data)
{
    const struct rt_thread_barrier *barrier = data;
    return barrier->state == RT_BARRIER_FILLING ||
           barrier->state == RT_BARRIER_BROKEN;
}

static bool
is_over(void *data)
{
    const struct rt_thread_barrier *barrier = data;
    return barrier->state != RT_BARRIER_FILLING;
}

/* The last to come lets them all out. */
static int
release_all(struct rt_thread_barrier *barrier)
{
    if (barrier->action != NULL && barrier->action(barrier->data) != 0) {
        change_state(barrier, RT_BARRIER_BROKEN);
        return -1;
    }
    change_state(barrier, RT_BARRIER_DRAINING);
    return 0;
}

static int
wait_inside(struct rt_thread_barrier *barrier, int64_t timeout_us)
{
    int over = rt_thread_condition_wait_for(&barrier->changed, is_over,
                                            barrier, timeout_us);
    if (over != 1) {
        change_state(barrier, RT_BARRIER_BROKEN);
        return over == 0 ? broken() : -1;
    }
    return barrier->state == RT_BARRIER_DRAINING ? 0 : broken();
}

/* The last to go opens it for the next round. */
static void
leave(struct rt_thread_barrier *barrier)
{
    barrier->count--;
    if (barrier->count == 0 && !is_open(barrier)) {
        change_state(barrier, RT_BARRIER_FILLING);
    }
}

// --- for people ------------------------------------------------------------

int
rt_thread_barrier_wait(struct rt_thread_barrier *barrier, int64_t timeout_us,
                       int *index)
{
    if (timeout_us == RT_NO_TIMEOUT) {
        timeout_us = barrier->timeout_us;
    }
    int result = -1;
    rt_thread_lock_acquire(&barrier->lock, RT_NO_TIMEOUT);
    rt_thread_condition_wait_for(&barrier->changed, is_open, barrier,
                                 RT_NO_TIMEOUT);
    if (barrier->state == RT_BARRIER_BROKEN) {
        broken();
    }
    else {
        int mine = barrier->count++;
        result = mine + 1 == barrier->parties
                     ? release_all(barrier)
                     : wait_inside(barrier, timeout_us);
        leave(barrier);
        if (result == 0) {
            *index = mine;
        }
    }
    rt_thread_lock_release(&barrier->lock);
    return result;
}

void
rt_thread_barrier_reset(struct rt_thread_barrier *barrier)
{
    rt_thread_lock_acquire(&barrier->lock, RT_NO_TIMEOUT);
    enum rt_thread_barrier_state state = barrier->state;
    if (barrier->count == 0) {
        state = RT_BARRIER_FILLING;
    }
    else if (is_open(barrier)) {
        state = RT_BARRIER_RESETTING;
    }
    change_state(barrier, state);
    rt_thread_lock_release(&barrier->lock);
}

void
rt_thread_barrier_abort(struct rt_thread_barrier *barrier)
{
    rt_thread_lock_acquire(&barrier->lock, RT_NO_TIMEOUT);
    change_state(barrier, RT_BARRIER_BROKEN);
    rt_thread_lock_release(&barrier->lock);
}

bool
rt_thread_barrier_is_broken(struct rt_thread_barrier *barrier)
{
    rt_thread_lock_acquire(&barrier->lock, RT_NO_TIMEOUT);
    bool is_broken = barrier->state == RT_BARRIER_BROKEN;
    rt_thread_lock_release(&barrier->lock);
    return is_broken;
}

int
rt_thread_barrier_waiting(struct rt_thread_barrier *barrier)
{
    rt_thread_lock_acquire(&barrier->lock, RT_NO_TIMEOUT);
    int waiting = barrier->state == RT_BARRIER_FILLING ? barrier->count : 0;
    rt_thread_lock_release(&barrier->lock);
    return waiting;
}
