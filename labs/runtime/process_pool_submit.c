#include "labs/runtime/error.h"
#include "labs/runtime/executor_state.h"
#include "labs/runtime/process_pool_state.h"

// --- the first call --------------------------------------------------------

static int
manage(void *data)
{
    struct rt_process_pool *pool = data;
    rt_process_pool_manage(pool);
    rt_process_pool_let_go(pool);
    return 0;
}

static int
start_manager(struct rt_process_pool *pool)
{
    struct rt_thread *thread = rt_thread_new(NULL, manage, pool);
    if (thread == NULL) {
        return -1;
    }
    atomic_fetch_add(&pool->holders, 1);
    if (rt_thread_start(thread) != 0) {
        atomic_fetch_sub(&pool->holders, 1);
        rt_thread_free(thread);
        return -1;
    }
    pool->manager = thread;
    return 0;
}

/* All workers before the first thread: a child should have few locks to wonder
 * about (_launch_processes). With the lock taken. */
static int
start(struct rt_process_pool *pool)
{
    if (rt_process_pool_start_workers(pool) == 0 && start_manager(pool) == 0) {
        return 0;
    }
    struct rt_error_state error = rt_error_fetch();
    rt_process_pool_end_workers(pool);
    rt_error_restore(&error);
    return -1;
}

// --- for people ------------------------------------------------------------

/* With the lock taken. */
static int
enqueue(struct rt_process_pool *pool, struct rt_object *work)
{
    if (atomic_load(&pool->broken)) {
        return rt_error_set(RT_ERROR_BROKEN_PROCESS,
                            "A child process terminated abruptly, the process "
                            "pool is not usable anymore");
    }
    if (atomic_load(&pool->shut_down)) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "cannot schedule new futures after shutdown");
    }
    if ((pool->manager == NULL && start(pool) != 0) ||
        rt_thread_queue_put(&pool->pending, work, 0) != 0) {
        return -1;
    }
    rt_process_pool_wake(pool);
    return 0;
}

struct rt_object *
rt_process_pool_submit(struct rt_process_pool *pool, rt_executor_call *call,
                       struct rt_object *argument)
{
    struct rt_object *work = rt_executor_work_new(call, argument);
    if (work == NULL) {
        return NULL;
    }
    struct rt_object *future =
        rt_new_ref(((struct rt_executor_work *)work)->future);
    rt_thread_lock_acquire(&pool->lock, RT_NO_TIMEOUT);
    if (enqueue(pool, work) != 0) {
        rt_clear(&future);
    }
    rt_thread_lock_release(&pool->lock);
    rt_decref(work);
    return future;
}

int
rt_process_pool_shut_down(struct rt_process_pool *pool, bool wait,
                          bool cancel_futures)
{
    rt_thread_lock_acquire(&pool->lock, RT_NO_TIMEOUT);
    atomic_store(&pool->shut_down, true);
    if (cancel_futures) {
        atomic_store(&pool->cancels, true);
    }
    struct rt_thread *manager = pool->manager;
    rt_process_pool_wake(pool);
    rt_thread_lock_release(&pool->lock);
    return wait && manager != NULL ? rt_thread_join(manager, RT_NO_TIMEOUT)
                                   : 0;
}
