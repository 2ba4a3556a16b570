#include "labs/runtime/timeout.h"

#include <math.h>

#include "labs/runtime/compat.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/task.h"

enum timeout_state {
    TIMEOUT_CREATED,
    TIMEOUT_ENTERED,
    TIMEOUT_EXPIRING, // the task is cancelled, and does not know yet
    TIMEOUT_EXPIRED,
    TIMEOUT_EXITED
};

struct timeout {
    struct rt_object head;
    struct rt_object *task;  // ours, once it is entered
    struct rt_object *timer; // ours; NULL: none, or it has come
    double when_s;
    enum timeout_state state;
    int cancelling; // requests that the task had when it entered
};

static struct timeout *
as_timeout(struct rt_object *object)
{
    return (struct timeout *)object;
}

/* As the callback of its timer (_on_timeout). */
static int
timeout_call(struct rt_object *object, struct rt_object *unused)
{
    struct timeout *timeout = as_timeout(object);
    (void)unused;
    rt_future_cancel(timeout->task, NULL);
    timeout->state = TIMEOUT_EXPIRING;
    rt_clear(&timeout->timer);
    return 0;
}

static int
timeout_traverse(struct rt_object *object,
                 int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *task = as_timeout(object)->task;
    return task != NULL ? visit(task, data) : 0;
}

static void
timeout_clear(struct rt_object *object)
{
    rt_clear(&as_timeout(object)->task);
    rt_clear(&as_timeout(object)->timer);
}

static void
timeout_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    timeout_clear(object);
    rt_gc_free(object);
}

static const struct rt_type timeout_type = {
    .name = "Timeout",
    .basicsize = sizeof(struct timeout),
    .dealloc = timeout_dealloc,
    .traverse = timeout_traverse,
    .clear = timeout_clear,
    .call = timeout_call,
};

struct rt_object *
rt_timeout_new_at(double when_s)
{
    struct rt_object *object = rt_gc_new(&timeout_type, 0);
    if (object != NULL) {
        struct timeout *timeout = as_timeout(object);
        *timeout = (struct timeout){.head = timeout->head, .when_s = when_s};
        rt_gc_track(object);
    }
    return object;
}

struct rt_object *
rt_timeout_new(double delay_s)
{
    struct rt_loop *loop = rt_loop_get_running();
    return loop != NULL ? rt_timeout_new_at(rt_loop_time(loop) + delay_s)
                        : NULL;
}

// --- its time --------------------------------------------------------------

/* A timer that has come already runs in the next turn, without the heap. */
static struct rt_object *
start_timer(struct rt_object *object, double when_s)
{
    struct rt_loop *loop = rt_loop_get_running();
    if (loop == NULL) {
        return NULL;
    }
    if (when_s > rt_loop_time(loop)) {
        return rt_loop_call_at(loop, when_s, object, NULL);
    }
    struct rt_object *timer = rt_handle_new(loop, object, NULL);
    if (timer != NULL && rt_loop_call_soon(loop, timer, NULL) != 0) {
        rt_clear(&timer);
    }
    return timer;
}

static void
stop_timer(struct timeout *timeout)
{
    if (timeout->timer != NULL) {
        rt_handle_cancel(timeout->timer);
        rt_clear(&timeout->timer);
    }
}

int
rt_timeout_reschedule(struct rt_object *object, double when_s)
{
    static const char *const NAMES[] = {"created", "active", "expiring",
                                        "expired", "finished"};
    struct timeout *timeout = as_timeout(object);
    if (timeout->state == TIMEOUT_CREATED) {
        return rt_error_set(RT_ERROR_RUNTIME, "Timeout has not been entered");
    }
    if (timeout->state != TIMEOUT_ENTERED) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "Cannot change state of %s Timeout",
                            NAMES[timeout->state]);
    }
    timeout->when_s = when_s;
    stop_timer(timeout);
    if (isinf(when_s)) {
        return 0;
    }
    timeout->timer = start_timer(object, when_s);
    return timeout->timer != NULL ? 0 : -1;
}

double
rt_timeout_when(const struct rt_object *timeout)
{
    return ((const struct timeout *)timeout)->when_s;
}

bool
rt_timeout_expired(const struct rt_object *object)
{
    const struct timeout *timeout = (const struct timeout *)object;
    return timeout->state == TIMEOUT_EXPIRING ||
           timeout->state == TIMEOUT_EXPIRED;
}

// --- beginning and end -----------------------------------------------------

int
rt_timeout_enter(struct rt_object *object)
{
    struct timeout *timeout = as_timeout(object);
    struct rt_loop *loop = rt_loop_running();
    struct rt_object *task = loop != NULL ? rt_task_current(loop) : NULL;
    if (timeout->state != TIMEOUT_CREATED) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "Timeout has already been entered");
    }
    if (task == NULL) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "Timeout should be used inside a task");
    }
    timeout->state = TIMEOUT_ENTERED;
    timeout->task = rt_new_ref(task);
    timeout->cancelling =
        rt_compat_is_before(11, 3) ? 0 : rt_task_cancelling(task);
    return rt_timeout_reschedule(object, timeout->when_s);
}

int
rt_timeout_exit(struct rt_object *object, bool has_failed)
{
    struct timeout *timeout = as_timeout(object);
    stop_timer(timeout);
    if (timeout->state == TIMEOUT_ENTERED) {
        timeout->state = TIMEOUT_EXITED;
    }
    else if (timeout->state == TIMEOUT_EXPIRING) {
        timeout->state = TIMEOUT_EXPIRED;
        if (rt_task_uncancel(timeout->task) <= timeout->cancelling &&
            has_failed && rt_error_occurred() == RT_ERROR_CANCELLED) {
            rt_error_set(RT_ERROR_TIMEOUT, "%s", "");
        }
    }
    return has_failed ? -1 : 0;
}
