/* Another right solution: a linked list. It is a circle, and the queue knows
 * its last cell only; the one after that is the oldest. A turn takes the whole
 * circle and leaves an empty queue for those who come meanwhile. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_state.h"

struct cell {
    struct rt_object *item;
    struct cell *next;
};

static struct cell *
last_of(const struct rt_ready *ready)
{
    return (struct cell *)(void *)ready->items;
}

static void
set_last(struct rt_ready *ready, struct cell *last)
{
    ready->items = (struct rt_object **)(void *)last;
}

int
rt_ready_push(struct rt_ready *ready, struct rt_object *item)
{
    struct cell *last = last_of(ready);
    struct cell *cell = rt_alloc(sizeof(*cell));
    if (cell == NULL) {
        rt_decref(item);
        rt_error_no_memory();
        return -1;
    }
    cell->item = item;
    if (last == NULL) {
        cell->next = cell;
    }
    else {
        cell->next = last->next;
        last->next = cell;
    }
    set_last(ready, cell);
    return 0;
}

/* The oldest item, ours now, or NULL. */
static struct rt_object *
shift(struct rt_ready *ready)
{
    struct cell *last = last_of(ready);
    if (last == NULL) {
        return NULL;
    }
    struct cell *first = last->next;
    struct rt_object *item = first->item;
    if (first == last) {
        set_last(ready, NULL);
    }
    else {
        last->next = first->next;
    }
    rt_free(first);
    return item;
}

void
rt_ready_clear(struct rt_ready *ready)
{
    struct rt_object *item = NULL;
    while ((item = shift(ready)) != NULL) {
        if (rt_handle_check(item)) {
            rt_handle_cancel(item);
        }
        rt_decref(item);
    }
}

int
rt_loop_call_soon(struct rt_loop *loop, struct rt_object *callback,
                  struct rt_object *argument)
{
    struct rt_object *item = NULL;
    if (rt_loop_is_closed(loop)) {
        return rt_error_set(RT_ERROR_RUNTIME, "Event loop is closed");
    }
    if (argument == NULL) {
        item = rt_new_ref(callback);
    }
    else {
        item = rt_handle_new(loop, callback, argument);
    }
    return item == NULL ? -1 : rt_ready_push(&loop->ready, item);
}

struct rt_object *
rt_loop_call_at(struct rt_loop *loop, double when_s,
                struct rt_object *callback, struct rt_object *argument)
{
    if (rt_loop_is_closed(loop)) {
        rt_error_set(RT_ERROR_RUNTIME, "Event loop is closed");
        return NULL;
    }
    struct rt_object *object = rt_handle_new(loop, callback, argument);
    if (object == NULL) {
        return NULL;
    }
    if (rt_timer_heap_push(&loop->timers, when_s, object) != 0) {
        rt_decref(object);
        return NULL;
    }
    struct rt_handle *handle = (struct rt_handle *)object;
    handle->when_s = when_s;
    handle->is_scheduled = true;
    return object;
}

struct rt_object *
rt_loop_call_later(struct rt_loop *loop, double delay_s,
                   struct rt_object *callback, struct rt_object *argument)
{
    double now_s = rt_loop_time(loop);
    return rt_loop_call_at(loop, now_s + delay_s, callback, argument);
}

static struct rt_handle *
top(struct rt_loop *loop)
{
    return loop->timers.count == 0
               ? NULL
               : (struct rt_handle *)loop->timers.timers->object;
}

static bool
is_wanted(const struct rt_object *timer)
{
    return !((const struct rt_handle *)timer)->is_cancelled;
}

static void
tidy(struct rt_loop *loop)
{
    double all = (double)loop->timers.count;
    if (all > 100 && (double)loop->cancelled_timers / all > 0.5) {
        rt_timer_heap_filter(&loop->timers, is_wanted);
        loop->cancelled_timers = 0;
    }
    while (top(loop) != NULL && top(loop)->is_cancelled) {
        loop->cancelled_timers -= 1;
        rt_decref(rt_timer_heap_pop(&loop->timers));
    }
}

static double
timeout_of(struct rt_loop *loop)
{
    if (loop->is_stopping || last_of(&loop->ready) != NULL) {
        return 0;
    }
    if (top(loop) == NULL) {
        return -1;
    }
    double left = top(loop)->when_s - rt_loop_time(loop);
    return left < 0 ? 0 : left;
}

/* Calls all of a batch. What is left of it when the run ends goes back, before
 * what has come meanwhile. */
static int
call_all(struct rt_loop *loop, struct rt_ready *batch)
{
    struct rt_object *item = NULL;
    int result = 0;
    while (result == 0 && (item = shift(batch)) != NULL) {
        if (item->ob_type->call(item, NULL) != 0) {
            result = rt_loop_report(loop, "Exception in callback", item);
        }
        rt_decref(item);
    }
    struct cell *rest = last_of(batch);
    struct cell *newest = last_of(&loop->ready);
    if (rest != NULL && newest != NULL) {
        struct cell *oldest = rest->next;
        rest->next = newest->next;
        newest->next = oldest;
    }
    else if (rest != NULL) {
        set_last(&loop->ready, rest);
    }
    return result;
}

int
rt_loop_turn(struct rt_loop *loop)
{
    loop->turns += 1;
    tidy(loop);
    if (rt_loop_wait(loop, timeout_of(loop)) < 0) {
        return -1;
    }
    double limit_s = rt_loop_time(loop) + 1e-9;
    while (top(loop) != NULL && top(loop)->when_s < limit_s) {
        struct rt_handle *due = top(loop);
        (void)rt_timer_heap_pop(&loop->timers);
        due->is_scheduled = false;
        // A cancelled one may leave here as well.
        if (due->is_cancelled) {
            loop->cancelled_timers -= 1;
            rt_decref(&due->head);
        }
        else if (rt_ready_push(&loop->ready, &due->head) != 0) {
            return -1;
        }
    }
    struct rt_ready batch = loop->ready;
    loop->ready = (struct rt_ready){0};
    return call_all(loop, &batch);
}
