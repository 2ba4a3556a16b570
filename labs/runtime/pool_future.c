#include "labs/runtime/pool_future.h"

#include <stddef.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/object.h"
#include "labs/runtime/pool_watch.h"
#include "labs/runtime/thread_condition.h"

struct callback {
    void (*call)(struct rt_object *future, void *data);
    void *data;
    struct callback *next;
};

struct pool_future {
    struct rt_object head;
    struct rt_thread_lock lock; // guards what follows
    struct rt_thread_condition changed;
    enum rt_pool_future_state state;
    struct rt_object *result;    // ours
    struct rt_object *exception; // ours; NULL: the call has not failed
    struct callback *first, **end;
    struct rt_pool_watch *watches; // borrowed, the newest first
};

// --- as an object ----------------------------------------------------------

static void
pool_future_dealloc(struct rt_object *object)
{
    struct pool_future *future = (struct pool_future *)object;
    rt_gc_untrack(object);
    while (future->first != NULL) {
        struct callback *callback = future->first;
        future->first = callback->next;
        rt_free(callback);
    }
    rt_thread_lock_destroy(&future->lock);
    rt_clear(&future->result);
    rt_clear(&future->exception);
    rt_gc_free(object);
}

static int
pool_future_traverse(struct rt_object *object,
                     int (*visit)(struct rt_object *held, void *data),
                     void *data)
{
    struct pool_future *future = (struct pool_future *)object;
    int result = future->result != NULL ? visit(future->result, data) : 0;
    if (result == 0 && future->exception != NULL) {
        result = visit(future->exception, data);
    }
    return result;
}

static void
pool_future_clear(struct rt_object *object)
{
    rt_clear(&((struct pool_future *)object)->result);
    rt_clear(&((struct pool_future *)object)->exception);
}

static const struct rt_type pool_future_type = {
    .name = "Future",
    .basicsize = sizeof(struct pool_future),
    .dealloc = pool_future_dealloc,
    .traverse = pool_future_traverse,
    .clear = pool_future_clear,
};

struct rt_object *
rt_pool_future_new(void)
{
    struct rt_object *object = rt_gc_new(&pool_future_type, 0);
    if (object != NULL) {
        struct pool_future *future = (struct pool_future *)object;
        rt_thread_lock_init(&future->lock, NULL);
        rt_thread_condition_init(&future->changed, &future->lock);
        future->state = RT_POOL_FUTURE_PENDING;
        future->result = NULL;
        future->exception = NULL;
        future->first = NULL;
        future->end = &future->first;
        future->watches = NULL;
        rt_gc_track(object);
    }
    return object;
}

// --- its state -------------------------------------------------------------

static struct pool_future *
lock(struct rt_object *object)
{
    struct pool_future *future = (struct pool_future *)object;
    rt_thread_lock_acquire(&future->lock, RT_NO_TIMEOUT);
    return future;
}

static void
unlock(struct pool_future *future)
{
    rt_thread_lock_release(&future->lock);
}

static bool
is_cancelled(enum rt_pool_future_state state)
{
    return state == RT_POOL_FUTURE_CANCELLED ||
           state == RT_POOL_FUTURE_CANCELLED_AND_NOTIFIED;
}

static bool
is_done(enum rt_pool_future_state state)
{
    return state == RT_POOL_FUTURE_FINISHED || is_cancelled(state);
}

static bool
is_settled(enum rt_pool_future_state state)
{
    return state == RT_POOL_FUTURE_FINISHED ||
           state == RT_POOL_FUTURE_CANCELLED_AND_NOTIFIED;
}

enum rt_pool_future_state
rt_pool_future_state(struct rt_object *object)
{
    struct pool_future *future = lock(object);
    enum rt_pool_future_state state = future->state;
    unlock(future);
    return state;
}

bool
rt_pool_future_is_done(struct rt_object *future)
{
    return is_done(rt_pool_future_state(future));
}

bool
rt_pool_future_is_cancelled(struct rt_object *future)
{
    return is_cancelled(rt_pool_future_state(future));
}

bool
rt_pool_future_is_running(struct rt_object *future)
{
    return rt_pool_future_state(future) == RT_POOL_FUTURE_RUNNING;
}

// --- callbacks -------------------------------------------------------------

static void
call_back(struct rt_object *object,
          void (*call)(struct rt_object *future, void *data), void *data)
{
    call(object, data);
    if (rt_error_occurred() != RT_ERROR_NONE) {
        rt_error_unraisable(object);
    }
}

/* It is done, so nobody adds to the list any more. */
static void
call_all_back(struct rt_object *object)
{
    struct pool_future *future = (struct pool_future *)object;
    struct callback *next = future->first;
    future->first = NULL;
    future->end = &future->first;
    while (next != NULL) {
        struct callback *callback = next;
        next = callback->next;
        call_back(object, callback->call, callback->data);
        rt_free(callback);
    }
}

int
rt_pool_future_add_done_callback(struct rt_object *object,
                                 void (*callback)(struct rt_object *future,
                                                  void *data),
                                 void *data)
{
    struct callback *added = rt_alloc(sizeof(*added));
    if (added == NULL) {
        rt_error_no_memory();
        return -1;
    }
    *added = (struct callback){.call = callback, .data = data};
    struct pool_future *future = lock(object);
    bool done = is_done(future->state);
    if (!done) {
        *future->end = added;
        future->end = &added->next;
    }
    unlock(future);
    if (done) {
        rt_free(added);
        call_back(object, callback, data);
    }
    return 0;
}

