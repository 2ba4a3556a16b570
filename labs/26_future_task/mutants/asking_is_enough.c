/* Wrong on purpose: the mark is off when the new waiter was asked, whatever
 * it has said. */
#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"

static struct rt_task *
task_of(struct rt_object *object)
{
    return (struct rt_task *)object;
}

static int
on_return(struct rt_object *object, struct rt_object *result)
{
    struct rt_task *task = task_of(object);
    int rc = 0;
    rt_clear(&task->coroutine);
    if (task->future.must_cancel) {
        task->future.must_cancel = 0;
        rt_future_end_cancelled(object, rt_task_message(object));
    }
    else {
        rc = rt_future_finish(object, result, false);
    }
    rt_decref(result);
    return rc;
}

static int
on_error(struct rt_object *object)
{
    int rc = 0;
    enum rt_error error = rt_error_occurred();
    struct rt_object *exception = rt_exception_catch();
    rt_clear(&task_of(object)->coroutine);
    if (error == RT_ERROR_CANCELLED) {
        rt_future_end_cancelled(object, exception);
    }
    else {
        rc = rt_future_finish(object, exception, true);
        if (rt_error_is_exit(error)) {
            rt_exception_raise(exception);
            rc = -1;
        }
    }
    rt_decref(exception);
    return rc;
}

static int
complain(struct rt_object *object, const char *text)
{
    struct rt_object *exception = rt_exception_new(RT_ERROR_RUNTIME, text);
    if (exception == NULL) {
        return -1;
    }
    int rc = rt_loop_call_soon(rt_future_loop(object), object, exception);
    rt_decref(exception);
    return rc;
}

static const char *
what_is_wrong(struct rt_object *object, struct rt_object *yielded)
{
    if (!rt_future_check(yielded)) {
        return "Task got bad yield";
    }
    struct rt_future *future = (struct rt_future *)yielded;
    bool blocking = future->is_blocking;
    if (rt_future_loop(yielded) != rt_future_loop(object)) {
        return "Task got Future attached to a different loop";
    }
    if (!blocking) {
        return "yield was used instead of yield from in task";
    }
    if (yielded == object) {
        return "Task cannot await on itself";
    }
    return NULL;
}

static int
on_yield(struct rt_object *object, struct rt_object *yielded)
{
    struct rt_task *task = task_of(object);
    if (yielded == rt_none) {
        rt_decref(yielded);
        return rt_loop_call_soon(rt_future_loop(object), object, NULL);
    }
    const char *wrong = what_is_wrong(object, yielded);
    if (wrong != NULL) {
        rt_decref(yielded);
        return complain(object, wrong);
    }
    ((struct rt_future *)yielded)->is_blocking = 0;
    if (rt_future_add_done_callback(yielded, object) < 0) {
        rt_decref(yielded);
        return -1;
    }
    rt_set_ref(&task->waiter, yielded);
    if (task->future.must_cancel) {
        rt_future_cancel(yielded, rt_task_message(object));
        task->future.must_cancel = 0;
    }
    return 0;
}

int
rt_task_step(struct rt_object *object, struct rt_object *value)
{
    struct rt_task *task = task_of(object);
    struct rt_loop *loop = rt_future_loop(object);
    if (rt_future_is_done(object)) {
        return rt_error_set(RT_ERROR_INVALID_STATE, "_step(): already done");
    }
    if (task->future.must_cancel) {
        task->future.must_cancel = 0;
        if (value != NULL || rt_error_occurred() != RT_ERROR_CANCELLED) {
            rt_future_raise_cancelled(object);
        }
        value = NULL;
    }
    rt_clear(&task->waiter);
    if (loop->current_task != NULL) {
        return rt_error_set(
            RT_ERROR_RUNTIME,
            "Cannot enter into task while another task is being executed.");
    }
    struct rt_object *result = NULL;
    loop->current_task = object;
    enum rt_sent sent =
        task->coroutine->ob_type->send(task->coroutine, value, &result);
    loop->current_task = NULL;
    switch (sent) {
    case RT_SENT_RETURN:
        return on_return(object, result);
    case RT_SENT_YIELD:
        return on_yield(object, result);
    default:
        return on_error(object);
    }
}

int
rt_task_wake(struct rt_object *object)
{
    struct rt_object *waiter = task_of(object)->waiter;
    if (waiter == NULL) {
        return rt_task_step(object, rt_none);
    }
    struct rt_object *result = rt_future_result(waiter);
    if (result == NULL) {
        return rt_task_step(object, NULL);
    }
    rt_decref(result);
    return rt_task_step(object, rt_none);
}

bool
rt_task_waits_for(const struct rt_object *callback,
                  const struct rt_object *future)
{
    return rt_task_check(callback) &&
           ((const struct rt_task *)callback)->waiter == future;
}

bool
rt_task_cancel(struct rt_object *object, struct rt_object *message)
{
    struct rt_task *task = task_of(object);
    task->future.is_unseen = 0;
    if (rt_future_is_done(object)) {
        return false;
    }
    task->future.cancel_requests++;
    if (task->waiter != NULL && rt_future_cancel(task->waiter, message)) {
        return true;
    }
    task->future.must_cancel = 1;
    rt_task_set_message(object, message);
    return true;
}

int
rt_task_cancelling(const struct rt_object *task)
{
    return ((const struct rt_task *)task)->future.cancel_requests;
}

int
rt_task_uncancel(struct rt_object *object)
{
    struct rt_future *future = &task_of(object)->future;
    if (future->cancel_requests > 0) {
        future->cancel_requests--;
        if (future->cancel_requests == 0 && rt_compat_minor() >= 13) {
            future->must_cancel = 0;
        }
    }
    return future->cancel_requests;
}

int
rt_task_start_eagerly(struct rt_object *object)
{
    struct rt_loop *loop = rt_future_loop(object);
    struct rt_object *before = loop->current_task;
    loop->current_task = NULL;
    int rc = rt_task_step(object, rt_none);
    loop->current_task = before;
    return rc;
}
