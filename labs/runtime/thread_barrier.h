/* Thread barrier: threading.Barrier, where a fixed number of threads wait for
 * each other.
 *
 * After CPython 3.12: Lib/threading.py, class Barrier. Conventions:
 * thread_lock.h. */
#ifndef LABS_RUNTIME_THREAD_BARRIER_H
#define LABS_RUNTIME_THREAD_BARRIER_H

#include "labs/runtime/thread_condition.h"

enum rt_thread_barrier_state {
    RT_BARRIER_FILLING,
    RT_BARRIER_DRAINING,  // full; nobody comes in until all are out
    RT_BARRIER_RESETTING, // the same, and those inside hear that it broke
    RT_BARRIER_BROKEN
};

struct rt_thread_barrier {
    struct rt_thread_lock lock;
    struct rt_thread_condition changed;
    enum rt_thread_barrier_state state; // guarded by lock
    int parties;
    int count;          // threads inside; guarded by lock
    int64_t timeout_us; // of a wait that names none
    int (*action)(void *data);
    void *data;
};

/* For so many threads. The last one to come calls action(data), which may be
 * NULL, before the others go on; -1 with a pending error breaks the barrier.
 * 0, or -1 with a pending value error unless parties is positive. */
int rt_thread_barrier_init(struct rt_thread_barrier *barrier, int parties,
                           int (*action)(void *data), void *data,
                           int64_t timeout_us);
void rt_thread_barrier_destroy(struct rt_thread_barrier *barrier);

/* Waits for the others, as long as the barrier's own timeout if none is given.
 * Stores which one it was to come, counted from 0. 0, or -1 with a pending
 * broken barrier error: the time was over, or another broke it or reset it. */
int rt_thread_barrier_wait(struct rt_thread_barrier *barrier,
                           int64_t timeout_us, int *index);

/* As new; for those who wait it is broken. */
void rt_thread_barrier_reset(struct rt_thread_barrier *barrier);

/* Breaks it. */
void rt_thread_barrier_abort(struct rt_thread_barrier *barrier);

bool rt_thread_barrier_is_broken(struct rt_thread_barrier *barrier);

/* How many threads wait for it at this moment (n_waiting). */
int rt_thread_barrier_waiting(struct rt_thread_barrier *barrier);

#endif