// --- watches ---------------------------------------------------------------

bool
rt_pool_future_is_settled(struct rt_object *object)
{
    return is_settled(rt_pool_future_state(object));
}

/* With the lock taken. */
static void
tell_all(const struct pool_future *future)
{
    for (struct rt_pool_watch *watch = future->watches; watch != NULL;
         watch = watch->next) {
        rt_pool_watch_tell(watch, future->exception != NULL);
    }
}

bool
rt_pool_future_watch(struct rt_object *object, struct rt_pool_watch *watch)
{
    struct pool_future *future = lock(object);
    const struct rt_pool_watch *other = future->watches;
    while (other != NULL && other->watcher != watch->watcher) {
        other = other->next;
    }
    if (other == NULL) {
        watch->next = future->watches;
        future->watches = watch;
        if (is_settled(future->state)) {
            rt_pool_watch_tell(watch, future->exception != NULL);
        }
    }
    unlock(future);
    return other == NULL;
}

void
rt_pool_future_unwatch(struct rt_object *object,
                       const struct rt_pool_watch *watch)
{
    struct pool_future *future = lock(object);
    struct rt_pool_watch **link = &future->watches;
    while (*link != watch) {
        link = &(*link)->next;
    }
    *link = watch->next;
    unlock(future);
}

// --- for who waits ---------------------------------------------------------

bool
rt_pool_future_cancel(struct rt_object *object)
{
    struct pool_future *future = lock(object);
    bool pending = future->state == RT_POOL_FUTURE_PENDING;
    if (pending) {
        future->state = RT_POOL_FUTURE_CANCELLED;
        rt_thread_condition_notify_all(&future->changed);
    }
    bool cancelled = is_cancelled(future->state);
    unlock(future);
    if (pending) {
        call_all_back(object);
    }
    return cancelled;
}

static bool
may_go_on(void *data)
{
    return is_done(((struct pool_future *)data)->state);
}

/* Waits until it is finished, with the lock taken: 0, or -1. */
static int
wait_until_finished(struct pool_future *future, int64_t timeout_us)
{
    int done = rt_thread_condition_wait_for(&future->changed, may_go_on,
                                            future, timeout_us);
    if (done < 0) {
        return -1;
    }
    if (done == 0) {
        return rt_error_set(RT_ERROR_TIMEOUT, "%s", "");
    }
    return is_cancelled(future->state)
               ? rt_error_set(RT_ERROR_CANCELLED, "%s", "")
               : 0;
}

int
rt_pool_future_result(struct rt_object *object, int64_t timeout_us,
                      struct rt_object **result)
{
    struct pool_future *future = lock(object);
    int status = wait_until_finished(future, timeout_us);
    if (status == 0 && future->exception != NULL) {
        rt_exception_raise(future->exception);
        status = -1;
    }
    if (status == 0) {
        rt_xincref(future->result);
        *result = future->result;
    }
    unlock(future);
    return status;
}

int
rt_pool_future_exception(struct rt_object *object, int64_t timeout_us,
                         struct rt_object **exception)
{
    struct pool_future *future = lock(object);
    int status = wait_until_finished(future, timeout_us);
    if (status == 0) {
        rt_xincref(future->exception);
        *exception = future->exception;
    }
    unlock(future);
    return status;
}

// --- for who makes the call ------------------------------------------------

int
rt_pool_future_set_running(struct rt_object *object)
{
    struct pool_future *future = lock(object);
    int result = 0;
    if (future->state == RT_POOL_FUTURE_CANCELLED) {
        future->state = RT_POOL_FUTURE_CANCELLED_AND_NOTIFIED;
        tell_all(future);
    }
    else if (future->state == RT_POOL_FUTURE_PENDING) {
        future->state = RT_POOL_FUTURE_RUNNING;
        result = 1;
    }
    else {
        result = rt_error_set(RT_ERROR_RUNTIME, "Future in unexpected state");
    }
    unlock(future);
    return result;
}

static int
finish(struct rt_object *object, struct rt_object *result,
       struct rt_object *exception)
{
    struct pool_future *future = lock(object);
    int status = 0;
    if (is_done(future->state)) {
        status = rt_error_set(RT_ERROR_INVALID_STATE, "%s",
                              is_cancelled(future->state) ? "CANCELLED"
                                                          : "FINISHED");
    }
    else {
        rt_xincref(result);
        future->result = result;
        rt_xincref(exception);
        future->exception = exception;
        future->state = RT_POOL_FUTURE_FINISHED;
        tell_all(future);
        rt_thread_condition_notify_all(&future->changed);
    }
    unlock(future);
    if (status == 0) {
        call_all_back(object);
    }
    return status;
}

int
rt_pool_future_set_result(struct rt_object *future, struct rt_object *result)
{
    return finish(future, result, NULL);
}

int
rt_pool_future_set_exception(struct rt_object *future,
                             struct rt_object *exception)
{
    return finish(future, NULL, exception);
}
