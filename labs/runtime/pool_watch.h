/* Pool watch: hears of the end of several pool futures.
 *
 * After CPython 3.12: Lib/concurrent/futures/_base.py, class _Waiter and
 * _create_and_install_waiters(). A watcher has a watch in each of its futures;
 * whoever ends one of them tells its watches, and these stand in a line then,
 * in the order in which the futures ended. What is made of it: pool_wait.h,
 * pool_as_completed.h. */
#ifndef LABS_RUNTIME_POOL_WATCH_H
#define LABS_RUNTIME_POOL_WATCH_H

#include <stddef.h>

#include "labs/runtime/thread_condition.h"

struct rt_object;

struct rt_pool_watch {
    struct rt_pool_watcher *watcher;
    struct rt_object *future;        // ours
    struct rt_pool_watch *next;      // in the future; guarded by its lock
    struct rt_pool_watch *next_done; // in the line
};

struct rt_pool_watcher {
    struct rt_pool_watch *watches;    // ours
    size_t count;                     // of them: each future has one
    struct rt_thread_lock lock;       // guards what follows
    struct rt_thread_condition ended; // one of them did
    struct rt_pool_watch *first_done, **end_of_done;
    size_t done_count, failed_count;
};

/* Watches all of these futures, borrowed, each of them once, from now on. 0,
 * or -1 with a pending memory error: then there is nothing to destroy. */
int rt_pool_watcher_init(struct rt_pool_watcher *watcher,
                         struct rt_object *const *futures, size_t count);
void rt_pool_watcher_destroy(struct rt_pool_watcher *watcher);

/* Says that the future of this watch has ended; for the future. */
void rt_pool_watch_tell(struct rt_pool_watch *watch, bool has_failed);

#endif
