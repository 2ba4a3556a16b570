#include "labs/runtime/future.h"

#include "labs/runtime/compat.h"
#include "labs/runtime/context.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"

/* What few of many calls need stays out of the functions that all of them
 * need: so these are short. */
#define RARE __attribute__((noinline))

static struct rt_future *
as_future(struct rt_object *object)
{
    return (struct rt_future *)object;
}

// --- what it is ------------------------------------------------------------

struct rt_loop *
rt_future_loop(const struct rt_object *future)
{
    return rt_loops[((const struct rt_future *)future)->loop_number];
}

bool
rt_future_is_done(const struct rt_object *future)
{
    return ((const struct rt_future *)future)->state != RT_FUTURE_PENDING;
}

bool
rt_future_is_cancelled(const struct rt_object *future)
{
    return ((const struct rt_future *)future)->state == RT_FUTURE_CANCELLED;
}

enum rt_error
rt_future_error(const struct rt_object *object)
{
    const struct rt_future *future = (const struct rt_future *)object;
    if (future->state == RT_FUTURE_CANCELLED) {
        return RT_ERROR_CANCELLED;
    }
    return future->is_failed ? rt_exception_error(future->value)
                             : RT_ERROR_NONE;
}

void
rt_future_raise_cancelled(struct rt_object *future)
{
    struct rt_object *why = rt_future_is_cancelled(future)
                                ? as_future(future)->value
                                : rt_task_message(future);
    if (why == NULL) {
        rt_error_set(RT_ERROR_CANCELLED, "%s", "");
    }
    else if (rt_exception_check(why)) {
        rt_exception_raise(why);
        rt_clear(&as_future(future)->value);
    }
    else {
        rt_error_set(RT_ERROR_CANCELLED, "%s", rt_str_text(why));
    }
}

/* Whether there is a result or an exception; else there is a pending error. */
static bool
check_finished(struct rt_object *future, const char *what)
{
    if (as_future(future)->state == RT_FUTURE_CANCELLED) {
        rt_future_raise_cancelled(future);
        return false;
    }
    if (as_future(future)->state == RT_FUTURE_PENDING) {
        rt_error_set(RT_ERROR_INVALID_STATE, "%s", what);
        return false;
    }
    return true;
}

/* Why there is no result. */
static RARE struct rt_object *
raise_why(struct rt_object *future)
{
    if (!check_finished(future, "Result is not ready.")) {
        return NULL;
    }
    as_future(future)->is_unseen = false;
    return rt_exception_raise(as_future(future)->value);
}

struct rt_object *
rt_future_result(struct rt_object *object)
{
    const struct rt_future *future = as_future(object);
    return future->state == RT_FUTURE_FINISHED && !future->is_failed
               ? rt_new_ref(future->value)
               : raise_why(object);
}

struct rt_object *
rt_future_exception(struct rt_object *object)
{
    struct rt_future *future = as_future(object);
    if (!check_finished(object, "Exception is not set.")) {
        return NULL;
    }
    future->is_unseen = false;
    return future->is_failed ? rt_new_ref(future->value) : NULL;
}

// --- callbacks -------------------------------------------------------------

/* Too early, but better than never: whoever waits would wait for ever. */
static int
call_now(struct rt_object *future, struct rt_object *callback)
{
    return callback->ob_type->call(callback, future) == 0
               ? 0
               : rt_loop_report(rt_future_loop(future),
                                "Exception in callback", callback);
}

/* With a handle that carries the argument; without memory for one, now. */
static RARE int
call_with_handle(struct rt_object *future, struct rt_object *callback)
{
    if (rt_loop_call_soon(rt_future_loop(future), callback, future) == 0) {
        return 0;
    }
    if (rt_error_occurred() != RT_ERROR_MEMORY) {
        return -1;
    }
    rt_error_clear();
    return call_now(future, callback);
}

/* In the next turn. callback is stolen. A task that waits knows for what, so
 * it needs no handle. */
static int
call_soon(struct rt_object *future, struct rt_object *callback)
{
    struct rt_loop *loop = rt_future_loop(future);
    if (rt_task_waits_for(callback, future) && !loop->is_closed) {
        return rt_ready_push(&loop->ready, callback);
    }
    int result = call_with_handle(future, callback);
    rt_decref(callback);
    return result;
}

static RARE int
schedule_several(struct rt_object *future, struct rt_callbacks callbacks)
{
    size_t count = rt_callbacks_count(&callbacks);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = call_soon(future, rt_new_ref(rt_callbacks_at(&callbacks, i)));
    }
    rt_callbacks_clear(&callbacks);
    return result;
}

/* The future is done, and its callbacks are not its own any more. */
static int
schedule(struct rt_object *future, struct rt_callbacks callbacks)
{
    if (callbacks.held == NULL) {
        return 0;
    }
    return rt_callbacks_have_list(&callbacks)
               ? schedule_several(future, callbacks)
               : call_soon(future, callbacks.held);
}

