/* Another right solution: one long function with a switch over what the send
 * has said. The task adds itself as a callback last, and takes back what it
 * has done if that fails; an error on its way to the next step is an exception
 * from the beginning and never the pending error. */
#include <stddef.h>

#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"

static int
complain(struct rt_object *object, const char *text)
{
    struct rt_object *exception = rt_exception_new(RT_ERROR_RUNTIME, text);
    if (exception == NULL) {
        exception = rt_exception_catch(); // no memory, then
    }
    int status = rt_loop_call_soon(rt_future_loop(object), object,
                                   exception);
    rt_decref(exception);
    return status;
}

static int
wait(struct rt_object *object, struct rt_object *awaited)
{
    struct rt_task *task = (struct rt_task *)object;
    struct rt_future *future = (struct rt_future *)awaited;
    if (future->loop_number != task->future.loop_number) {
        return complain(object,
                        "Task got Future attached to a different loop");
    }
    if (!future->is_blocking) {
        return complain(object,
                        "yield was used instead of yield from in task");
    }
    if (awaited == object) {
        return complain(object, "Task cannot await on itself");
    }
    task->waiter = rt_new_ref(awaited);
    future->is_blocking = 0;
    if (rt_future_add_done_callback(awaited, object) != 0) {
        rt_clear(&task->waiter);
        return -1;
    }
    if (task->future.must_cancel) {
        task->future.must_cancel =
            !rt_future_cancel(awaited, rt_task_message(&task->future.head));
    }
    return 0;
}

static int
fail(struct rt_object *object)
{
    enum rt_error error = rt_error_occurred();
    struct rt_object *exception = rt_exception_catch();
    int status = 0;
    if (error == RT_ERROR_CANCELLED) {
        rt_future_end_cancelled(object, exception);
    }
    else {
        status = rt_future_finish(object, exception, true);
        if (status == 0 && rt_error_is_exit(error)) {
            rt_exception_raise(exception);
            status = -1;
        }
    }
    rt_decref(exception);
    return status;
}

static int
advance(struct rt_object *object, struct rt_object *value)
{
    struct rt_task *task = (struct rt_task *)object;
    struct rt_object *got = NULL;
    int status = 0;
    switch (task->coroutine->ob_type->send(task->coroutine, value, &got)) {
    case RT_SENT_RETURN:
        rt_clear(&task->coroutine);
        if (task->future.must_cancel) {
            rt_future_end_cancelled(object,
                                    rt_task_message(&task->future.head));
            task->future.must_cancel = 0;
        }
        else {
            status = rt_future_finish(object, got, false);
        }
        break;
    case RT_SENT_YIELD:
        if (got == rt_none) {
            status = rt_loop_call_soon(rt_future_loop(&task->future.head),
                                       object, NULL);
        }
        else if (rt_future_check(got)) {
            status = wait(object, got);
        }
        else {
            status = complain(object, "Task got bad yield");
        }
        break;
    case RT_SENT_ERROR:
    case RT_SENT_AWAIT:
        rt_clear(&task->coroutine);
        return fail(object);
    }
    rt_decref(got);
    return status;
}

/* As the current task; whoever was it before is it again. */
static int
advance_as_current(struct rt_object *object, struct rt_object *value)
{
    struct rt_loop *loop = rt_future_loop(object);
    struct rt_object *before = loop->current_task;
    loop->current_task = object;
    int status = advance(object, value);
    loop->current_task = before;
    return status;
}

int
rt_task_step(struct rt_object *object, struct rt_object *value)
{
    struct rt_task *task = (struct rt_task *)object;
    if (rt_future_is_done(object)) {
        return rt_error_set(RT_ERROR_INVALID_STATE, "_step(): already done");
    }
    bool is_marked = task->future.must_cancel;
    task->future.must_cancel = 0;
    rt_clear(&task->waiter);
    if (is_marked &&
        (value != NULL || rt_error_occurred() != RT_ERROR_CANCELLED)) {
        value = NULL;
        rt_future_raise_cancelled(object);
    }
    if (rt_future_loop(&task->future.head)->current_task != NULL) {
        return rt_error_set(RT_ERROR_RUNTIME, "Cannot enter into task while "
                                              "another task is being "
                                              "executed.");
    }
    return advance_as_current(object, value);
}

int
rt_task_wake(struct rt_object *object)
{
    struct rt_object *waiter = ((struct rt_task *)object)->waiter;
    if (waiter == NULL) {
        return rt_task_step(object, rt_none);
    }
    struct rt_object *result = rt_future_result(waiter);
    int status = rt_task_step(object, result != NULL ? rt_none : NULL);
    rt_xdecref(result);
    return status;
}

int
rt_task_start_eagerly(struct rt_object *object)
{
    return advance_as_current(object, rt_none);
}

bool
rt_task_waits_for(const struct rt_object *callback,
                  const struct rt_object *future)
{
    if (!rt_task_check(callback)) {
        return false;
    }
    return future == ((const struct rt_task *)callback)->waiter;
}

bool
rt_task_cancel(struct rt_object *object, struct rt_object *message)
{
    struct rt_task *task = (struct rt_task *)object;
    task->future.is_unseen = 0;
    if (rt_future_is_done(object)) {
        return false;
    }
    task->future.cancel_requests++;
    if (task->waiter == NULL || !rt_future_cancel(task->waiter, message)) {
        task->future.must_cancel = 1;
        rt_task_set_message(object, message);
    }
    return true;
}

int
rt_task_cancelling(const struct rt_object *task)
{
    return ((const struct rt_future *)task)->cancel_requests;
}

int
rt_task_uncancel(struct rt_object *object)
{
    struct rt_future *future = (struct rt_future *)object;
    if (future->cancel_requests == 0) {
        return 0;
    }
    if (--future->cancel_requests == 0 && rt_compat_minor() > 12) {
        future->must_cancel = 0;
    }
    return future->cancel_requests;
}
