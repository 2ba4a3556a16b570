/* Wrong on purpose: a due timer for which there is no place is forgotten,
 * and nobody hears of it. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_state.h"

static size_t
length(const struct rt_ready *ready)
{
    return ready->end - ready->first;
}

static int
grow(struct rt_ready *ready)
{
    size_t room = ready->items == NULL ? 0 : ready->mask + 1;
    size_t more = room == 0 ? 8 : room * 2;
    struct rt_object **items = rt_alloc(more * sizeof(*items));
    if (items == NULL) {
        return -1;
    }
    size_t count = length(ready);
    for (size_t i = 0; i < count; i++) {
        items[i] = ready->items[(ready->first + i) & ready->mask];
    }
    rt_free(ready->items);
    ready->items = items;
    ready->mask = more - 1;
    ready->first = 0;
    ready->end = count;
    return 0;
}

int
rt_ready_push(struct rt_ready *ready, struct rt_object *item)
{
    if (ready->items == NULL || length(ready) > ready->mask) {
        if (grow(ready) < 0) {
            rt_decref(item);
            rt_error_no_memory();
            return -1;
        }
    }
    ready->items[ready->end & ready->mask] = item;
    ready->end++;
    return 0;
}

static struct rt_object *
take_oldest(struct rt_ready *ready)
{
    struct rt_object *item = ready->items[ready->first & ready->mask];
    ready->first++;
    return item;
}

void
rt_ready_clear(struct rt_ready *ready)
{
    while (length(ready) > 0) {
        struct rt_object *item = take_oldest(ready);
        if (rt_handle_check(item)) {
            rt_handle_cancel(item);
        }
        rt_decref(item);
    }
    rt_free(ready->items);
    *ready = (struct rt_ready){0};
}

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
    if (check_open(loop) < 0) {
        return -1;
    }
    struct rt_object *item = argument == NULL
                                 ? rt_new_ref(callback)
                                 : rt_handle_new(loop, callback, argument);
    if (item == NULL) {
        return -1;
    }
    return rt_ready_push(&loop->ready, item);
}

struct rt_object *
rt_loop_call_at(struct rt_loop *loop, double when_s,
                struct rt_object *callback, struct rt_object *argument)
{
    if (check_open(loop) < 0) {
        return NULL;
    }
    struct rt_object *handle = rt_handle_new(loop, callback, argument);
    if (handle == NULL) {
        return NULL;
    }
    if (rt_timer_heap_push(&loop->timers, when_s, handle) < 0) {
        rt_decref(handle);
        return NULL;
    }
    ((struct rt_handle *)handle)->when_s = when_s;
    ((struct rt_handle *)handle)->is_scheduled = true;
    return handle;
}

struct rt_object *
rt_loop_call_later(struct rt_loop *loop, double delay_s,
                   struct rt_object *callback, struct rt_object *argument)
{
    return rt_loop_call_at(loop, rt_loop_time(loop) + delay_s, callback,
                           argument);
}

static bool
is_wanted(const struct rt_object *object)
{
    struct rt_handle *handle = (struct rt_handle *)object;
    if (handle->is_cancelled) {
        handle->is_scheduled = false;
    }
    return !handle->is_cancelled;
}

static struct rt_object *
pop_timer(struct rt_loop *loop)
{
    struct rt_object *object = rt_timer_heap_pop(&loop->timers);
    struct rt_handle *handle = (struct rt_handle *)object;
    handle->is_scheduled = false;
    if (handle->is_cancelled) {
        loop->cancelled_timers--;
    }
    return object;
}

static void
forget(struct rt_loop *loop)
{
    struct rt_timer_heap *heap = &loop->timers;
    if (heap->count > 100 && loop->cancelled_timers * 2 > heap->count) {
        rt_timer_heap_filter(heap, is_wanted);
        loop->cancelled_timers = 0;
        return;
    }
    while (heap->count > 0 && rt_handle_is_cancelled(heap->timers[0].object)) {
        rt_decref(pop_timer(loop));
    }
}

static double
timeout(const struct rt_loop *loop)
{
    if (length(&loop->ready) > 0 || loop->is_stopping) {
        return 0.0;
    }
    if (loop->timers.count == 0) {
        return -1.0;
    }
    double left = loop->timers.timers[0].when_s - rt_loop_time(loop);
    return left > 0.0 ? left : 0.0;
}

static int
collect_due(struct rt_loop *loop)
{
    double end = rt_loop_time(loop) + 1e-9;
    while (loop->timers.count > 0 && loop->timers.timers[0].when_s < end) {
        if (rt_ready_push(&loop->ready, pop_timer(loop)) < 0) {
            rt_error_clear();
        }
    }
    return 0;
}

static int
call_ready(struct rt_loop *loop)
{
    for (size_t left = length(&loop->ready); left > 0; left--) {
        struct rt_object *item = take_oldest(&loop->ready);
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
    forget(loop);
    if (rt_loop_wait(loop, timeout(loop)) < 0 || collect_due(loop) < 0) {
        return -1;
    }
    return call_ready(loop);
}
