/* Item store: what waits in a queue, and which of it comes out next.
 *
 * After CPython 3.12: Lib/asyncio/queues.py, the methods _init, _put and _get
 * of the three kinds of queues. */
#ifndef LABS_RUNTIME_ITEM_STORE_H
#define LABS_RUNTIME_ITEM_STORE_H

#include "labs/runtime/async_queue.h"
#include "labs/runtime/timer_heap.h"

/* Empty when zeroed but for the order. */
struct rt_item_store {
    enum rt_queue_order order;
    struct rt_object **items;  // ours; a ring, or a stack from the start on
    size_t mask;               // there is room for mask + 1
    size_t first, end;         // numbers without end: n is at items[n & mask]
    struct rt_timer_heap heap; // of a priority queue, and then nothing else
};

size_t rt_item_store_size(const struct rt_item_store *store);

/* Puts an item, borrowed. 0, or -1 with a pending error: no memory, or a type
 * error if something that is no int is to have a priority. */
int rt_item_store_put(struct rt_item_store *store, struct rt_object *item);

/* Takes the next one, which there must be: the store's reference is yours. */
struct rt_object *rt_item_store_get(struct rt_item_store *store);

int rt_item_store_traverse(const struct rt_item_store *store,
                           int (*visit)(struct rt_object *held, void *data),
                           void *data);
void rt_item_store_clear(struct rt_item_store *store);

#endif
