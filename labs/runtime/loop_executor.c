#include "labs/runtime/loop_executor.h"

#include "labs/runtime/alloc.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/executor_state.h"
#include "labs/runtime/loop_debug.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/process_pool.h"
#include "labs/runtime/wrap_future.h"

static struct rt_executor *
default_executor(struct rt_loop *loop)
{
    if (loop->is_executor_shut) {
        rt_error_set(RT_ERROR_RUNTIME, "Executor shutdown has been called");
        return NULL;
    }
    if (loop->executor == NULL) {
        loop->executor = rt_executor_new(rt_executor_usual_workers(),
                                         "asyncio", NULL, NULL);
    }
    return loop->executor;
}

/* Whether it may be asked now: 0, or -1 with a pending runtime error. */
static int
check(const struct rt_loop *loop)
{
    return loop->is_closed
               ? rt_error_set(RT_ERROR_RUNTIME, "Event loop is closed")
               : rt_loop_check_thread(loop);
}

/* The loop's future of a pool future, which is stolen, or NULL. */
static struct rt_object *
wrap(struct rt_loop *loop, struct rt_object *source)
{
    struct rt_object *future =
        source != NULL ? rt_wrap_future(loop, source) : NULL;
    rt_xdecref(source);
    return future;
}

struct rt_object *
rt_loop_run_in_executor(struct rt_loop *loop, struct rt_executor *executor,
                        rt_executor_call *call, struct rt_object *argument)
{
    if (check(loop) != 0) {
        return NULL;
    }
    if (executor == NULL) {
        executor = default_executor(loop);
    }
    return executor != NULL
               ? wrap(loop, rt_executor_submit(executor, call, argument))
               : NULL;
}

struct rt_object *
rt_loop_run_in_process_pool(struct rt_loop *loop, struct rt_process_pool *pool,
                            rt_executor_call *call, struct rt_object *argument)
{
    return check(loop) == 0
               ? wrap(loop, rt_process_pool_submit(pool, call, argument))
               : NULL;
}

void
rt_loop_end_executor(struct rt_loop *loop)
{
    rt_executor_free(loop->executor);
    loop->executor = NULL;
    loop->is_executor_shut = true;
    rt_wrap_future_forget(loop);
}

// --- waiting for its end ---------------------------------------------------

/* The executor that is to end, as the argument of a call that another one
 * makes: the loop must not wait for threads. */
struct ending {
    struct rt_object head;
    struct rt_executor *executor; // it is one of the holders
};

static void
ending_dealloc(struct rt_object *object)
{
    struct rt_executor *executor = ((struct ending *)object)->executor;
    rt_executor_let_go(executor);
    rt_free(object);
}

static const struct rt_type ending_type = {
    .name = "executor ending",
    .basicsize = sizeof(struct ending),
    .dealloc = ending_dealloc,
};

static struct rt_object *
ending_new(struct rt_executor *executor)
{
    struct rt_object *object = rt_object_new(&ending_type);
    if (object != NULL) {
        atomic_fetch_add(&executor->holders, 1);
        ((struct ending *)object)->executor = executor;
    }
    return object;
}

static int
await_end(struct rt_object *object, struct rt_object **result)
{
    (void)result;
    rt_executor_shut_down(((struct ending *)object)->executor, true, false);
    return 0;
}

/* A new future of the end of all its threads. */
static struct rt_object *
end_of(struct rt_loop *loop, struct rt_executor *executor)
{
    struct rt_executor *helper =
        rt_executor_new(1, "asyncio-shutdown", NULL, NULL);
    struct rt_object *ending = helper != NULL ? ending_new(executor) : NULL;
    struct rt_object *future = NULL;
    if (ending != NULL) {
        future = rt_loop_run_in_executor(loop, helper, await_end, ending);
        rt_decref(ending);
    }
    rt_executor_free(helper);
    return future;
}

struct shutdown {
    struct rt_coroutine frame;
    struct rt_loop *loop;
};

static enum rt_sent
shutdown_body(struct rt_coroutine *frame, struct rt_object *sent,
              struct rt_object **result)
{
    const struct shutdown *my = (struct shutdown *)frame;
    RT_BEGIN;
    my->loop->is_executor_shut = true;
    if (my->loop->executor == NULL) {
        RT_RETURN(rt_none);
    }
    RT_AWAIT(end_of(my->loop, my->loop->executor));
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

struct rt_object *
rt_loop_shutdown_default_executor(struct rt_loop *loop)
{
    static const struct rt_code CODE = RT_COROUTINE(
        "shutdown_default_executor", struct shutdown, 0, shutdown_body);
    struct shutdown *my = rt_coroutine_new(&CODE);
    if (my == NULL) {
        return NULL;
    }
    my->loop = loop;
    return &my->frame.head;
}
