#include "labs/runtime/async_lock.h"

#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/waiters.h"

struct lock {
    struct rt_object head;
    struct rt_waiters waiters;
    bool is_locked;
};

static struct lock *
as_lock(struct rt_object *object)
{
    return (struct lock *)object;
}

static int
lock_traverse(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    return rt_waiters_traverse(&as_lock(object)->waiters, visit, data);
}

static void
lock_clear(struct rt_object *object)
{
    rt_waiters_clear(&as_lock(object)->waiters);
}

static void
lock_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    lock_clear(object);
    rt_gc_free(object);
}

static const struct rt_type lock_type = {
    .name = "Lock",
    .basicsize = sizeof(struct lock),
    .dealloc = lock_dealloc,
    .traverse = lock_traverse,
    .clear = lock_clear,
};

struct rt_object *
rt_async_lock_new(void)
{
    struct rt_object *object = rt_gc_new(&lock_type, 0);
    if (object != NULL) {
        as_lock(object)->waiters = (struct rt_waiters){0};
        as_lock(object)->is_locked = false;
        rt_gc_track(object);
    }
    return object;
}

// --- taking it -------------------------------------------------------------

bool
rt_async_lock_try(struct rt_object *object)
{
    struct lock *lock = as_lock(object);
    for (size_t i = 0; i < lock->waiters.count; i++) {
        if (!rt_future_is_cancelled(rt_waiters_at(&lock->waiters, i))) {
            return false;
        }
    }
    if (lock->is_locked) {
        return false;
    }
    lock->is_locked = true;
    return true;
}

/* If the first in line is done already, it is on its way: it will take the
 * lock, or, cancelled, wake the next one. */
static int
wake_first(const struct lock *lock)
{
    if (lock->waiters.count == 0 ||
        rt_future_is_done(rt_waiters_at(&lock->waiters, 0))) {
        return 0;
    }
    return rt_waiters_wake(&lock->waiters) != NULL ? 0 : -1;
}

struct acquire {
    struct rt_coroutine frame;
    struct rt_object *lock, *waiter;
};

static enum rt_sent
acquire_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct acquire *my = (struct acquire *)frame;
    struct lock *lock = as_lock(my->lock);
    RT_BEGIN;
    if (rt_async_lock_try(my->lock)) {
        RT_RETURN(rt_none);
    }
    my->waiter = rt_waiters_add(&lock->waiters);
    if (my->waiter == NULL) {
        RT_FAIL;
    }
    rt_incref(my->waiter);
    RT_AWAIT_NEW(my->waiter);
    rt_waiters_remove(&lock->waiters, my->waiter);
    if (sent == NULL) {
        if (rt_error_occurred() == RT_ERROR_CANCELLED && !lock->is_locked) {
            (void)wake_first(lock);
        }
        RT_FAIL;
    }
    lock->is_locked = true;
    RT_END;
}

static const struct rt_code acquire_code =
    RT_COROUTINE("acquire", struct acquire, 2, acquire_body);

struct rt_object *
rt_async_lock_acquire(struct rt_object *lock)
{
    struct acquire *my = rt_coroutine_new(&acquire_code);
    if (my == NULL) {
        return NULL;
    }
    my->lock = rt_new_ref(lock);
    return &my->frame.head;
}

// --- giving it back --------------------------------------------------------

int
rt_async_lock_release(struct rt_object *object)
{
    struct lock *lock = as_lock(object);
    if (!lock->is_locked) {
        return rt_error_set(RT_ERROR_RUNTIME, "Lock is not acquired.");
    }
    lock->is_locked = false;
    return wake_first(lock);
}

bool
rt_async_lock_is_locked(const struct rt_object *lock)
{
    return ((const struct lock *)lock)->is_locked;
}
