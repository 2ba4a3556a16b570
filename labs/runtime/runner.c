#include "labs/runtime/runner.h"

#include "labs/runtime/exception.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_executor.h"
#include "labs/runtime/task.h"

/* The tasks that are left, and whether there was memory to list them. */
struct leftovers {
    struct rt_object *tasks; // a list
    int result;
};

static void
add_leftover(struct rt_object *task, void *data)
{
    struct leftovers *left = data;
    if (left->result == 0) {
        left->result = rt_list_append(left->tasks, task);
    }
}

/* What went wrong while it was being cancelled nobody else will hear of. */
static void
report(struct rt_loop *loop, struct rt_object *task)
{
    if (!rt_future_is_done(task) || rt_future_is_cancelled(task)) {
        return;
    }
    struct rt_object *exception = rt_future_exception(task);
    if (exception != NULL) {
        rt_loop_call_exception_handler(
            loop, &(struct rt_loop_trouble){
                      .message = "unhandled exception during run() shutdown",
                      .exception = exception,
                      .source = task});
        rt_decref(exception);
    }
}

/* Cancels the tasks of the list and waits for them. */
static int
end_tasks(struct rt_loop *loop, struct rt_object *tasks)
{
    size_t count = rt_list_size(tasks);
    for (size_t i = 0; i < count; i++) {
        rt_future_cancel(rt_list_at(tasks, i), NULL);
    }
    struct rt_object *all = rt_gather(loop, tasks, true);
    struct rt_object *results =
        all != NULL ? rt_loop_run_until_complete(loop, all) : NULL;
    for (size_t i = 0; results != NULL && i < count; i++) {
        report(loop, rt_list_at(tasks, i));
    }
    int result = results != NULL ? 0 : -1;
    rt_xdecref(results);
    rt_xdecref(all);
    return result;
}

static int
end_leftovers(struct rt_loop *loop)
{
    struct leftovers left = {.tasks = rt_list_new()};
    if (left.tasks == NULL) {
        return -1;
    }
    rt_task_each(loop, add_leftover, &left);
    if (left.result == 0 && rt_list_size(left.tasks) > 0) {
        left.result = end_tasks(loop, left.tasks);
    }
    rt_decref(left.tasks);
    return left.result;
}

/* The loop's own threads have ended after this. */
static int
end_threads(struct rt_loop *loop)
{
    struct rt_object *none = rt_loop_run_until_complete(
        loop, rt_loop_shutdown_default_executor(loop));
    return none != NULL ? 0 : -1;
}

struct rt_object *
rt_run(struct rt_object *coroutine)
{
    struct rt_loop *loop = NULL;
    if (coroutine == NULL) {
        return NULL;
    }
    if (rt_loop_running() != NULL) {
        rt_error_set(RT_ERROR_RUNTIME,
                     "run() cannot be called from a running event loop");
    }
    else {
        loop = rt_loop_new();
    }
    if (loop == NULL) {
        rt_decref(coroutine);
        return NULL;
    }
    struct rt_object *result = rt_loop_run_until_complete(loop, coroutine);
    struct rt_error_state pending = rt_error_fetch();
    if ((end_leftovers(loop) == 0 && end_threads(loop) == 0) ||
        result == NULL) {
        rt_error_restore(&pending);
    }
    else {
        rt_clear(&result);
    }
    rt_loop_free(loop);
    return result;
}
