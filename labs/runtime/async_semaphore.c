#include "labs/runtime/async_semaphore.h"

#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/waiters.h"

struct semaphore {
    struct rt_object head;
    struct rt_waiters waiters;
    int64_t value;
    int64_t bound; // INT64_MAX: none
};

static struct semaphore *
as_semaphore(struct rt_object *object)
{
    return (struct semaphore *)object;
}

static int
semaphore_traverse(struct rt_object *object,
                   int (*visit)(struct rt_object *held, void *data),
                   void *data)
{
    return rt_waiters_traverse(&as_semaphore(object)->waiters, visit, data);
}

static void
semaphore_clear(struct rt_object *object)
{
    rt_waiters_clear(&as_semaphore(object)->waiters);
}

static void
semaphore_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    semaphore_clear(object);
    rt_gc_free(object);
}

static const struct rt_type semaphore_type = {
    .name = "Semaphore",
    .basicsize = sizeof(struct semaphore),
    .dealloc = semaphore_dealloc,
    .traverse = semaphore_traverse,
    .clear = semaphore_clear,
};

struct rt_object *
rt_async_semaphore_new(int64_t value, bool is_bounded)
{
    if (value < 0) {
        rt_error_set(RT_ERROR_VALUE, "Semaphore initial value must be >= 0");
        return NULL;
    }
    struct rt_object *object = rt_gc_new(&semaphore_type, 0);
    if (object != NULL) {
        struct semaphore *semaphore = as_semaphore(object);
        semaphore->waiters = (struct rt_waiters){0};
        semaphore->value = value;
        semaphore->bound = is_bounded ? value : INT64_MAX;
        rt_gc_track(object);
    }
    return object;
}

// --- taking ----------------------------------------------------------------

bool
rt_async_semaphore_is_locked(const struct rt_object *object)
{
    const struct semaphore *semaphore = (const struct semaphore *)object;
    for (size_t i = 0; i < semaphore->waiters.count; i++) {
        if (!rt_future_is_cancelled(rt_waiters_at(&semaphore->waiters, i))) {
            return true;
        }
    }
    return semaphore->value == 0;
}

bool
rt_async_semaphore_try(struct rt_object *semaphore)
{
    if (rt_async_semaphore_is_locked(semaphore)) {
        return false;
    }
    as_semaphore(semaphore)->value--;
    return true;
}

/* Hands a unit to the first who waits; whether there was one. */
static bool
wake_next(struct semaphore *semaphore)
{
    if (rt_waiters_wake(&semaphore->waiters) == NULL) {
        return false;
    }
    semaphore->value--;
    return true;
}

struct acquire {
    struct rt_coroutine frame;
    struct rt_object *semaphore, *waiter;
};

/* Up to 3.12. Whoever has a unit and was cancelled gives it away; whoever got
 * one wakes the next if there are more. */
static void
settle(struct semaphore *semaphore, const struct acquire *my, bool has_failed)
{
    if (!has_failed) {
        if (semaphore->value > 0) {
            (void)wake_next(semaphore);
        }
    }
    else if (rt_error_occurred() == RT_ERROR_CANCELLED &&
             !rt_future_is_cancelled(my->waiter)) {
        semaphore->value++;
        (void)wake_next(semaphore);
    }
}

/* From 3.13 on all that is there is given away. */
static void
settle_all(struct semaphore *semaphore, const struct acquire *my,
           bool has_failed)
{
    if (has_failed && rt_error_occurred() == RT_ERROR_CANCELLED &&
        rt_future_is_done(my->waiter) && !rt_future_is_cancelled(my->waiter)) {
        semaphore->value++;
    }
    while (semaphore->value > 0 && wake_next(semaphore)) {
    }
}

static enum rt_sent
acquire_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct acquire *my = (struct acquire *)frame;
    struct semaphore *semaphore = as_semaphore(my->semaphore);
    RT_BEGIN;
    if (rt_async_semaphore_try(my->semaphore)) {
        RT_RETURN(rt_none);
    }
    my->waiter = rt_waiters_add(&semaphore->waiters);
    if (my->waiter == NULL) {
        RT_FAIL;
    }
    rt_incref(my->waiter);
    RT_AWAIT_NEW(my->waiter);
    rt_waiters_remove(&semaphore->waiters, my->waiter);
    if (rt_compat_minor() >= 13) {
        settle_all(semaphore, my, sent == NULL);
    }
    else {
        settle(semaphore, my, sent == NULL);
    }
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

static const struct rt_code acquire_code =
    RT_COROUTINE("acquire", struct acquire, 2, acquire_body);

struct rt_object *
rt_async_semaphore_acquire(struct rt_object *semaphore)
{
    struct acquire *my = rt_coroutine_new(&acquire_code);
    if (my == NULL) {
        return NULL;
    }
    my->semaphore = rt_new_ref(semaphore);
    return &my->frame.head;
}

// --- giving back -----------------------------------------------------------

int
rt_async_semaphore_release(struct rt_object *object)
{
    struct semaphore *semaphore = as_semaphore(object);
    if (semaphore->value >= semaphore->bound) {
        return rt_error_set(RT_ERROR_VALUE,
                            "BoundedSemaphore released too many times");
    }
    semaphore->value++;
    (void)wake_next(semaphore);
    return 0;
}
