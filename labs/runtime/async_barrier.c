#include "labs/runtime/async_barrier.h"

#include "labs/runtime/async_condition.h"
#include "labs/runtime/async_lock.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"

enum barrier_state {
    BARRIER_FILLING,
    BARRIER_DRAINING,
    BARRIER_RESETTING,
    BARRIER_BROKEN
};

struct barrier {
    struct rt_object head;
    struct rt_object *condition; // ours; notified when the state changes
    int64_t parties;
    int64_t count; // tasks inside
    enum barrier_state state;
};

static struct barrier *
as_barrier(struct rt_object *object)
{
    return (struct barrier *)object;
}

static int
barrier_traverse(struct rt_object *object,
                 int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *condition = as_barrier(object)->condition;
    return condition != NULL ? visit(condition, data) : 0;
}

static void
barrier_clear(struct rt_object *object)
{
    rt_clear(&as_barrier(object)->condition);
}

static void
barrier_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    barrier_clear(object);
    rt_gc_free(object);
}

static const struct rt_type barrier_type = {
    .name = "Barrier",
    .basicsize = sizeof(struct barrier),
    .dealloc = barrier_dealloc,
    .traverse = barrier_traverse,
    .clear = barrier_clear,
};

struct rt_object *
rt_async_barrier_new(int64_t parties)
{
    if (parties < 1) {
        rt_error_set(RT_ERROR_VALUE, "parties must be > 0");
        return NULL;
    }
    struct rt_object *condition = rt_async_condition_new(NULL);
    struct rt_object *object =
        condition != NULL ? rt_gc_new(&barrier_type, 0) : NULL;
    if (object == NULL) {
        rt_xdecref(condition);
        return NULL;
    }
    struct barrier *barrier = as_barrier(object);
    *barrier = (struct barrier){
        .head = barrier->head, .condition = condition, .parties = parties};
    rt_gc_track(object);
    return object;
}

int64_t
rt_async_barrier_waiting(const struct rt_object *object)
{
    const struct barrier *barrier = (const struct barrier *)object;
    return barrier->state == BARRIER_FILLING ? barrier->count : 0;
}

bool
rt_async_barrier_is_broken(const struct rt_object *barrier)
{
    return ((const struct barrier *)barrier)->state == BARRIER_BROKEN;
}

// --- waiting ---------------------------------------------------------------

struct visit {
    struct rt_coroutine frame;
    struct rt_object *barrier;
    struct rt_object *error;
    int64_t index;
    bool is_abort;
};

static int
notify_all(const struct barrier *barrier)
{
    return rt_async_condition_notify(barrier->condition, SIZE_MAX);
}

static bool
is_busy(const struct barrier *barrier)
{
    return barrier->state == BARRIER_DRAINING ||
           barrier->state == BARRIER_RESETTING;
}

/* The last one out opens the barrier for the next round. */
static void
leave(struct barrier *barrier)
{
    barrier->count--;
    if (barrier->count == 0) {
        if (is_busy(barrier)) {
            barrier->state = BARRIER_FILLING;
        }
        (void)notify_all(barrier);
    }
}

/* The last of the party has come. */
static int
open_barrier(struct barrier *barrier)
{
    barrier->state = BARRIER_DRAINING;
    return notify_all(barrier);
}

static int
check_broken(const struct barrier *barrier, bool is_inside)
{
    if (barrier->state == BARRIER_BROKEN ||
        (is_inside && barrier->state == BARRIER_RESETTING)) {
        return rt_error_set(RT_ERROR_BROKEN_BARRIER, "%s",
                            is_inside ? "Abort or reset of barrier"
                                      : "Barrier aborted");
    }
    return 0;
}

/* The last of the party goes on at once. */
static enum rt_sent
pass_first(struct visit *my, struct rt_object **result)
{
    struct barrier *barrier = as_barrier(my->barrier);
    int opened = open_barrier(barrier);
    leave(barrier);
    if (opened != 0) {
        return RT_SENT_ERROR;
    }
    *result = rt_int_new(my->index);
    return *result != NULL ? RT_SENT_RETURN : RT_SENT_ERROR;
}

