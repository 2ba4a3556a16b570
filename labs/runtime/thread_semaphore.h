/* Thread semaphore: threading.Semaphore and BoundedSemaphore, a number of
 * permits.
 *
 * After CPython 3.12: Lib/threading.py. Conventions: thread_lock.h. */
#ifndef LABS_RUNTIME_THREAD_SEMAPHORE_H
#define LABS_RUNTIME_THREAD_SEMAPHORE_H

#include "labs/runtime/thread_condition.h"

struct rt_thread_semaphore {
    struct rt_thread_lock lock;
    struct rt_thread_condition released;
    int value; // permits that are left; guarded by lock
    int bound; // at most so many; below 0: no bound
};

/* With so many permits; if bounded, there are never more. 0, or -1 with a
 * pending value error if value is below 0: then there is nothing to destroy.
 */
int rt_thread_semaphore_init(struct rt_thread_semaphore *semaphore, int value,
                             bool bounded);
void rt_thread_semaphore_destroy(struct rt_thread_semaphore *semaphore);

/* Takes a permit: 1; 0: the time is over; -1 with a pending error. */
int rt_thread_semaphore_acquire(struct rt_thread_semaphore *semaphore,
                                int64_t timeout_us);

/* Gives count permits back and wakes as many. 0, or -1 with a pending value
 * error: count is below 1, or there would be more than the bound. */
int rt_thread_semaphore_release(struct rt_thread_semaphore *semaphore,
                                int count);

/* How many threads wait for a permit at this moment. */
int rt_thread_semaphore_waiting(struct rt_thread_semaphore *semaphore);

#endif
