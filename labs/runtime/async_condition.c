#include "labs/runtime/async_condition.h"

#include "labs/runtime/async_lock.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/waiters.h"

struct condition {
    struct rt_object head;
    struct rt_object *lock; // ours
    struct rt_waiters waiters;
};

static struct condition *
as_condition(struct rt_object *object)
{
    return (struct condition *)object;
}

static int
condition_traverse(struct rt_object *object,
                   int (*visit)(struct rt_object *held, void *data),
                   void *data)
{
    const struct condition *condition = as_condition(object);
    int result = condition->lock != NULL ? visit(condition->lock, data) : 0;
    return result == 0 ? rt_waiters_traverse(&condition->waiters, visit, data)
                       : result;
}

static void
condition_clear(struct rt_object *object)
{
    rt_clear(&as_condition(object)->lock);
    rt_waiters_clear(&as_condition(object)->waiters);
}

static void
condition_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    condition_clear(object);
    rt_gc_free(object);
}

static const struct rt_type condition_type = {
    .name = "Condition",
    .basicsize = sizeof(struct condition),
    .dealloc = condition_dealloc,
    .traverse = condition_traverse,
    .clear = condition_clear,
};

struct rt_object *
rt_async_condition_new(struct rt_object *lock)
{
    struct rt_object *ours =
        lock != NULL ? rt_new_ref(lock) : rt_async_lock_new();
    struct rt_object *object =
        ours != NULL ? rt_gc_new(&condition_type, 0) : NULL;
    if (object == NULL) {
        rt_xdecref(ours);
        return NULL;
    }
    as_condition(object)->lock = ours;
    as_condition(object)->waiters = (struct rt_waiters){0};
    rt_gc_track(object);
    return object;
}

struct rt_object *
rt_async_condition_lock(const struct rt_object *condition)
{
    return ((const struct condition *)condition)->lock;
}

// --- waking ----------------------------------------------------------------

static int
wake(const struct condition *condition, size_t count)
{
    struct rt_object *woken = NULL;
    do {
        woken = count-- > 0 ? rt_waiters_wake(&condition->waiters) : NULL;
    } while (woken != NULL);
    return rt_error_occurred() == RT_ERROR_NONE ? 0 : -1;
}

int
rt_async_condition_notify(struct rt_object *object, size_t count)
{
    const struct condition *condition = as_condition(object);
    if (!rt_async_lock_is_locked(condition->lock)) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "cannot notify on un-acquired lock");
    }
    return wake(condition, count);
}

// --- waiting ---------------------------------------------------------------

struct wait {
    struct rt_coroutine frame;
    struct rt_object *condition, *waiter;
    struct rt_object *error; // that the waiting has ended with, or NULL
};

/* Gives the lock back and gets in line. */
static int
begin_waiting(struct wait *my)
{
    struct condition *condition = as_condition(my->condition);
    if (!rt_async_lock_is_locked(condition->lock)) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "cannot wait on un-acquired lock");
    }
    my->waiter = rt_waiters_add(&condition->waiters);
    if (my->waiter == NULL) {
        return -1;
    }
    rt_incref(my->waiter);
    return rt_async_lock_release(condition->lock);
}

/* A cancellation comes later, after the lock, and up to 3.12 without what it
 * says. Keeps the pending error; -1 if it is of another kind. */
static int
put_off(struct wait *my)
{
    if (rt_error_occurred() != RT_ERROR_CANCELLED) {
        return -1;
    }
    if (rt_compat_minor() < 13) {
        rt_error_set(RT_ERROR_CANCELLED, "%s", "");
    }
    rt_set_ref(&my->error, rt_exception_catch());
    return 0;
}

static enum rt_sent
wait_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct wait *my = (struct wait *)frame;
    struct condition *condition = as_condition(my->condition);
    RT_BEGIN;
    if (begin_waiting(my) != 0) {
        RT_FAIL;
    }
    RT_AWAIT_NEW(my->waiter);
    rt_waiters_remove(&condition->waiters, my->waiter);
    if (sent == NULL) {
        my->error = rt_exception_catch();
    }
    do {
        RT_AWAIT(rt_async_lock_acquire(condition->lock));
        if (sent == NULL && put_off(my) != 0) {
            RT_FAIL;
        }
    } while (sent == NULL);
    if (my->error == NULL) {
        RT_RETURN(rt_none);
    }
    // It may have been notified, and cannot make use of it: since 3.13 the
    // next one is woken instead.
    if (rt_compat_minor() >= 13) {
        (void)wake(condition, 1);
    }
    rt_exception_raise(my->error);
    RT_FAIL;
    RT_END;
}

static const struct rt_code wait_code =
    RT_COROUTINE("wait", struct wait, 3, wait_body);

struct rt_object *
rt_async_condition_wait(struct rt_object *condition)
{
    struct wait *my = rt_coroutine_new(&wait_code);
    if (my == NULL) {
        return NULL;
    }
    my->condition = rt_new_ref(condition);
    return &my->frame.head;
}