/* The others when it has come, or when they were sent away. */
static enum rt_sent
pass(struct visit *my, struct rt_object **result)
{
    struct barrier *barrier = as_barrier(my->barrier);
    int checked = check_broken(barrier, true);
    leave(barrier);
    if (checked != 0) {
        return RT_SENT_ERROR;
    }
    *result = rt_int_new(my->index);
    return *result != NULL ? RT_SENT_RETURN : RT_SENT_ERROR;
}

/* All between taking the lock and giving it back. */
static enum rt_sent
inside_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct visit *my = (struct visit *)frame;
    struct barrier *barrier = as_barrier(my->barrier);
    RT_BEGIN;
    while (is_busy(barrier)) {
        RT_AWAIT(rt_async_condition_wait(barrier->condition));
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    if (check_broken(barrier, false) != 0) {
        RT_FAIL;
    }
    my->index = barrier->count++;
    if (barrier->count == barrier->parties) {
        return pass_first(my, result);
    }
    while (barrier->state == BARRIER_FILLING) {
        RT_AWAIT(rt_async_condition_wait(barrier->condition));
        if (sent == NULL) {
            leave(barrier);
            RT_FAIL;
        }
    }
    return pass(my, result);
    RT_END;
}

static struct rt_object *
make(const struct rt_code *code, struct rt_object *barrier, bool is_abort)
{
    struct visit *my = rt_coroutine_new(code);
    if (my == NULL) {
        return NULL;
    }
    my->barrier = rt_new_ref(barrier);
    my->is_abort = is_abort;
    return &my->frame.head;
}

/* Whether the lock was given back without an error. */
static int
release(const struct barrier *barrier)
{
    return rt_async_lock_release(rt_async_condition_lock(barrier->condition));
}

static enum rt_sent
wait_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    static const struct rt_code INSIDE =
        RT_COROUTINE("wait", struct visit, 2, inside_body);
    struct visit *my = (struct visit *)frame;
    struct barrier *barrier = as_barrier(my->barrier);
    RT_BEGIN;
    RT_AWAIT(
        rt_async_lock_acquire(rt_async_condition_lock(barrier->condition)));
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_AWAIT(make(&INSIDE, my->barrier, false));
    if (sent == NULL) {
        my->error = rt_exception_catch();
    }
    if (release(barrier) != 0) {
        RT_FAIL;
    }
    if (my->error != NULL) {
        rt_exception_raise(my->error);
        RT_FAIL;
    }
    RT_RETURN(rt_new_ref(sent));
    RT_END;
}

struct rt_object *
rt_async_barrier_wait(struct rt_object *barrier)
{
    static const struct rt_code WAIT =
        RT_COROUTINE("wait", struct visit, 2, wait_body);
    return make(&WAIT, barrier, false);
}

// --- sending them away -----------------------------------------------------

static enum rt_sent
change_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct visit *my = (struct visit *)frame;
    struct barrier *barrier = as_barrier(my->barrier);
    RT_BEGIN;
    RT_AWAIT(
        rt_async_lock_acquire(rt_async_condition_lock(barrier->condition)));
    if (sent == NULL) {
        RT_FAIL;
    }
    if (my->is_abort) {
        barrier->state = BARRIER_BROKEN;
    }
    else {
        barrier->state =
            barrier->count > 0 ? BARRIER_RESETTING : BARRIER_FILLING;
    }
    if (notify_all(barrier) != 0 || release(barrier) != 0) {
        RT_FAIL;
    }
    RT_END;
}

static const struct rt_code change_code =
    RT_COROUTINE("reset", struct visit, 2, change_body);

struct rt_object *
rt_async_barrier_reset(struct rt_object *barrier)
{
    return make(&change_code, barrier, false);
}

struct rt_object *
rt_async_barrier_abort(struct rt_object *barrier)
{
    return make(&change_code, barrier, true);
}
