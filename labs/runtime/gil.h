/* Gil: one lock for the whole runtime, which threads pass on.
 *
 * After CPython 3.12: Python/ceval_gil.c. Whoever holds it may touch objects.
 * A thread that waits for it does not wait politely for ever: after one
 * switch interval in which the lock has not changed hands it makes a request,
 * and the holder, who looks at the request at each safe point, drops the lock.
 * Then comes the forced part: the dropper waits until another thread has taken
 * the lock, or it would take it again itself before the other one is awake.
 *
 *   holder   runs runs runs runs runs looks: drop | waits ... | waits for the
 *   waiter   waits 5 ms  |request    .            | takes     |  lock itself
 *
 * A thread is any address that no other thread has. */
#ifndef LABS_RUNTIME_GIL_H
#define LABS_RUNTIME_GIL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    RT_GIL_INTERVAL_US = 5000 // DEFAULT_INTERVAL
};

struct rt_gil_stats {
    int64_t hand_overs; // it was taken by another thread than the last time
    int64_t waits;      // it was not free when a thread wanted it
    int64_t longest_wait_ns;
};

struct rt_gil {
    pthread_mutex_t mutex;     // guards what has no other guard
    pthread_cond_t freed;      // cond: nobody holds it any more
    pthread_cond_t switched;   // switch_cond: somebody has taken it
    bool locked;               // guarded by mutex
    const void *last_holder;   // guarded by mutex
    struct rt_gil_stats stats; // guarded by mutex
    _Atomic int64_t interval_us;
    atomic_bool drop_request; // set by waiters, seen by the holder
};

/* A free lock with the usual interval; and its end, when nobody holds it or
 * wants it (create_gil, destroy_gil). */
void rt_gil_init(struct rt_gil *gil);
void rt_gil_destroy(struct rt_gil *gil);

/* Waits until the thread holds the lock. The request is taken back with that:
 * a thread that goes on waiting makes its own in time. errno stays as it is
 * (take_gil). */
void rt_gil_take(struct rt_gil *gil, const void *thread);

/* The holder lets go. If there is a request it returns only when another
 * thread has taken the lock. NULL instead of the thread: it ends and does not
 * wait for anybody (drop_gil). */
void rt_gil_drop(struct rt_gil *gil, const void *thread);

/* Whether the holder should drop the lock. Cheap enough for a loop. */
static inline bool
rt_gil_drop_requested(const struct rt_gil *gil)
{
    return atomic_load_explicit(&gil->drop_request, memory_order_relaxed);
}

/* How long a thread waits before it makes a request, in microseconds. 0, or
 * -1 with a pending value error unless it is positive (sys.setswitchinterval,
 * sys.getswitchinterval). */
int rt_gil_set_interval_us(struct rt_gil *gil, int64_t interval_us);
int64_t rt_gil_interval_us(const struct rt_gil *gil);

/* What has happened so far. */
struct rt_gil_stats rt_gil_stats(struct rt_gil *gil);

#endif
