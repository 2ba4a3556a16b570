#include "labs/runtime/process_condition.h"

#include <limits.h>

#include "labs/runtime/error.h"

int
rt_process_condition_init(struct rt_process_condition *condition,
                          struct rt_process_semaphore *lock)
{
    *condition = (struct rt_process_condition){.lock = lock};
    if (rt_process_semaphore_init(&condition->sleeping, 0, false) != 0 ||
        rt_process_semaphore_init(&condition->woken, 0, false) != 0 ||
        rt_process_semaphore_init(&condition->wake_ups, 0, false) != 0) {
        rt_process_condition_destroy(condition);
        return -1;
    }
    return 0;
}

void
rt_process_condition_destroy(struct rt_process_condition *condition)
{
    rt_process_semaphore_destroy(&condition->sleeping);
    rt_process_semaphore_destroy(&condition->woken);
    rt_process_semaphore_destroy(&condition->wake_ups);
}

// --- waiting ---------------------------------------------------------------

static int
acquire_again(struct rt_process_semaphore *lock, int count)
{
    int result = 1;
    while (count-- > 0 && result == 1) {
        result = rt_process_semaphore_acquire(lock, RT_NO_TIMEOUT);
    }
    return result;
}

int
rt_process_condition_wait(struct rt_process_condition *condition,
                          int64_t timeout_us)
{
    struct rt_process_semaphore *lock = condition->lock;
    if (!rt_process_semaphore_is_mine(lock)) {
        return rt_error_set(RT_ERROR_ASSERTION,
                            "must acquire() condition before using wait()");
    }
    int count = lock->count;
    if (rt_process_semaphore_release(&condition->sleeping) != 0) {
        return -1;
    }
    for (int i = 0; i < count; i++) {
        rt_process_semaphore_release(lock);
    }
    int got = rt_process_semaphore_acquire(&condition->wake_ups, timeout_us);
    rt_process_semaphore_release(&condition->woken);
    return acquire_again(lock, count) == 1 ? got : -1;
}

int
rt_process_condition_wait_for(struct rt_process_condition *condition,
                              bool (*predicate)(void *data), void *data,
                              int64_t timeout_us)
{
    struct timespec deadline = rt_deadline_in_us(timeout_us);
    while (!predicate(data)) {
        int64_t left_us = timeout_us == RT_NO_TIMEOUT
                              ? timeout_us
                              : rt_deadline_left_us(&deadline);
        if (left_us == 0) {
            return 0;
        }
        if (rt_process_condition_wait(condition, left_us) < 0) {
            return -1;
        }
    }
    return 1;
}

// --- notifying -------------------------------------------------------------

static bool
take(struct rt_process_semaphore *semaphore)
{
    return rt_process_semaphore_acquire(semaphore, 0) == 1;
}

int
rt_process_condition_notify(struct rt_process_condition *condition, int count)
{
    if (!rt_process_semaphore_is_mine(condition->lock)) {
        return rt_error_set(RT_ERROR_ASSERTION, "lock is not owned");
    }
    // Those whose time was over since the last time do not sleep any more.
    while (take(&condition->woken)) {
        (void)take(&condition->sleeping);
    }
    int sleepers = 0;
    while (sleepers < count && take(&condition->sleeping)) {
        rt_process_semaphore_release(&condition->wake_ups);
        sleepers++;
    }
    for (int i = 0; i < sleepers; i++) {
        rt_process_semaphore_acquire(&condition->woken, RT_NO_TIMEOUT);
    }
    // What is left was for one whose time was over just now.
    while (sleepers > 0 && take(&condition->wake_ups)) {
    }
    return 0;
}

int
rt_process_condition_notify_all(struct rt_process_condition *condition)
{
    return rt_process_condition_notify(condition, INT_MAX);
}
