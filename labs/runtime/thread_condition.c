#include "labs/runtime/thread_condition.h"

#include <limits.h>
#include <stddef.h>

#include "labs/runtime/error.h"

/* One in the line; it lives on the stack of the thread that waits. */
struct rt_thread_waiter {
    struct rt_thread_lock lock; // taken until notified
    bool in_line;
    struct rt_thread_waiter *next, *previous;
};

void
rt_thread_condition_init(struct rt_thread_condition *condition,
                         struct rt_thread_lock *lock)
{
    *condition = (struct rt_thread_condition){.lock = lock};
}

void
rt_thread_condition_init_rlock(struct rt_thread_condition *condition,
                               struct rt_thread_rlock *rlock)
{
    *condition = (struct rt_thread_condition){.rlock = rlock};
}

// --- the condition's own lock ----------------------------------------------

/* A plain lock has no owner: that anybody has taken it must do (_is_owned). */
static bool
is_taken(const struct rt_thread_condition *condition)
{
    return condition->rlock != NULL
               ? rt_thread_rlock_is_owned(condition->rlock)
               : rt_thread_lock_is_locked(condition->lock);
}

static unsigned long
release_all(const struct rt_thread_condition *condition)
{
    if (condition->rlock != NULL) {
        return rt_thread_rlock_release_all(condition->rlock);
    }
    rt_thread_lock_release(condition->lock);
    return 1;
}

static int
acquire_again(const struct rt_thread_condition *condition, unsigned long count)
{
    if (condition->rlock != NULL) {
        return rt_thread_rlock_acquire_again(condition->rlock, count);
    }
    int got = rt_thread_lock_acquire(condition->lock, RT_NO_TIMEOUT);
    return got == 1 ? 0 : -1;
}

// --- the line --------------------------------------------------------------

static void
enter_line(struct rt_thread_condition *condition,
           struct rt_thread_waiter *waiter)
{
    waiter->in_line = true;
    waiter->next = NULL;
    waiter->previous = condition->last;
    if (condition->last != NULL) {
        condition->last->next = waiter;
    }
    else {
        condition->first = waiter;
    }
    condition->last = waiter;
}

static void
leave_line(struct rt_thread_condition *condition,
           struct rt_thread_waiter *waiter)
{
    waiter->in_line = false;
    if (waiter->previous != NULL) {
        waiter->previous->next = waiter->next;
    }
    else {
        condition->first = waiter->next;
    }
    if (waiter->next != NULL) {
        waiter->next->previous = waiter->previous;
    }
    else {
        condition->last = waiter->previous;
    }
}

// --- for people ------------------------------------------------------------

int
rt_thread_condition_wait(struct rt_thread_condition *condition,
                         int64_t timeout_us)
{
    if (!is_taken(condition)) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "cannot wait on un-acquired lock");
    }
    struct rt_thread_waiter waiter;
    rt_thread_lock_init(&waiter.lock, NULL);
    rt_thread_lock_acquire(&waiter.lock, RT_NO_TIMEOUT);
    enter_line(condition, &waiter);
    unsigned long count = release_all(condition);
    int got = rt_thread_lock_acquire(&waiter.lock, timeout_us);
    int result = acquire_again(condition, count);
    if (!waiter.in_line) {
        got = got == 0 ? 1 : got;
    }
    else {
        leave_line(condition, &waiter);
    }
    rt_thread_lock_destroy(&waiter.lock);
    return result != 0 ? -1 : got;
}

int
rt_thread_condition_wait_for(struct rt_thread_condition *condition,
                             bool (*predicate)(void *data), void *data,
                             int64_t timeout_us)
{
    struct timespec deadline = rt_deadline_in_us(timeout_us);
    while (!predicate(data)) {
        int64_t left_us = timeout_us;
        if (timeout_us > 0) {
            left_us = rt_deadline_left_us(&deadline);
        }
        if (left_us == 0) {
            return 0;
        }
        if (rt_thread_condition_wait(condition, left_us) < 0) {
            return -1;
        }
    }
    return 1;
}

int
rt_thread_condition_notify(struct rt_thread_condition *condition, int count)
{
    if (!is_taken(condition)) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "cannot notify on un-acquired lock");
    }
    for (; count > 0 && condition->first != NULL; count--) {
        struct rt_thread_waiter *waiter = condition->first;
        leave_line(condition, waiter);
        rt_thread_lock_release(&waiter->lock);
    }
    return 0;
}

int
rt_thread_condition_notify_all(struct rt_thread_condition *condition)
{
    return rt_thread_condition_notify(condition, INT_MAX);
}

int
rt_thread_condition_waiting(const struct rt_thread_condition *condition)
{
    int waiting = 0;
    for (const struct rt_thread_waiter *waiter = condition->first;
         waiter != NULL; waiter = waiter->next) {
        waiting++;
    }
    return waiting;
}
