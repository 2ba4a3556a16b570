/* Another right solution: a plain array. The oldest is at first, the newest
 * before end; there is room for as many as mask says. When the end is reached,
 * all slide down to the beginning if that frees half of the room, or else the
 * array grows. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_state.h"

static int
make_room(struct rt_ready *ready)
{
    size_t count = ready->end - ready->first;
    if (count <= ready->mask / 2 && ready->mask > 0) {
        for (size_t i = 0; i < count; i++) {
            ready->items[i] = ready->items[ready->first + i];
        }
        ready->first = 0;
        ready->end = count;
        return 0;
    }
    size_t room = 16 + 2 * ready->mask;
    struct rt_object **items =
        rt_realloc(ready->items, room * sizeof(ready->items[0]));
    if (items == NULL) {
        rt_error_no_memory();
        return -1;
    }
    ready->items = items;
    ready->mask = room;
    return 0;
}

int
rt_ready_push(struct rt_ready *ready, struct rt_object *item)
{
    if (ready->end == ready->mask && make_room(ready) < 0) {
        rt_decref(item);
        return -1;
    }
    ready->items[ready->end] = item;
    ready->end++;
    return 0;
}

void
rt_ready_clear(struct rt_ready *ready)
{
    struct rt_ready old = *ready;
    ready->items = NULL;
    ready->first = ready->end = ready->mask = 0;
    for (size_t i = old.end; i > old.first; i--) {
        struct rt_object *item = old.items[i - 1];
        if (rt_handle_check(item)) {
            rt_handle_cancel(item);
        }
        rt_decref(item);
    }
    rt_free(old.items);
}

int
rt_loop_call_soon(struct rt_loop *loop, struct rt_object *callback,
                  struct rt_object *argument)
{
    if (loop->is_closed) {
        rt_error_set(RT_ERROR_RUNTIME, "Event loop is closed");
        return -1;
    }
    if (argument != NULL) {
        callback = rt_handle_new(loop, callback, argument);
        if (callback == NULL) {
            return -1;
        }
    }
    else {
        rt_incref(callback);
    }
    return rt_ready_push(&loop->ready, callback);
}

struct rt_object *
rt_loop_call_at(struct rt_loop *loop, double when_s,
                struct rt_object *callback, struct rt_object *argument)
{
    struct rt_object *result = NULL;
    if (loop->is_closed) {
        rt_error_set(RT_ERROR_RUNTIME, "Event loop is closed");
        return NULL;
    }
    struct rt_object *timer = rt_handle_new(loop, callback, argument);
    if (timer != NULL) {
        struct rt_handle *handle = (struct rt_handle *)timer;
        handle->when_s = when_s;
        if (rt_timer_heap_push(&loop->timers, when_s, timer) == 0) {
            handle->is_scheduled = true;
            result = rt_new_ref(timer);
        }
        rt_decref(timer);
    }
    return result;
}

struct rt_object *
rt_loop_call_later(struct rt_loop *loop, double delay_s,
                   struct rt_object *callback, struct rt_object *argument)
{
    return rt_loop_call_at(loop, delay_s + rt_loop_time(loop), callback,
                           argument);
}

static bool
lives(const struct rt_object *timer)
{
    return !rt_handle_is_cancelled(timer);
}

static struct rt_object *
take_first(struct rt_timer_heap *heap)
{
    struct rt_object *timer = rt_timer_heap_pop(heap);
    struct rt_handle *handle = (struct rt_handle *)timer;
    handle->is_scheduled = false;
    return timer;
}

static double
prepare(struct rt_loop *loop)
{
    struct rt_timer_heap *heap = &loop->timers;
    size_t live = heap->count - loop->cancelled_timers;
    if (heap->count > 100 && loop->cancelled_timers > live) {
        loop->cancelled_timers = 0;
        rt_timer_heap_filter(heap, lives);
    }
    for (; heap->count > 0 && !lives(heap->timers[0].object);
         loop->cancelled_timers--) {
        rt_decref(take_first(heap));
    }
    if (loop->ready.end > loop->ready.first || loop->is_stopping) {
        return 0.0;
    }
    double idle_s = -1.0;
    if (heap->count > 0) {
        idle_s = heap->timers[0].when_s - rt_loop_time(loop);
        idle_s = idle_s < 0.0 ? 0.0 : idle_s;
    }
    return idle_s;
}

int
rt_loop_turn(struct rt_loop *loop)
{
    struct rt_timer_heap *heap = &loop->timers;
    struct rt_ready *ready = &loop->ready;
    loop->turns++;
    int result = rt_loop_wait(loop, prepare(loop));
    double now_s = rt_loop_time(loop);
    while (result == 0 && heap->count > 0 &&
           heap->timers[0].when_s < now_s + 1e-9) {
        bool was_cancelled = !lives(heap->timers[0].object);
        loop->cancelled_timers -= was_cancelled;
        result = rt_ready_push(ready, take_first(heap));
    }
    size_t todo = ready->end - ready->first;
    for (size_t i = 0; result == 0 && i < todo; i++) {
        // The array may move or slide while the item is called.
        struct rt_object *item = ready->items[ready->first];
        ready->first++;
        if (item->ob_type->call(item, NULL) != 0 &&
            rt_loop_report(loop, "Exception in callback", item) != 0) {
            result = -1;
        }
        rt_decref(item);
    }
    return result;
}