/* Pending or not. list: NULL if none is needed. */
static int
add(struct rt_object *future, struct rt_object *callback,
    struct rt_object *list)
{
    return rt_future_is_done(future)
               ? call_soon(future, rt_new_ref(callback))
               : rt_callbacks_add(&as_future(future)->callbacks, callback,
                                  list);
}

/* A collection may run when the list is made, and whatever code it runs may
 * end the future. */
static int
add_to_several(struct rt_object *future, struct rt_object *callback)
{
    struct rt_object *list = rt_list_new();
    int result = list != NULL ? add(future, callback, list) : -1;
    rt_xdecref(list);
    return result;
}

/* The same when it is bound. */
static RARE int
add_with_memory(struct rt_object *future, struct rt_object *callback)
{
    struct rt_object *bound = rt_callbacks_need_context(callback)
                                  ? rt_context_bind(callback)
                                  : rt_new_ref(callback);
    if (bound == NULL) {
        return -1;
    }
    int result = !rt_future_is_done(future) &&
                         rt_callbacks_need_list(&as_future(future)->callbacks)
                     ? add_to_several(future, bound)
                     : add(future, bound, NULL);
    rt_decref(bound);
    return result;
}

int
rt_future_add_done_callback(struct rt_object *future,
                            struct rt_object *callback)
{
    struct rt_callbacks *callbacks = &as_future(future)->callbacks;
    if (rt_future_is_done(future)) {
        return call_soon(future, rt_new_ref(callback));
    }
    return callbacks->held != NULL || rt_callbacks_need_context(callback)
               ? add_with_memory(future, callback)
               : rt_callbacks_add(callbacks, callback, NULL);
}

size_t
rt_future_remove_done_callback(struct rt_object *future,
                               const struct rt_object *callback)
{
    return rt_future_is_done(future)
               ? 0
               : rt_callbacks_remove(&as_future(future)->callbacks, callback);
}

// --- its end ---------------------------------------------------------------

int
rt_future_finish(struct rt_object *object, struct rt_object *value,
                 bool is_failed)
{
    struct rt_future *future = as_future(object);
    struct rt_callbacks callbacks = future->callbacks;
    future->state = RT_FUTURE_FINISHED;
    future->is_failed = future->is_unseen = is_failed;
    future->value = rt_new_ref(value);
    return schedule(object, callbacks);
}

/* Whether it may be finished from outside; else there is a pending error. */
static bool
check_pending(const struct rt_object *future, const char *what)
{
    if (rt_task_check(future)) {
        rt_error_set(RT_ERROR_RUNTIME, "Task does not support %s operation",
                     what);
        return false;
    }
    if (rt_future_is_done(future)) {
        rt_error_set(RT_ERROR_INVALID_STATE, "invalid state");
        return false;
    }
    return true;
}

int
rt_future_set_result(struct rt_object *future, struct rt_object *result)
{
    return check_pending(future, "set_result")
               ? rt_future_finish(future, result, false)
               : -1;
}

/* Raised by an await it would end the coroutine with a result. */
static RARE int
finish_with_stop_iteration(struct rt_object *future)
{
    static const char WHY[] = "StopIteration interacts badly with generators "
                              "and cannot be raised into a Future";
    if (rt_compat_is_before(12, 6)) {
        return rt_error_set(RT_ERROR_TYPE, "%s", WHY);
    }
    struct rt_object *error = rt_exception_new(RT_ERROR_RUNTIME, WHY);
    int result = error != NULL ? rt_future_finish(future, error, true) : -1;
    rt_xdecref(error);
    return result;
}

int
rt_future_set_exception(struct rt_object *future, struct rt_object *exception)
{
    if (!check_pending(future, "set_exception")) {
        return -1;
    }
    if (rt_exception_error(exception) == RT_ERROR_STOP_ITERATION) {
        return finish_with_stop_iteration(future);
    }
    return rt_future_finish(future, exception, true);
}

bool
rt_future_end_cancelled(struct rt_object *object, struct rt_object *why)
{
    struct rt_future *future = as_future(object);
    if (future->state != RT_FUTURE_PENDING) {
        future->is_unseen = false;
        return false;
    }
    struct rt_callbacks callbacks = future->callbacks;
    future->state = RT_FUTURE_CANCELLED;
    rt_xincref(why);
    future->value = why;
    if (schedule(object, callbacks) != 0) {
        rt_error_unraisable(object); // it is cancelled all the same
    }
    return true;
}

bool
rt_future_cancel(struct rt_object *future, struct rt_object *message)
{
    const struct rt_future_type *type =
        (const struct rt_future_type *)future->ob_type; // its first member
    return type->cancel(future, message);
}
