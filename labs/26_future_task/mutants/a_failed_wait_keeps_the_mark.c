/* Wrong on purpose: the mark of the await is taken off only when the wait has
 * come about, so that nobody else can await a future for which there was no
 * memory. */
#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"

/* A runtime error is thrown in at the next step. */
static int
complain(struct rt_task *t, const char *text)
{
    struct rt_object *e = rt_exception_new(RT_ERROR_RUNTIME, text);
    if (e == NULL) {
        return -1;
    }
    int rc = rt_loop_call_soon(rt_future_loop(&t->future.head),
                               (struct rt_object *)t, e);
    rt_decref(e);
    return rc;
}

static int
on_return(struct rt_task *t, struct rt_object *r)
{
    rt_clear(&t->coroutine);
    int rc = 0;
    if (t->future.must_cancel) {
        struct rt_object *m = rt_task_message(&t->future.head);
        t->future.must_cancel = 0;
        rt_xincref(m);
        rt_future_end_cancelled((struct rt_object *)t, m);
        rt_xdecref(m);
    }
    else {
        rc = rt_future_finish((struct rt_object *)t, r, false);
    }
    rt_xdecref(r);
    return rc;
}

static int
on_error(struct rt_task *t, struct rt_object *unused)
{
    (void)unused;
    struct rt_object *e = rt_exception_catch();
    enum rt_error k = rt_exception_error(e);
    int rc = 0;
    rt_clear(&t->coroutine);
    if (k == RT_ERROR_CANCELLED) {
        rt_future_end_cancelled((struct rt_object *)t, e);
    }
    else {
        rc = rt_future_finish((struct rt_object *)t, e, true);
    }
    if (rc == 0 && rt_error_is_exit(k)) {
        rt_exception_raise(e);
        rc = -1;
    }
    rt_decref(e);
    return rc;
}

static const char *
what_is_wrong(struct rt_task *t, struct rt_object *r)
{
    if (r == NULL || !rt_future_check(r)) {
        return "Task got bad yield";
    }
    struct rt_future *f = (struct rt_future *)r;
    if (f->loop_number != t->future.loop_number) {
        return "Task got Future attached to a different loop";
    }
    if (!f->is_blocking) {
        return "yield was used instead of yield from in task";
    }
    if (r == (struct rt_object *)t) {
        return "Task cannot await on itself";
    }
    return NULL;
}

static int
on_yield(struct rt_task *t, struct rt_object *r)
{
    int rc;
    const char *s;
    if (r == rt_none) {
        rc = rt_loop_call_soon(rt_future_loop(&t->future.head),
                               (struct rt_object *)t, NULL);
    }
    else if ((s = what_is_wrong(t, r)) != NULL) {
        rc = complain(t, s);
    }
    else if ((rc = rt_future_add_done_callback(r, (struct rt_object *)t)) ==
             0) {
        ((struct rt_future *)r)->is_blocking = 0;
        t->waiter = rt_new_ref(r);
        if (t->future.must_cancel &&
            rt_future_cancel(r, rt_task_message(&t->future.head))) {
            t->future.must_cancel = 0;
        }
    }
    rt_xdecref(r);
    return rc;
}

static int (*const outcomes[])(struct rt_task *, struct rt_object *) = {
    on_error, on_return, on_yield};

int
rt_task_step(struct rt_object *object, struct rt_object *value)
{
    struct rt_task *t = (struct rt_task *)object;
    struct rt_object *r = NULL;
    if (rt_future_is_done(object)) {
        return rt_error_set(RT_ERROR_INVALID_STATE, "_step(): already done");
    }
    if (t->future.must_cancel) {
        t->future.must_cancel = 0;
        if (value != NULL || rt_error_occurred() != RT_ERROR_CANCELLED) {
            rt_future_raise_cancelled(object);
        }
        value = NULL;
    }
    rt_clear(&t->waiter);
    struct rt_loop *loop = rt_future_loop(&t->future.head);
    if (loop->current_task != NULL) {
        return rt_error_set(
            RT_ERROR_RUNTIME,
            "Cannot enter into task while another task is being executed.");
    }
    loop->current_task = object;
    enum rt_sent s = t->coroutine->ob_type->send(t->coroutine, value, &r);
    loop->current_task = NULL;
    return outcomes[s - RT_SENT_ERROR](t, r);
}

int
rt_task_wake(struct rt_object *object)
{
    struct rt_object *w = ((struct rt_task *)object)->waiter, *v = rt_none;
    if (w != NULL && rt_future_error(w) != RT_ERROR_NONE) {
        v = rt_future_result(w);
    }
    return rt_task_step(object, v);
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
    struct rt_task *t = (struct rt_task *)object;
    t->future.is_unseen = 0;
    if (rt_future_is_done(object)) {
        return false;
    }
    t->future.cancel_requests++;
    if (t->waiter == NULL || !rt_future_cancel(t->waiter, message)) {
        rt_task_set_message(object, message);
        t->future.must_cancel = 1;
    }
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
    struct rt_task *t = (struct rt_task *)object;
    if (t->future.cancel_requests > 0 && --t->future.cancel_requests == 0 &&
        rt_compat_minor() >= 13) {
        t->future.must_cancel = 0;
    }
    return t->future.cancel_requests;
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
