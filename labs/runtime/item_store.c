#include "labs/runtime/item_store.h"

#include <assert.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/integer.h"

enum {
    FIRST_ROOM = 8
};

/* The heap compares doubles, which hold these without a change. */
static const int64_t MOST_PRIORITY = INT64_C(1) << 53;

size_t
rt_item_store_size(const struct rt_item_store *store)
{
    return store->end - store->first + store->heap.count;
}

static __attribute__((noinline, cold)) int
grow(struct rt_item_store *store)
{
    struct rt_object **old = store->items;
    size_t room = old != NULL ? 2 * (store->mask + 1) : FIRST_ROOM;
    struct rt_object **items = rt_alloc(room * sizeof(*items));
    if (items == NULL) {
        rt_error_no_memory();
        return -1;
    }
    for (size_t i = store->first; old != NULL && i != store->end; i++) {
        items[i & (room - 1)] = old[i & store->mask];
    }
    rt_free(old);
    store->items = items;
    store->mask = room - 1;
    return 0;
}

static int
put_by_priority(struct rt_item_store *store, struct rt_object *item)
{
    if (!rt_int_check(item)) {
        return rt_error_set(RT_ERROR_TYPE, "'<' not supported for '%s'",
                            item->ob_type->name);
    }
    int64_t priority = rt_int_value(item);
    if (priority > MOST_PRIORITY || priority < -MOST_PRIORITY) {
        return rt_error_set(RT_ERROR_OVERFLOW, "priority is too large");
    }
    return rt_timer_heap_push(&store->heap, (double)priority, item);
}

int
rt_item_store_put(struct rt_item_store *store, struct rt_object *item)
{
    if (store->order == RT_QUEUE_PRIORITY) {
        return put_by_priority(store, item);
    }
    if ((store->items == NULL || store->end - store->first > store->mask) &&
        grow(store) != 0) {
        return -1;
    }
    store->items[store->end++ & store->mask] = rt_new_ref(item);
    return 0;
}

struct rt_object *
rt_item_store_get(struct rt_item_store *store)
{
    assert(rt_item_store_size(store) > 0);
    if (store->order == RT_QUEUE_PRIORITY) {
        return rt_timer_heap_pop(&store->heap);
    }
    size_t at = store->order == RT_QUEUE_FIFO ? store->first++ : --store->end;
    return store->items[at & store->mask];
}

int
rt_item_store_traverse(const struct rt_item_store *store,
                       int (*visit)(struct rt_object *held, void *data),
                       void *data)
{
    int result = 0;
    for (size_t i = store->first; i != store->end && result == 0; i++) {
        result = visit(store->items[i & store->mask], data);
    }
    for (size_t i = 0; i < store->heap.count && result == 0; i++) {
        result = visit(store->heap.timers[i].object, data);
    }
    return result;
}

void
rt_item_store_clear(struct rt_item_store *store)
{
    struct rt_item_store old = *store;
    *store = (struct rt_item_store){.order = old.order};
    for (size_t i = old.first; i != old.end; i++) {
        rt_decref(old.items[i & old.mask]);
    }
    rt_free(old.items);
    rt_timer_heap_clear(&old.heap);
}
