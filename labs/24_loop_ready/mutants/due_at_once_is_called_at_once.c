/* Wrong on purpose: call_at puts a timer that is due into the queue instead
 * of the heap. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_state.h"

enum {
    MANY_TIMERS = 100, // _MIN_SCHEDULED_TIMER_HANDLES
    FIRST_PLACES = 64
};

static const double CLOCK_RESOLUTION_S = 1e-9;

// --- the queue -------------------------------------------------------------

/* Twice the places. The items keep their numbers. */
static int
grow(struct rt_ready *ready)
{
    struct rt_object **old = ready->items;
    size_t places = old != NULL ? 2 * (ready->mask + 1) : FIRST_PLACES;
    struct rt_object **items = rt_alloc(places * sizeof(*items));
    if (items == NULL) {
        rt_error_no_memory();
        return -1;
    }
    for (size_t i = ready->first; old != NULL && i != ready->end; i++) {
        items[i & (places - 1)] = old[i & ready->mask];
    }
    rt_free(old);
    ready->items = items;
    ready->mask = places - 1;
    return 0;
}

int
rt_ready_push(struct rt_ready *ready, struct rt_object *item)
{
    if ((ready->items == NULL || ready->end - ready->first > ready->mask) &&
        grow(ready) != 0) {
        rt_decref(item);
        return -1;
    }
    ready->items[ready->end++ & ready->mask] = item;
    return 0;
}

/* A handle that somebody keeps must not keep its callback. */
void
rt_ready_clear(struct rt_ready *ready)
{
    while (ready->first != ready->end) {
        struct rt_object *item = ready->items[ready->first++ & ready->mask];
        if (rt_handle_check(item)) {
            rt_handle_cancel(item);
        }
        rt_decref(item);
    }
    rt_free(ready->items);
    *ready = (struct rt_ready){0};
}

// --- asking for a call -----------------------------------------------------

static int
check_open(const struct rt_loop *loop)
{
    return loop->is_closed
               ? rt_error_set(RT_ERROR_RUNTIME, "Event loop is closed")
               : 0;
}

int
rt_loop_call_soon(struct rt_loop *loop, struct rt_object *callback,
                  struct rt_object *argument)
{
    if (check_open(loop) != 0) {
        return -1;
    }
    if (argument == NULL) {
        return rt_ready_push(&loop->ready, rt_new_ref(callback));
    }
    struct rt_object *handle = rt_handle_new(loop, callback, argument);
    return handle != NULL ? rt_ready_push(&loop->ready, handle) : -1;
}

struct rt_object *
rt_loop_call_at(struct rt_loop *loop, double when_s,
                struct rt_object *callback, struct rt_object *argument)
{
    if (check_open(loop) != 0) {
        return NULL;
    }
    struct rt_object *timer = rt_handle_new(loop, callback, argument);
    if (timer != NULL && when_s <= rt_loop_time(loop) && loop->ready.first > 0) {
        (void)rt_ready_push(&loop->ready, rt_new_ref(timer));
        return timer;
    }
    if (timer != NULL &&
        rt_timer_heap_push(&loop->timers, when_s, timer) == 0) {
        ((struct rt_handle *)timer)->when_s = when_s;
        ((struct rt_handle *)timer)->is_scheduled = true;
        return timer;
    }
    rt_xdecref(timer);
    return NULL;
}

struct rt_object *
rt_loop_call_later(struct rt_loop *loop, double delay_s,
                   struct rt_object *callback, struct rt_object *argument)
{
    return rt_loop_call_at(loop, rt_loop_time(loop) + delay_s, callback,
                           argument);
}

// --- one turn --------------------------------------------------------------

static bool
is_not_cancelled(const struct rt_object *timer)
{
    return !rt_handle_is_cancelled(timer);
}

static struct rt_object *
pop_timer(struct rt_loop *loop)
{
    struct rt_object *timer = rt_timer_heap_pop(&loop->timers);
    ((struct rt_handle *)timer)->is_scheduled = false;
    return timer;
}

static void
forget_cancelled_timers(struct rt_loop *loop)
{
    struct rt_timer_heap *heap = &loop->timers;
    if (heap->count > MANY_TIMERS &&
        2 * loop->cancelled_timers > heap->count) {
        rt_timer_heap_filter(heap, is_not_cancelled);
        loop->cancelled_timers = 0;
        return;
    }
    while (heap->count > 0 && rt_handle_is_cancelled(heap->timers[0].object)) {
        loop->cancelled_timers--;
        rt_decref(pop_timer(loop));
    }
}

/* How long there is nothing to do; negative: nobody knows. */
static double
idle_s(const struct rt_loop *loop)
{
    if (loop->ready.first != loop->ready.end || loop->is_stopping) {
        return 0;
    }
    if (loop->timers.count == 0) {
        return -1;
    }
    double idle = loop->timers.timers[0].when_s - rt_loop_time(loop);
    return idle > 0 ? idle : 0;
}

static int
take_due_timers(struct rt_loop *loop)
{
    const struct rt_timer_heap *heap = &loop->timers;
    if (heap->count == 0) {
        return 0;
    }
    double end_s = rt_loop_time(loop) + CLOCK_RESOLUTION_S;
    while (heap->count > 0 && heap->timers[0].when_s < end_s) {
        if (rt_ready_push(&loop->ready, pop_timer(loop)) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
call_ready(struct rt_loop *loop)
{
    struct rt_ready *ready = &loop->ready;
    for (size_t todo = ready->end - ready->first; todo > 0; todo--) {
        struct rt_object *item = ready->items[ready->first++ & ready->mask];
        int result = item->ob_type->call(item, NULL);
        if (result != 0) {
            result = rt_loop_report(loop, "Exception in callback", item);
        }
        rt_decref(item);
        if (result != 0) {
            return -1;
        }
    }
    return 0;
}

int
rt_loop_turn(struct rt_loop *loop)
{
    loop->turns++;
    forget_cancelled_timers(loop);
    if (rt_loop_wait(loop, idle_s(loop)) != 0 || take_due_timers(loop) != 0) {
        return -1;
    }
    return call_ready(loop);
}
