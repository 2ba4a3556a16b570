#include "labs/runtime/waiters.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/none.h"

/* There is none behind the last one: those in line move to the front, or into
 * a larger array when they fill half of this one. */
static __attribute__((noinline, cold)) int
make_room(struct rt_waiters *waiters)
{
    struct rt_object **items = waiters->items;
    if (2 * waiters->count >= waiters->room) {
        size_t room = waiters->room > 0 ? 2 * waiters->room : 4;
        items = rt_realloc(items, room * sizeof(struct rt_object *));
        if (items == NULL) {
            rt_error_no_memory();
            return -1;
        }
        waiters->items = items;
        waiters->room = room;
    }
    memmove(items, items + waiters->first,
            waiters->count * sizeof(struct rt_object *));
    waiters->first = 0;
    return 0;
}

struct rt_object *
rt_waiters_add(struct rt_waiters *waiters)
{
    struct rt_loop *loop = rt_loop_get_running();
    struct rt_object *future = loop != NULL ? rt_future_new(loop) : NULL;
    bool is_full = waiters->first + waiters->count == waiters->room;
    if (future == NULL || (is_full && make_room(waiters) != 0)) {
        rt_xdecref(future);
        return NULL;
    }
    waiters->items[waiters->first + waiters->count++] = future;
    return future;
}

struct rt_object *
rt_waiters_at(const struct rt_waiters *waiters, size_t index)
{
    assert(index < waiters->count);
    return waiters->items[waiters->first + index];
}

struct rt_object *
rt_waiters_take(struct rt_waiters *waiters)
{
    struct rt_object *taken = rt_waiters_at(waiters, 0);
    waiters->count--;
    waiters->first = waiters->count > 0 ? waiters->first + 1 : 0;
    return taken;
}

void
rt_waiters_remove(struct rt_waiters *waiters, const struct rt_object *waiter)
{
    struct rt_object **items = waiters->items + waiters->first;
    size_t at = 0;
    while (at < waiters->count && items[at] != waiter) {
        at++;
    }
    if (at == waiters->count) {
        return;
    }
    if (at == 0) {
        rt_decref(rt_waiters_take(waiters));
        return;
    }
    struct rt_object *found = items[at];
    waiters->count--;
    memmove(items + at, items + at + 1,
            (waiters->count - at) * sizeof(struct rt_object *));
    rt_decref(found);
}

struct rt_object *
rt_waiters_wake(const struct rt_waiters *waiters)
{
    for (size_t i = 0; i < waiters->count; i++) {
        struct rt_object *waiter = rt_waiters_at(waiters, i);
        if (!rt_future_is_done(waiter)) {
            return rt_future_finish(waiter, rt_none, false) == 0 ? waiter
                                                                 : NULL;
        }
    }
    return NULL;
}

int
rt_waiters_wake_all(const struct rt_waiters *waiters)
{
    for (size_t i = 0; i < waiters->count; i++) {
        struct rt_object *waiter = rt_waiters_at(waiters, i);
        if (!rt_future_is_done(waiter) &&
            rt_future_finish(waiter, rt_none, false) != 0) {
            return -1;
        }
    }
    return 0;
}

int
rt_waiters_traverse(const struct rt_waiters *waiters,
                    int (*visit)(struct rt_object *held, void *data),
                    void *data)
{
    int result = 0;
    for (size_t i = 0; i < waiters->count && result == 0; i++) {
        result = visit(rt_waiters_at(waiters, i), data);
    }
    return result;
}

void
rt_waiters_clear(struct rt_waiters *waiters)
{
    struct rt_waiters old = *waiters;
    *waiters = (struct rt_waiters){0};
    for (size_t i = 0; i < old.count; i++) {
        rt_decref(rt_waiters_at(&old, i));
    }
    rt_free(old.items);
}
