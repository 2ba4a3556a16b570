#include "labs/runtime/async_event.h"

#include "labs/runtime/coroutine.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/waiters.h"

struct event {
    struct rt_object head;
    struct rt_waiters waiters;
    bool is_set;
};

static struct event *
as_event(struct rt_object *object)
{
    return (struct event *)object;
}

static int
event_traverse(struct rt_object *object,
               int (*visit)(struct rt_object *held, void *data), void *data)
{
    return rt_waiters_traverse(&as_event(object)->waiters, visit, data);
}

static void
event_clear(struct rt_object *object)
{
    rt_waiters_clear(&as_event(object)->waiters);
}

static void
event_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    event_clear(object);
    rt_gc_free(object);
}

static const struct rt_type event_type = {
    .name = "Event",
    .basicsize = sizeof(struct event),
    .dealloc = event_dealloc,
    .traverse = event_traverse,
    .clear = event_clear,
};

struct rt_object *
rt_async_event_new(void)
{
    struct rt_object *object = rt_gc_new(&event_type, 0);
    if (object != NULL) {
        as_event(object)->waiters = (struct rt_waiters){0};
        as_event(object)->is_set = false;
        rt_gc_track(object);
    }
    return object;
}

int
rt_async_event_set(struct rt_object *object)
{
    struct event *event = as_event(object);
    if (event->is_set) {
        return 0;
    }
    event->is_set = true;
    return rt_waiters_wake_all(&event->waiters);
}

void
rt_async_event_clear(struct rt_object *event)
{
    as_event(event)->is_set = false;
}

bool
rt_async_event_is_set(const struct rt_object *event)
{
    return ((const struct event *)event)->is_set;
}

// --- waiting ---------------------------------------------------------------

struct wait {
    struct rt_coroutine frame;
    struct rt_object *event, *waiter;
};

static enum rt_sent
wait_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct wait *my = (struct wait *)frame;
    struct event *event = as_event(my->event);
    RT_BEGIN;
    if (event->is_set) {
        RT_RETURN(rt_none);
    }
    my->waiter = rt_waiters_add(&event->waiters);
    if (my->waiter == NULL) {
        RT_FAIL;
    }
    rt_incref(my->waiter);
    RT_AWAIT_NEW(my->waiter);
    rt_waiters_remove(&event->waiters, my->waiter);
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

static const struct rt_code wait_code =
    RT_COROUTINE("wait", struct wait, 2, wait_body);

struct rt_object *
rt_async_event_wait(struct rt_object *event)
{
    struct wait *my = rt_coroutine_new(&wait_code);
    if (my == NULL) {
        return NULL;
    }
    my->event = rt_new_ref(event);
    return &my->frame.head;
}
