/* Another right solution: a request walks down a chain of waiting tasks in a
 * loop, so that a long one needs no deep stack, and the mark is set on the
 * last one, which accepts for all. Waking always sends the error of the
 * waiter as it is, and the outcome of a send goes through a table. */
#include <stddef.h>

#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"

typedef int outcome(struct rt_task *task, struct rt_object *got);

static struct rt_object *
of(struct rt_task *task)
{
    return &task->future.head;
}

static int
returned(struct rt_task *task, struct rt_object *got)
{
    int status = 0;
    rt_clear(&task->coroutine);
    if (!task->future.must_cancel) {
        status = rt_future_finish(of(task), got, false);
    }
    else {
        task->future.must_cancel = false;
        rt_future_end_cancelled(of(task), rt_task_message(&task->future.head));
    }
    rt_decref(got);
    return status;
}

static int
failed(struct rt_task *task, struct rt_object *got)
{
    (void)got;
    rt_clear(&task->coroutine);
    struct rt_object *exception = rt_exception_catch();
    enum rt_error error = rt_exception_error(exception);
    int status = 0;
    if (error == RT_ERROR_CANCELLED) {
        rt_future_end_cancelled(of(task), exception);
    }
    else if (rt_future_finish(of(task), exception, true) != 0) {
        status = -1;
    }
    else if (rt_error_is_exit(error)) {
        status = -1;
        rt_exception_raise(exception);
    }
    rt_decref(exception);
    return status;
}

static const char *
objection(struct rt_task *task, struct rt_object *got)
{
    if (!rt_future_check(got)) {
        return "Task got bad yield";
    }
    const struct rt_future *future = (struct rt_future *)got;
    return future->loop_number != task->future.loop_number
               ? "Task got Future attached to a different loop"
           : !future->is_blocking
               ? "yield was used instead of yield from in task"
           : got == of(task) ? "Task cannot await on itself"
                             : NULL;
}

static int
yielded(struct rt_task *task, struct rt_object *got)
{
    struct rt_loop *loop = rt_future_loop(&task->future.head);
    if (got == rt_none) {
        return rt_loop_call_soon(loop, of(task), NULL);
    }
    const char *why = objection(task, got);
    if (why != NULL) {
        rt_decref(got);
        rt_error_set(RT_ERROR_RUNTIME, "%s", why);
        struct rt_object *exception = rt_exception_catch();
        int status = rt_loop_call_soon(loop, of(task), exception);
        rt_decref(exception);
        return status;
    }
    ((struct rt_future *)got)->is_blocking = false;
    if (rt_future_add_done_callback(got, of(task)) != 0) {
        rt_decref(got);
        return -1;
    }
    task->waiter = got;
    bool is_marked = task->future.must_cancel;
    if (is_marked &&
        rt_future_cancel(got, rt_task_message(&task->future.head))) {
        task->future.must_cancel = false;
    }
    return 0;
}

static int
run(struct rt_task *task, struct rt_object *value)
{
    static outcome *const OUTCOMES[] = {failed, returned, yielded};
    struct rt_object *got = NULL;
    enum rt_sent how =
        task->coroutine->ob_type->send(task->coroutine, value, &got);
    return OUTCOMES[how - RT_SENT_ERROR](task, got);
}

int
rt_task_step(struct rt_object *object, struct rt_object *value)
{
    struct rt_task *task = (struct rt_task *)object;
    if (task->future.state != RT_FUTURE_PENDING) {
        return rt_error_set(RT_ERROR_INVALID_STATE, "_step(): already done");
    }
    if (task->future.must_cancel) {
        bool is_coming =
            value == NULL && rt_error_occurred() == RT_ERROR_CANCELLED;
        if (!is_coming) {
            rt_future_raise_cancelled(object);
        }
        value = NULL;
        task->future.must_cancel = false;
    }
    rt_clear(&task->waiter);
    struct rt_loop *loop = rt_future_loop(&task->future.head);
    if (loop->current_task != NULL) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "Cannot enter into task while another task is "
                            "being executed.");
    }
    loop->current_task = object;
    int status = run(task, value);
    loop->current_task = NULL;
    return status;
}

int
rt_task_wake(struct rt_object *object)
{
    struct rt_object *waiter = ((struct rt_task *)object)->waiter;
    if (waiter == NULL || rt_future_error(waiter) == RT_ERROR_NONE) {
        return rt_task_step(object, rt_none);
    }
    rt_future_result(waiter);
    return rt_task_step(object, NULL);
}

int
rt_task_start_eagerly(struct rt_object *object)
{
    struct rt_loop *loop = rt_future_loop(object);
    struct rt_object *interrupted = loop->current_task;
    loop->current_task = object;
    int status = run((struct rt_task *)object, rt_none);
    loop->current_task = interrupted;
    return status;
}

bool
rt_task_waits_for(const struct rt_object *callback,
                  const struct rt_object *future)
{
    return rt_task_check(callback) &&
           future == ((const struct rt_task *)callback)->waiter;
}

static void
mark(struct rt_task *task, struct rt_object *message)
{
    task->future.must_cancel = true;
    rt_task_set_message(&task->future.head, message);
}

bool
rt_task_cancel(struct rt_object *object, struct rt_object *message)
{
    struct rt_task *task = (struct rt_task *)object;
    ((struct rt_future *)object)->is_unseen = false;
    if (task->future.state != RT_FUTURE_PENDING) {
        return false;
    }
    for (;;) {
        struct rt_object *next = task->waiter;
        task->future.cancel_requests++;
        if (next == NULL) {
            break;
        }
        if (!rt_task_check(next)) {
            if (rt_future_cancel(next, message)) {
                return true;
            }
            break;
        }
        ((struct rt_future *)next)->is_unseen = false;
        if (rt_future_is_done(next)) {
            break;
        }
        task = (struct rt_task *)next;
    }
    mark(task, message); // the last of the chain, who accepts for all
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
    struct rt_future *future = (struct rt_future *)object;
    int left = future->cancel_requests > 0 ? future->cancel_requests - 1 : 0;
    bool is_last = left == 0 && future->cancel_requests == 1;
    future->cancel_requests = (uint16_t)left;
    if (is_last && rt_compat_minor() >= 13) {
        future->must_cancel = false;
    }
    return left;
}
