/* Process semaphore: multiprocessing's Semaphore, BoundedSemaphore, Lock and
 * RLock, a number of permits that processes share.
 *
 * After CPython 3.12: Lib/multiprocessing/synchronize.py, class SemLock, and
 * Modules/_multiprocessing/semaphore.c. All four are one thing: a lock is a
 * semaphore with one permit. The permits are in memory that children share; of
 * what this process holds the struct keeps its own count, which a child does
 * not inherit. Make it before the children are forked.
 *
 * As in CPython, a permit has no owner that the system knows: a process that
 * is killed while it holds one takes it to its grave, and who waits for that
 * waits until its time is over. So a lock is held for moments only, and who
 * must notice the dead waits for their sentinels (process.h).
 *
 * Timeouts are as in thread_lock.h, but each below 0 but RT_NO_TIMEOUT is 0.
 */
#ifndef LABS_RUNTIME_PROCESS_SEMAPHORE_H
#define LABS_RUNTIME_PROCESS_SEMAPHORE_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "labs/runtime/deadline.h"

struct rt_process_semaphore {
    sem_t *permits; // shared
    int most;       // permits
    bool recursive;
    int count;    // how often this process holds it
    pid_t holder; // the thread that took it last
};

/* A semaphore with so many permits; one that is bounded never has more. A
 * lock: one permit. A recursive lock, which its holder can take again. 0, or
 * -1 with a pending error: a value error for a value below 0; no memory. Then
 * there is nothing to destroy. */
int rt_process_semaphore_init(struct rt_process_semaphore *semaphore,
                              int value, bool bounded);
int rt_process_lock_init(struct rt_process_semaphore *lock);
int rt_process_rlock_init(struct rt_process_semaphore *lock);

/* The other processes keep it. */
void rt_process_semaphore_destroy(struct rt_process_semaphore *semaphore);

/* Takes a permit, without the GIL if it has to wait: 1; 0: the time is over;
 * -1 with a pending error. */
int rt_process_semaphore_acquire(struct rt_process_semaphore *semaphore,
                                 int64_t timeout_us);

/* Gives one back; any process may. 0, or -1 with a pending error: a value
 * error, there would be more than the most; an assertion error, a recursive
 * lock is another thread's. */
int rt_process_semaphore_release(struct rt_process_semaphore *semaphore);

/* How many permits are left at this moment (get_value). */
int rt_process_semaphore_value(const struct rt_process_semaphore *semaphore);

/* Whether this thread was the last of this process to take it, and has not
 * given it back (_is_mine). */
bool
rt_process_semaphore_is_mine(const struct rt_process_semaphore *semaphore);

#endif
