#include "labs/runtime/executor.h"

#include <stdio.h>

#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/executor_state.h"
#include "labs/runtime/pool_future.h"

static const char BROKEN[] = "A thread initializer failed, the thread pool is "
                             "not usable anymore";

// --- the workers -----------------------------------------------------------

/* Empties the queue. What has not begun is cancelled, or fails if the pool is
 * broken. A pending error stays pending. */
static void
drain(struct rt_executor *executor)
{
    struct rt_error_state pending = rt_error_fetch();
    struct rt_object *next = NULL;
    while (rt_thread_queue_get(&executor->work, 0, &next) == 0) {
        struct rt_object *future = ((struct rt_executor_work *)next)->future;
        if (executor->broken) {
            rt_error_set(RT_ERROR_BROKEN_POOL, "%s", BROKEN);
            struct rt_object *exception = rt_exception_catch();
            rt_pool_future_set_exception(future, exception);
            rt_decref(exception);
        }
        else {
            rt_pool_future_cancel(future);
        }
        rt_decref(next);
    }
    rt_error_restore(&pending);
}

static int
initialize(struct rt_executor *executor)
{
    if (executor->initializer == NULL ||
        executor->initializer(executor->data) == 0) {
        return 0;
    }
    rt_error_clear();
    rt_thread_lock_acquire(&executor->lock, RT_NO_TIMEOUT);
    executor->broken = true;
    drain(executor);
    rt_thread_lock_release(&executor->lock);
    return -1;
}

/* The next call, which is yours; NULL: there will be none. Who finds none
 * counts itself as idle, and whoever submits takes that back. */
static struct rt_object *
take_work(struct rt_executor *executor)
{
    struct rt_object *next = NULL;
    if (rt_thread_queue_get(&executor->work, 0, &next) != 0) {
        rt_error_clear();
        rt_thread_semaphore_release(&executor->idle, 1);
        if (rt_thread_queue_get(&executor->work, RT_NO_TIMEOUT, &next) != 0) {
            rt_error_clear();
        }
    }
    return next;
}

static int
work_on(void *data)
{
    struct rt_executor *executor = data;
    if (initialize(executor) == 0) {
        struct rt_object *next = take_work(executor);
        while (next != NULL) {
            rt_executor_work_run(next);
            rt_decref(next);
            next = take_work(executor);
        }
    }
    rt_executor_let_go(executor);
    return 0;
}

/* One more worker, unless somebody is idle or there are enough. */
static int
adjust_thread_count(struct rt_executor *executor)
{
    if (rt_thread_semaphore_acquire(&executor->idle, 0) == 1 ||
        executor->thread_count == executor->max_workers) {
        return 0;
    }
    char name[2 * RT_EXECUTOR_NAME_BYTES];
    snprintf(name, sizeof(name), "%s_%d", executor->name,
             executor->thread_count);
    struct rt_thread *thread = rt_thread_new(name, work_on, executor);
    if (thread == NULL) {
        return -1;
    }
    atomic_fetch_add(&executor->holders, 1);
    if (rt_thread_start(thread) != 0) {
        atomic_fetch_sub(&executor->holders, 1);
        rt_thread_free(thread);
        return -1;
    }
    executor->threads[executor->thread_count++] = thread;
    return 0;
}

// --- for people ------------------------------------------------------------

/* With the lock taken. */
static int
enqueue(struct rt_executor *executor, struct rt_object *work)
{
    if (executor->broken) {
        return rt_error_set(RT_ERROR_BROKEN_POOL, "%s", BROKEN);
    }
    if (executor->shut_down) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "cannot schedule new futures after shutdown");
    }
    if (rt_thread_queue_put(&executor->work, work, 0) != 0) {
        return -1;
    }
    return adjust_thread_count(executor);
}

struct rt_object *
rt_executor_submit(struct rt_executor *executor, rt_executor_call *call,
                   struct rt_object *argument)
{
    struct rt_object *work = rt_executor_work_new(call, argument);
    if (work == NULL) {
        return NULL;
    }
    struct rt_object *future =
        rt_new_ref(((struct rt_executor_work *)work)->future);
    rt_thread_lock_acquire(&executor->lock, RT_NO_TIMEOUT);
    if (enqueue(executor, work) != 0) {
        rt_clear(&future);
    }
    rt_thread_lock_release(&executor->lock);
    rt_decref(work);
    return future;
}

void
rt_executor_shut_down(struct rt_executor *executor, bool wait,
                      bool cancel_futures)
{
    rt_thread_lock_acquire(&executor->lock, RT_NO_TIMEOUT);
    executor->shut_down = true;
    if (cancel_futures) {
        drain(executor);
    }
    /* As of 3.13; 3.12 puts None, and each worker that takes it puts it back
     * for the next one. */
    rt_thread_queue_shut_down(&executor->work, false);
    rt_thread_lock_release(&executor->lock);
    for (int i = 0; wait && i < executor->thread_count; i++) {
        rt_thread_join(executor->threads[i], RT_NO_TIMEOUT);
    }
}
