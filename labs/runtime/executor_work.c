#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/executor_state.h"
#include "labs/runtime/pool_future.h"

static void
work_dealloc(struct rt_object *object)
{
    struct rt_executor_work *work = (struct rt_executor_work *)object;
    rt_decref(work->future);
    rt_xdecref(work->argument);
    rt_free(work);
}

static const struct rt_type work_type = {
    .name = "_WorkItem",
    .basicsize = sizeof(struct rt_executor_work),
    .dealloc = work_dealloc,
};

struct rt_object *
rt_executor_work_new(rt_executor_call *call, struct rt_object *argument)
{
    struct rt_object *future = rt_pool_future_new();
    if (future == NULL) {
        return NULL;
    }
    struct rt_object *object = rt_object_new(&work_type);
    if (object == NULL) {
        rt_decref(future);
        return NULL;
    }
    struct rt_executor_work *work = (struct rt_executor_work *)object;
    work->future = future;
    work->call = call;
    rt_xincref(argument);
    work->argument = argument;
    return object;
}

void
rt_executor_work_run(struct rt_object *object)
{
    const struct rt_executor_work *work = (struct rt_executor_work *)object;
    if (rt_pool_future_set_running(work->future) != 1) {
        return;
    }
    struct rt_object *result = NULL;
    if (work->call(work->argument, &result) != 0) {
        struct rt_object *exception = rt_exception_catch();
        rt_pool_future_set_exception(work->future, exception);
        rt_decref(exception);
    }
    else {
        rt_pool_future_set_result(work->future, result);
        rt_xdecref(result);
    }
    rt_error_clear(); // that somebody else has finished the future
}
