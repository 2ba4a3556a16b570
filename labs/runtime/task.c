#include "labs/runtime/task.h"

#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/loop_state.h"

/* What a task does once in its life stays out of its steps: so these are
 * short. */
#define RARE __attribute__((noinline))

static struct rt_task *
as_task(struct rt_object *object)
{
    return (struct rt_task *)object;
}

// --- how a task ends -------------------------------------------------------

static RARE int
end_with_result(struct rt_task *task, struct rt_object *result)
{
    struct rt_future *future = &task->future;
    rt_clear(&task->coroutine);
    if (future->must_cancel) { // it was asked in its last step
        future->must_cancel = false;
        rt_future_end_cancelled(&future->head, rt_task_message(&future->head));
        return 0;
    }
    return rt_future_finish(&future->head, result, false);
}

static RARE int
end_with_error(struct rt_task *task)
{
    struct rt_object *exception = rt_exception_catch();
    enum rt_error error = rt_exception_error(exception);
    int result = 0;
    rt_clear(&task->coroutine);
    if (error == RT_ERROR_CANCELLED) {
        rt_future_end_cancelled(&task->future.head, exception);
    }
    else {
        result = rt_future_finish(&task->future.head, exception, true);
    }
    if (result == 0 && rt_error_is_exit(error)) {
        rt_exception_raise(exception);
        result = -1;
    }
    rt_decref(exception);
    return result;
}

// --- what a task waits for -------------------------------------------------

/* It cannot wait for this, which is stolen: the error that says why is thrown
 * in at the next step. */
static RARE int
refuse(struct rt_task *task, struct rt_object *yielded, const char *why)
{
    rt_decref(yielded);
    rt_error_set(RT_ERROR_RUNTIME, "%s", why);
    struct rt_object *exception = rt_exception_catch();
    int result = rt_loop_call_soon(rt_future_loop(&task->future.head),
                                   &task->future.head, exception);
    rt_decref(exception);
    return result;
}

/* Waits for the future, which is stolen. */
static inline int
wait_for(struct rt_task *task, struct rt_object *awaited)
{
    struct rt_future *future = (struct rt_future *)awaited;
    future->is_blocking = false;
    if (rt_future_add_done_callback(awaited, &task->future.head) != 0) {
        rt_decref(awaited);
        return -1;
    }
    task->waiter = awaited;
    if (task->future.must_cancel &&
        rt_future_cancel(awaited, rt_task_message(&task->future.head))) {
        task->future.must_cancel = false;
    }
    return 0;
}

/* What is wrong with waiting for this; NULL: nothing. */
static const char *
why_not_wait(const struct rt_task *task, const struct rt_object *yielded)
{
    const struct rt_future *future = (const struct rt_future *)yielded;
    if (!rt_future_check(yielded)) {
        return "Task got bad yield";
    }
    if (future->loop_number != task->future.loop_number) {
        return "Task got Future attached to a different loop";
    }
    if (!future->is_blocking) {
        return "yield was used instead of yield from in task";
    }
    return yielded == &task->future.head ? "Task cannot await on itself"
                                         : NULL;
}

/* The coroutine has handed out this, a new reference. */
static inline int
handle_yield(struct rt_task *task, struct rt_object *yielded)
{
    if (yielded == rt_none) { // a bare yield: once around the loop
        return rt_loop_call_soon(rt_future_loop(&task->future.head),
                                 &task->future.head, NULL);
    }
    const char *why = why_not_wait(task, yielded);
    return why == NULL ? wait_for(task, yielded) : refuse(task, yielded, why);
}

// --- steps -----------------------------------------------------------------

static inline int
run(struct rt_task *task, struct rt_object *value)
{
    struct rt_object *result = NULL;
    struct rt_object *coroutine = task->coroutine;
    enum rt_sent how = coroutine->ob_type->send(coroutine, value, &result);
    if (how == RT_SENT_YIELD) {
        return handle_yield(task, result);
    }
    if (how == RT_SENT_ERROR) {
        return end_with_error(task);
    }
    int status = end_with_result(task, result);
    rt_decref(result);
    return status;
}

/* It was asked to end: the error that says so takes the place of any other,
 * unless it is one itself. */
static RARE void
raise_cancelled(struct rt_future *future)
{
    if (rt_error_occurred() != RT_ERROR_CANCELLED) {
        rt_future_raise_cancelled(&future->head);
    }
    future->must_cancel = false;
}

static inline int
step(struct rt_object *object, struct rt_object *value)
{
    struct rt_task *task = as_task(object);
    struct rt_future *future = &task->future;
    struct rt_loop *loop = rt_future_loop(object);
    if (future->state != RT_FUTURE_PENDING) {
        return rt_error_set(RT_ERROR_INVALID_STATE, "_step(): already done");
    }
    if (future->must_cancel) {
        raise_cancelled(future);
        value = NULL;
    }
    rt_clear(&task->waiter);
    if (loop->current_task != NULL) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "Cannot enter into task while another task is "
                            "being executed.");
    }
    loop->current_task = object;
    int result = run(task, value);
    loop->current_task = NULL;
    return result;
}

int
rt_task_step(struct rt_object *object, struct rt_object *value)
{
    return step(object, value);
}

int
rt_task_wake(struct rt_object *object)
{
    const struct rt_future *waiter =
        (const struct rt_future *)as_task(object)->waiter;
    struct rt_object *value = rt_none;
    if (waiter != NULL &&
        (waiter->is_failed || waiter->state == RT_FUTURE_CANCELLED)) {
        value = rt_future_result(as_task(object)->waiter); // raises
    }
    return step(object, value);
}

/* Begins before the call that makes it returns. */
int
rt_task_start_eagerly(struct rt_object *object)
{
    struct rt_task *task = as_task(object);
    struct rt_loop *loop = rt_future_loop(object);
    struct rt_object *outer = loop->current_task;
    loop->current_task = object;
    int result = run(task, rt_none);
    loop->current_task = outer;
    return result;
}

bool
rt_task_waits_for(const struct rt_object *callback,
                  const struct rt_object *future)
{
    return rt_task_check(callback) &&
           ((const struct rt_task *)callback)->waiter == future;
}

// --- cancelling ------------------------------------------------------------

bool
rt_task_cancel(struct rt_object *object, struct rt_object *message)
{
    struct rt_task *task = as_task(object);
    struct rt_future *future = &task->future;
    future->is_unseen = false;
    if (future->state != RT_FUTURE_PENDING) {
        return false;
    }
    future->cancel_requests++;
    // The waiter stays: it may be a task that catches the error and goes on,
    // and then it has to be cancelled once more.
    if (task->waiter != NULL && rt_future_cancel(task->waiter, message)) {
        return true;
    }
    future->must_cancel = true;
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
    struct rt_future *future = &as_task(object)->future;
    if (future->cancel_requests > 0) {
        future->cancel_requests--;
        if (future->cancel_requests == 0 && rt_compat_minor() >= 13) {
            future->must_cancel = false;
        }
    }
    return future->cancel_requests;
}
