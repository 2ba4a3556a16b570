/* Pool as completed: pool futures in the order in which they end
 * (concurrent.futures.as_completed).
 *
 * After CPython 3.12: Lib/concurrent/futures/_base.py, as_completed(). */
#ifndef LABS_RUNTIME_POOL_AS_COMPLETED_H
#define LABS_RUNTIME_POOL_AS_COMPLETED_H

#include <time.h>

#include "labs/runtime/pool_watch.h"

struct rt_pool_as_completed {
    struct rt_pool_watcher watcher;
    size_t given; // so many of them
    int64_t timeout_us;
    struct timespec deadline; // of the timeout
};

/* Begins: futures are borrowed and may name one several times, it comes once.
 * The timeout is for all together. 0, or -1 with a pending memory error: then
 * there is nothing to destroy. */
int rt_pool_as_completed_init(struct rt_pool_as_completed *iterator,
                              struct rt_object *const *futures, size_t count,
                              int64_t timeout_us);
void rt_pool_as_completed_destroy(struct rt_pool_as_completed *iterator);

/* The next that is done: first those that were done at the beginning, then the
 * others, as they end. A new reference; *future is NULL when all were given.
 * 0, or -1 with a pending timeout error that says how many are missing. */
int rt_pool_as_completed_next(struct rt_pool_as_completed *iterator,
                              struct rt_object **future);

#endif
