/* Thread condition: threading.Condition, waiting until somebody says that
 * something has changed.
 *
 * After CPython 3.12: Lib/threading.py, class Condition. Each thread that
 * waits brings a lock of its own, already taken, stands in a line with it and
 * takes it a second time; who notifies releases the locks of the first n in
 * the line. Everything happens with the condition's own lock taken, except the
 * waiting itself. Conventions: thread_lock.h. */
#ifndef LABS_RUNTIME_THREAD_CONDITION_H
#define LABS_RUNTIME_THREAD_CONDITION_H

#include "labs/runtime/thread_lock.h"
#include "labs/runtime/thread_rlock.h"

struct rt_thread_condition {
    struct rt_thread_lock *lock;           // borrowed; one of the two,
    struct rt_thread_rlock *rlock;         // the other is NULL
    struct rt_thread_waiter *first, *last; // guarded by that lock
};

/* Nobody waits. The lock, borrowed, may belong to several conditions. */
void rt_thread_condition_init(struct rt_thread_condition *condition,
                              struct rt_thread_lock *lock);
void rt_thread_condition_init_rlock(struct rt_thread_condition *condition,
                                    struct rt_thread_rlock *rlock);

/* Releases the lock, waits until notified, and takes the lock again, whatever
 * comes. Returns 1 when notified, 0 when the time is over, -1 with a pending
 * error: a runtime error if the lock is not taken. A waiter whose time is over
 * while it is being notified says 1, so that no notification is lost. */
int rt_thread_condition_wait(struct rt_thread_condition *condition,
                             int64_t timeout_us);

/* Waits until the predicate holds, which is asked with the lock taken: 1. 0:
 * the time is over and it does not hold. -1 with a pending error. */
int rt_thread_condition_wait_for(struct rt_thread_condition *condition,
                                 bool (*predicate)(void *data), void *data,
                                 int64_t timeout_us);

/* Wakes the first count of those who wait, or all. 0, or -1 with a pending
 * runtime error if the lock is not taken. */
int rt_thread_condition_notify(struct rt_thread_condition *condition,
                               int count);
int rt_thread_condition_notify_all(struct rt_thread_condition *condition);

/* How many stand in the line; asked with the lock taken. */
int rt_thread_condition_waiting(const struct rt_thread_condition *condition);

#endif
