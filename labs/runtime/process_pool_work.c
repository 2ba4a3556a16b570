#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/executor_state.h"
#include "labs/runtime/pool_future.h"
#include "labs/runtime/process_message.h"
#include "labs/runtime/process_pool_state.h"
#include "labs/runtime/serialize.h"

static struct rt_object *
future_of(struct rt_object *work)
{
    return ((struct rt_executor_work *)work)->future;
}

// --- one call --------------------------------------------------------------

struct rt_object *
rt_process_work_pack(struct rt_object *work)
{
    const struct rt_executor_work *call = (struct rt_executor_work *)work;
    struct rt_object *message =
        rt_process_message_call(call->call, call->argument);
    struct rt_object *bytes = message != NULL ? rt_serialize(message) : NULL;
    rt_xdecref(message);
    return bytes;
}

void
rt_process_work_fail(struct rt_object *work)
{
    struct rt_object *exception = rt_exception_catch();
    // Nothing happens to one that is running; one that has been cancelled is
    // told that we know, and gets no error.
    rt_pool_future_set_running(future_of(work));
    rt_pool_future_set_exception(future_of(work), exception);
    rt_decref(exception);
    rt_decref(work);
    rt_error_clear();
}

void
rt_process_work_settle(struct rt_object *work, struct rt_object *answer)
{
    struct rt_object *result = NULL;
    if (rt_process_message_open(answer, &result) != 0) {
        rt_process_work_fail(work);
        return;
    }
    rt_pool_future_set_result(future_of(work), result);
    rt_xdecref(result);
    rt_decref(work);
    rt_error_clear();
}

// --- the two queues --------------------------------------------------------

static struct rt_object *
take(struct rt_thread_queue *queue)
{
    struct rt_object *work = NULL;
    if (rt_thread_queue_get(queue, 0, &work) != 0) {
        rt_error_clear();
    }
    return work;
}

struct rt_object *
rt_process_pool_next_call(struct rt_process_pool *pool)
{
    return take(&pool->next_calls);
}

struct rt_object *
rt_process_pool_next_pending(struct rt_process_pool *pool)
{
    return take(&pool->pending);
}

/* Steals the work. */
static void
make_next(struct rt_process_pool *pool, struct rt_object *work)
{
    if (rt_pool_future_set_running(future_of(work)) == 1 &&
        rt_thread_queue_put(&pool->next_calls, work, 0) != 0) {
        rt_process_work_fail(work);
        return;
    }
    rt_decref(work);
}

static void
cancel_pending(struct rt_process_pool *pool)
{
    struct rt_object *work = NULL;
    while ((work = take(&pool->pending)) != NULL) {
        rt_pool_future_cancel(future_of(work));
        rt_pool_future_set_running(future_of(work)); // tells it that we know
        rt_decref(work);
    }
}

void
rt_process_pool_choose_next(struct rt_process_pool *pool)
{
    struct rt_object *work = NULL;
    if (atomic_exchange(&pool->cancels, false)) {
        cancel_pending(pool);
    }
    while (rt_thread_queue_size(&pool->next_calls) <
               pool->next_calls.maxsize &&
           (work = take(&pool->pending)) != NULL) {
        make_next(pool, work);
    }
}

// --- the end ---------------------------------------------------------------

bool
rt_process_pool_is_drained(struct rt_process_pool *pool)
{
    rt_thread_lock_acquire(&pool->lock, RT_NO_TIMEOUT);
    bool drained = atomic_load(&pool->shut_down) &&
                   rt_thread_queue_size(&pool->next_calls) == 0 &&
                   rt_thread_queue_size(&pool->pending) == 0;
    rt_thread_lock_release(&pool->lock);
    return drained;
}

void
rt_process_pool_mark_broken(struct rt_process_pool *pool)
{
    rt_thread_lock_acquire(&pool->lock, RT_NO_TIMEOUT);
    atomic_store(&pool->broken, true);
    rt_thread_lock_release(&pool->lock);
}
