/* Process pool: processes that make the calls they are given
 * (concurrent.futures.ProcessPoolExecutor).
 *
 * After CPython 3.12: Lib/concurrent/futures/process.py, start method fork.
 * What goes to a worker and comes back are copies (serialize.h). A worker that
 * dies breaks the pool: all calls that are not over fail with a broken process
 * pool error, at once, and so does what is submitted later.
 *
 * It belongs to the process that made it; in a child it is shut down. */
#ifndef LABS_RUNTIME_PROCESS_POOL_H
#define LABS_RUNTIME_PROCESS_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/deadline.h"
#include "labs/runtime/executor.h"

struct rt_class;
struct rt_object;
struct rt_process_pool;

/* What a pool may be told; zeroed: nothing. All borrowed as long as there is
 * the pool. */
struct rt_process_pool_options {
    /* Called first in each worker. -1 with a pending error, which is printed,
     * ends the worker, and that breaks the pool. */
    int (*initializer)(void *data);
    void *data;
    /* A worker that has made so many calls ends and another takes its place;
     * 0: no limit. (CPython refuses it together with fork, because its other
     * threads may hold a lock meanwhile; see thread_state.c.) */
    int max_tasks_per_child;
    const struct rt_class *const *classes; // see serialize.h
    size_t class_count;
};

/* A new pool without workers; NULL: no options. NULL with a pending error:
 * max_workers is not positive, max_tasks_per_child is negative; no memory, no
 * descriptor. */
struct rt_process_pool *
rt_process_pool_new(int max_workers,
                    const struct rt_process_pool_options *options);

/* Shuts it down without waiting. Calls that have been submitted are made. NULL
 * is fine. */
void rt_process_pool_free(struct rt_process_pool *pool);

/* Has a worker make the call; argument, borrowed, may be NULL. All workers are
 * forked by the first call. A new reference to the future (pool_future.h),
 * which is running as soon as a worker is to take the call next: a few that
 * nobody works on yet, and cannot be cancelled. An argument or a result that
 * cannot be sent is the error of the call. NULL with a pending error: broken
 * pool; shut down; no memory, process or thread. */
struct rt_object *rt_process_pool_submit(struct rt_process_pool *pool,
                                         rt_executor_call *call,
                                         struct rt_object *argument);

/* As rt_executor_map(), where a worker is given chunksize arguments at a time.
 * -1 with a pending value error also for a chunksize of 0. */
int rt_process_pool_map(struct rt_process_pool *pool, rt_executor_call *call,
                        struct rt_object *const *arguments, size_t count,
                        size_t chunksize, int64_t timeout_us,
                        struct rt_object **results);

/* Nothing can be submitted any more. Cancels what is not running, if you say
 * so; waits until all calls are over and all workers gone, if you say so. 0,
 * or -1 with a pending runtime error: a callback of a future of the pool
 * cannot wait for it. */
int rt_process_pool_shut_down(struct rt_process_pool *pool, bool wait,
                              bool cancel_futures);

#endif
