/* Pool future: what will come out of a call that another thread makes
 * (concurrent.futures.Future).
 *
 * After CPython 3.12: Lib/concurrent/futures/_base.py.
 *
 *     PENDING --> RUNNING --> FINISHED          with a result or an error
 *        '------> CANCELLED --> CANCELLED_AND_NOTIFIED
 *
 * Any thread that holds the GIL may ask and wait. A result of NULL is None.
 * Timeouts: thread_lock.h. */
#ifndef LABS_RUNTIME_POOL_FUTURE_H
#define LABS_RUNTIME_POOL_FUTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "labs/runtime/deadline.h"

struct rt_object;

enum rt_pool_future_state {
    RT_POOL_FUTURE_PENDING,
    RT_POOL_FUTURE_RUNNING,
    RT_POOL_FUTURE_CANCELLED,
    RT_POOL_FUTURE_CANCELLED_AND_NOTIFIED, // who would have run it knows
    RT_POOL_FUTURE_FINISHED
};

/* A new pending future, tracked. NULL with a pending memory error. */
struct rt_object *rt_pool_future_new(void);
enum rt_pool_future_state rt_pool_future_state(struct rt_object *object);

/* Finished or cancelled; cancelled; running (done, cancelled, running). */
bool rt_pool_future_is_done(struct rt_object *future);
bool rt_pool_future_is_cancelled(struct rt_object *future);
bool rt_pool_future_is_running(struct rt_object *future);

/* Cancels it, if it is pending or cancelled already; else it is too late.
 * Whether it is cancelled now. */
bool rt_pool_future_cancel(struct rt_object *object);

/* Waits until it is done. The result is a new reference. 0, or -1 with a
 * pending error: that of the call; cancelled; timeout. */
int rt_pool_future_result(struct rt_object *object, int64_t timeout_us,
                          struct rt_object **result);

/* Waits as well, and gives the error of the call as an exception
 * (exception.h), a new reference, or NULL if it has none. 0, or -1 with a
 * pending error: cancelled; timeout. */
int rt_pool_future_exception(struct rt_object *object, int64_t timeout_us,
                             struct rt_object **exception);

/* Calls back when it is done, in the thread that makes it so, after those that
 * were added before; at once if it is done. future is borrowed for the call;
 * an error in it is unraisable. 0, or -1 with a pending memory error. */
int rt_pool_future_add_done_callback(struct rt_object *object,
                                     void (*callback)(struct rt_object *future,
                                                      void *data),
                                     void *data);

/* --- for who waits for several (pool_watch.h) ---------------------------- */

struct rt_pool_watch;

/* Whether who would have run it knows of its end: it is finished, or cancelled
 * and notified. It is not enough to be cancelled. */
bool rt_pool_future_is_settled(struct rt_object *object);

/* Has rt_pool_watch_tell() called when that comes, with the future's lock
 * taken; if it has come already, at once. The watch, borrowed, is to be taken
 * away again. Whether it was added: not, if another one of the same watcher
 * is there. */
bool rt_pool_future_watch(struct rt_object *object,
                          struct rt_pool_watch *watch);
void rt_pool_future_unwatch(struct rt_object *object,
                            const struct rt_pool_watch *watch);

/* --- for who makes the call ---------------------------------------------- */

/* Says that the call begins: 1. 0: it has been cancelled and must not be
 * made. -1 with a pending runtime error: it has begun or is done
 * (set_running_or_notify_cancel). */
int rt_pool_future_set_running(struct rt_object *object);

/* How it ended; both borrowed. 0, or -1 with a pending invalid state error if
 * it is done. */
int rt_pool_future_set_result(struct rt_object *future,
                              struct rt_object *result);
int rt_pool_future_set_exception(struct rt_object *future,
                                 struct rt_object *exception);

#endif
