/* Thread lock: threading.Lock.
 *
 * After CPython 3.12: Modules/_threadmodule.c, Python/thread_pthread.h. A lock
 * has no owner: any thread may release it, and a thread that takes it twice
 * waits for another one to release it. Who waits, waits without the GIL. All
 * other things that threads wait for (thread_rlock.h, thread_condition.h and
 * what is made of them) are made of this one.
 *
 * The structs of this family are initialised with _init() and end with
 * _destroy(), when nobody uses them any more; _release() is what Python calls
 * release. Timeouts are in microseconds, RT_NO_TIMEOUT (deadline.h) for as
 * long as it takes; any other below 0 is a value error, one of more than
 * RT_MAX_TIMEOUT_US an overflow error. */
#ifndef LABS_RUNTIME_THREAD_LOCK_H
#define LABS_RUNTIME_THREAD_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "labs/runtime/deadline.h"

#define RT_MAX_TIMEOUT_US (INT64_MAX / 1000) // PY_TIMEOUT_MAX

struct rt_thread_lock {
    pthread_mutex_t mutex;
    pthread_cond_t released;
    const char *name; // borrowed; NULL: not for the watcher
    bool locked;      // guarded by mutex
    int waiting;      // threads; guarded by mutex
};

/* A free lock. name, borrowed, is for deadlock.h and may be NULL. */
void rt_thread_lock_init(struct rt_thread_lock *lock, const char *name);
void rt_thread_lock_destroy(struct rt_thread_lock *lock);

/* Takes the lock; with a timeout of 0 it does not wait. Returns 1 when it is
 * taken, 0 when the time is over, -1 with a pending error. */
int rt_thread_lock_acquire(struct rt_thread_lock *lock, int64_t timeout_us);

/* Lets one of those who wait have it, in no particular order. 0, or -1 with a
 * pending runtime error if nobody has taken it. */
int rt_thread_lock_release(struct rt_thread_lock *lock);

bool rt_thread_lock_is_locked(struct rt_thread_lock *lock);

/* How many threads wait for it at this moment. */
int rt_thread_lock_waiting(struct rt_thread_lock *lock);

/* --- one who watches ----------------------------------------------------- */

/* Hears of each lock that has a name, in the thread that does it. */
struct rt_thread_lock_watcher {
    /* Before it waits or takes; attempts that do not wait are not told. -1
     * with a pending error: do not take it. */
    int (*wants)(struct rt_thread_lock *lock, bool for_ever);
    void (*has)(struct rt_thread_lock *lock);
    void (*gave_up)(struct rt_thread_lock *lock);
    void (*releases)(struct rt_thread_lock *lock); // before it does
    void (*ends)(struct rt_thread_lock *lock);     // before it is destroyed
};

/* From now on; NULL: nobody. While no thread has or wants a lock. */
void rt_thread_lock_set_watcher(const struct rt_thread_lock_watcher *watcher);

#endif
