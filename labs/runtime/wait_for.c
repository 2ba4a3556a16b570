#include "labs/runtime/wait_for.h"

#include <math.h>

#include "labs/runtime/closure.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/timeout.h"

struct wait_for {
    struct rt_coroutine frame;
    struct rt_object *future;   // what is waited for
    struct rt_object *waiter;   // released when it is done, or time is over
    struct rt_object *callback; // that releases it
    struct rt_object *limit;    // a timeout, or a timer
    struct rt_object *error;
    double timeout_s;
};

// --- releasing a waiter ----------------------------------------------------

static int
release(struct rt_object *waiter)
{
    return rt_future_is_done(waiter) ? 0
                                     : rt_future_set_result(waiter, rt_none);
}

static struct rt_static_function releaser = RT_STATIC_FUNCTION(release);

static int
release_self(struct rt_object *waiter, struct rt_object *unused)
{
    (void)unused;
    return release(waiter);
}

/* Makes the waiter, which the end of the future releases. */
static int
watch(struct wait_for *my)
{
    struct rt_loop *loop = rt_loop_get_running();
    my->waiter = loop != NULL ? rt_future_new(loop) : NULL;
    if (my->waiter != NULL) {
        my->callback = rt_closure_new(release_self, my->waiter);
    }
    return my->callback != NULL
               ? rt_future_add_done_callback(my->future, my->callback)
               : -1;
}

// --- cancelling ------------------------------------------------------------

static enum rt_sent
cancel_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct wait_for *my = (struct wait_for *)frame;
    RT_BEGIN;
    if (watch(my) != 0) {
        RT_FAIL;
    }
    rt_future_cancel(my->future, NULL);
    RT_AWAIT(rt_new_ref(my->waiter));
    rt_future_remove_done_callback(my->future, my->callback);
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

static const struct rt_code cancel_code =
    RT_COROUTINE("_cancel_and_wait", struct wait_for, 5, cancel_body);

static struct rt_object *
make(const struct rt_code *code, struct rt_object *future, double timeout_s)
{
    struct wait_for *my = rt_coroutine_new(code);
    if (my == NULL) {
        rt_decref(future);
        return NULL;
    }
    my->future = future;
    my->timeout_s = timeout_s;
    return &my->frame.head;
}

struct rt_object *
rt_cancel_and_wait(struct rt_object *future)
{
    return make(&cancel_code, rt_new_ref(future), 0);
}

/* What the future has come to: RT_SENT_RETURN with the result, or its error,
 * where a cancellation that was ours is a timeout. */
static enum rt_sent
outcome_of(struct rt_object *future, bool is_late, struct rt_object **result)
{
    *result = rt_future_result(future);
    if (*result != NULL) {
        return RT_SENT_RETURN;
    }
    if (is_late && rt_error_occurred() == RT_ERROR_CANCELLED) {
        rt_error_set(RT_ERROR_TIMEOUT, "%s", "");
    }
    return RT_SENT_ERROR;
}

/* A task in the place of a coroutine. */
static int
make_future(struct wait_for *my)
{
    struct rt_loop *loop = rt_loop_get_running();
    if (loop == NULL) {
        return -1;
    }
    my->future = rt_ensure_future(loop, my->future);
    return my->future != NULL ? 0 : -1;
}

// --- no time at all --------------------------------------------------------

static enum rt_sent
at_once_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct wait_for *my = (struct wait_for *)frame;
    RT_BEGIN;
    if (make_future(my) != 0) {
        RT_FAIL;
    }
    if (rt_future_is_done(my->future)) {
        return outcome_of(my->future, false, result);
    }
    RT_AWAIT(rt_cancel_and_wait(my->future));
    if (sent == NULL) {
        RT_FAIL;
    }
    return outcome_of(my->future, true, result);
    RT_END;
}

// --- since 3.12 ------------------------------------------------------------

static enum rt_sent
timeout_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct wait_for *my = (struct wait_for *)frame;
    RT_BEGIN;
    my->limit = rt_timeout_new(my->timeout_s);
    if (my->limit == NULL || rt_timeout_enter(my->limit) != 0) {
        RT_FAIL;
    }
    RT_AWAIT(rt_new_ref(my->future));
    if (rt_timeout_exit(my->limit, sent == NULL) != 0) {
        RT_FAIL;
    }
    RT_RETURN(rt_new_ref(sent));
    RT_END;
}

// --- up to 3.11 ------------------------------------------------------------

static int
begin_waiting(struct wait_for *my)
{
    struct rt_loop *loop = rt_loop_running();
    my->future = rt_ensure_future(loop, my->future);
    if (my->future == NULL || watch(my) != 0) {
        return -1;
    }
    my->limit =
        rt_loop_call_later(loop, my->timeout_s, &releaser.head, my->waiter);
    return my->limit != NULL ? 0 : -1;
}

static enum rt_sent
race_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct wait_for *my = (struct wait_for *)frame;
    RT_BEGIN;
    if (begin_waiting(my) != 0) {
        RT_FAIL;
    }
    RT_AWAIT(rt_new_ref(my->waiter));
    if (rt_future_is_done(my->future)) {
        rt_error_clear(); // even if the caller was cancelled
        rt_handle_cancel(my->limit);
        return outcome_of(my->future, false, result);
    }
    if (sent == NULL) {
        my->error = rt_exception_catch();
    }
    rt_future_remove_done_callback(my->future, my->callback);
    RT_AWAIT(rt_cancel_and_wait(my->future));
    rt_handle_cancel(my->limit);
    if (sent == NULL) {
        RT_FAIL;
    }
    if (my->error != NULL) {
        rt_exception_raise(my->error);
        RT_FAIL;
    }
    return outcome_of(my->future, true, result);
    RT_END;
}

// --- which of them ---------------------------------------------------------

static enum rt_sent
endless_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct wait_for *my = (struct wait_for *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_new_ref(my->future));
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_RETURN(rt_new_ref(sent));
    RT_END;
}

struct rt_object *
rt_wait_for(struct rt_object *awaitable, double timeout_s)
{
    static const struct rt_code AT_ONCE =
        RT_COROUTINE("wait_for", struct wait_for, 5, at_once_body);
    static const struct rt_code TIMEOUT =
        RT_COROUTINE("wait_for", struct wait_for, 5, timeout_body);
    static const struct rt_code RACE =
        RT_COROUTINE("wait_for", struct wait_for, 5, race_body);
    static const struct rt_code ENDLESS =
        RT_COROUTINE("wait_for", struct wait_for, 5, endless_body);
    if (awaitable == NULL) {
        return NULL;
    }
    if (timeout_s <= 0) {
        return make(&AT_ONCE, awaitable, timeout_s);
    }
    if (isinf(timeout_s)) {
        return make(&ENDLESS, awaitable, timeout_s);
    }
    return make(rt_compat_minor() >= 12 ? &TIMEOUT : &RACE, awaitable,
                timeout_s);
}
