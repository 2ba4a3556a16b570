/* Executor: threads that make the calls they are given
 * (concurrent.futures.ThreadPoolExecutor).
 *
 * After CPython 3.12: Lib/concurrent/futures/thread.py.
 *
 *     submit --> | work | work | work | --> worker: take, run, tell the future
 *                  a queue without limit    worker: idle
 *
 * A thread is started with a call that finds nobody idle, until there are
 * max_workers. They end when the executor is shut down and the queue is
 * empty. */
#ifndef LABS_RUNTIME_EXECUTOR_H
#define LABS_RUNTIME_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/deadline.h"

struct rt_executor;
struct rt_object;

/* A call: argument is borrowed. 0 with a result, which is yours and may be
 * NULL for None; -1 with a pending error. */
typedef int rt_executor_call(struct rt_object *argument,
                             struct rt_object **result);

/* How many workers Python takes if nobody says: 4 more than processors, at
 * most 32. */
int rt_executor_usual_workers(void);

/* A new executor without threads. Each of them calls initializer(data) first,
 * unless it is NULL; if one fails, -1 with a pending error, the executor is
 * broken: all that waits fails, and so does what is submitted later. name
 * begins the names of the threads; NULL: "ThreadPoolExecutor-0" and so on.
 * NULL with a pending error: max_workers is not positive; no memory. */
struct rt_executor *rt_executor_new(int max_workers, const char *name,
                                    int (*initializer)(void *data),
                                    void *data);

/* Shuts it down without waiting. Calls that have been submitted are made. NULL
 * is fine. */
void rt_executor_free(struct rt_executor *executor);

/* Has a thread make the call; argument, borrowed, may be NULL. A new
 * reference to the future (pool_future.h). NULL with a pending error: broken
 * pool; shut down; no memory; no thread. */
struct rt_object *rt_executor_submit(struct rt_executor *executor,
                                     rt_executor_call *call,
                                     struct rt_object *argument);

/* Makes a call for each of the arguments, borrowed, and waits for all results,
 * which are yours, in the same order. 0; or -1 with the pending error of the
 * first call that failed, or a timeout error: then what has not begun is
 * cancelled and there are no results. */
int rt_executor_map(struct rt_executor *executor, rt_executor_call *call,
                    struct rt_object *const *arguments, size_t count,
                    int64_t timeout_us, struct rt_object **results);

/* Nothing can be submitted any more. Cancels what has not begun, if you say
 * so; waits until all threads have ended, if you say so. */
void rt_executor_shut_down(struct rt_executor *executor, bool wait,
                           bool cancel_futures);

#endif
