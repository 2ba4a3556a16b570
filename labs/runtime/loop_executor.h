/* Loop executor: calls that would keep the loop waiting, made by threads.
 *
 * After CPython 3.12: Lib/asyncio/base_events.py, run_in_executor() and
 * shutdown_default_executor(). */
#ifndef LABS_RUNTIME_LOOP_EXECUTOR_H
#define LABS_RUNTIME_LOOP_EXECUTOR_H

#include "labs/runtime/executor.h"

struct rt_loop;
struct rt_process_pool;

/* Has a thread of the executor make the call (executor.h); argument, borrowed,
 * may be NULL. An executor of NULL is the loop's own, which is made when it is
 * needed. A new future of the loop; cancelling it takes the call back unless
 * it has begun. NULL with a pending error: that of rt_executor_submit(), or a
 * runtime error when the loop is closed or its own executor shut down. */
struct rt_object *rt_loop_run_in_executor(struct rt_loop *loop,
                                          struct rt_executor *executor,
                                          rt_executor_call *call,
                                          struct rt_object *argument);

/* The same with processes (process_pool.h). */
struct rt_object *rt_loop_run_in_process_pool(struct rt_loop *loop,
                                              struct rt_process_pool *pool,
                                              rt_executor_call *call,
                                              struct rt_object *argument);

/* A new coroutine that ends, with None, when all threads of the loop's own
 * executor have; from its beginning on nothing can be given to them. NULL with
 * a pending memory error. */
struct rt_object *rt_loop_shutdown_default_executor(struct rt_loop *loop);

/* For a loop that is closed: does not wait for them. */
void rt_loop_end_executor(struct rt_loop *loop);

#endif
