/* Async queue: from tasks that make to tasks that use.
 *
 * After CPython 3.12: Lib/asyncio/queues.py. Whoever finds it full, or empty,
 * waits in line. An item that was put wakes one who waits for it, and does not
 * hand it over: somebody faster may take it, then waiting goes on. */
#ifndef LABS_RUNTIME_ASYNC_QUEUE_H
#define LABS_RUNTIME_ASYNC_QUEUE_H

#include "labs/runtime/object.h"

enum rt_queue_order {
    RT_QUEUE_FIFO,
    RT_QUEUE_LIFO,    // LifoQueue
    RT_QUEUE_PRIORITY // PriorityQueue, of ints: the smallest first
};

/* A new queue for at most so many items; 0 or less: for any number. NULL with
 * a pending memory error. */
struct rt_object *rt_async_queue_new(enum rt_queue_order order, int64_t most);

/* New coroutines: one that puts an item, borrowed, and one whose result is the
 * next item. NULL with a pending memory error. */
struct rt_object *rt_async_queue_put(struct rt_object *queue,
                                     struct rt_object *item);
struct rt_object *rt_async_queue_get(struct rt_object *queue);

/* The same without waiting, and without a coroutine. 0, or the item, a new
 * reference; -1 or NULL with a pending error: the queue is full, or empty, or
 * no memory, or a type error for an item without an order. */
int rt_async_queue_put_nowait(struct rt_object *object,
                              struct rt_object *item);
struct rt_object *rt_async_queue_get_nowait(struct rt_object *object);

size_t rt_async_queue_size(const struct rt_object *queue);
bool rt_async_queue_is_full(const struct rt_object *queue);

/* Nothing can be put any more, and when it is empty, nothing got: a queue that
 * is shut down says so as a pending error, to those who wait, too. If it is
 * immediate, what is in it is thrown away, and counts as dealt with
 * (Queue.shutdown, from 3.13). 0, or -1 with a pending memory error. */
int rt_async_queue_shut_down(struct rt_object *object, bool is_immediate);

/* One of the items that were got is dealt with. 0, or -1 with a pending error:
 * a value error when all of them are. */
int rt_async_queue_task_done(struct rt_object *object);

/* A new coroutine that ends when all items that were put are dealt with. NULL
 * with a pending memory error. */
struct rt_object *rt_async_queue_join(struct rt_object *queue);

#endif
