/* Thread queue: queue.Queue, LifoQueue and PriorityQueue, which hand items
 * from thread to thread.
 *
 * After CPython 3.12: Lib/queue.py; shutting down is of 3.13. Conventions:
 * thread_lock.h. */
#ifndef LABS_RUNTIME_THREAD_QUEUE_H
#define LABS_RUNTIME_THREAD_QUEUE_H

#include <stddef.h>

#include "labs/runtime/heapq.h"
#include "labs/runtime/thread_condition.h"

struct rt_object;

enum rt_thread_queue_kind {
    RT_QUEUE_FIFO,
    RT_QUEUE_LIFO,
    RT_QUEUE_PRIORITY
};

struct rt_thread_queue {
    struct rt_thread_lock mutex; // guards all
    struct rt_thread_condition not_empty, not_full, all_done;
    enum rt_thread_queue_kind kind;
    size_t maxsize;           // 0: no limit
    rt_heapq_less *less;      // of a priority queue
    struct rt_object **items; // our references; NULL is an item, for None
    size_t first, size, room; // a ring, but for first = 0 in the others
    size_t unfinished;        // items put and not reported done
    bool is_shut_down;
};

/* An empty queue for at most maxsize items, 0: as many as there is memory for.
 * less is for a priority queue, whose items are taken in that order; NULL for
 * the others. Destroying it releases what is in it. */
void rt_thread_queue_init(struct rt_thread_queue *queue,
                          enum rt_thread_queue_kind kind, size_t maxsize,
                          rt_heapq_less *less);
void rt_thread_queue_destroy(struct rt_thread_queue *queue);

/* Puts item, borrowed, into the queue, when there is room for it. 0, or -1
 * with a pending error: full, if the time is over; shut down. */
int rt_thread_queue_put(struct rt_thread_queue *queue, struct rt_object *item,
                        int64_t timeout_us);

/* Takes the next item, which is yours, when there is one. 0, or -1 with a
 * pending error: empty, if the time is over; shut down, if it is and has
 * nothing left. */
int rt_thread_queue_get(struct rt_thread_queue *queue, int64_t timeout_us,
                        struct rt_object **item);

/* Says that an item that was taken has been dealt with. 0, or -1 with a
 * pending value error if that was said of all already. */
int rt_thread_queue_task_done(struct rt_thread_queue *queue);

/* Waits until that has been said of all items. 0, or -1 with an error. */
int rt_thread_queue_join(struct rt_thread_queue *queue);

/* From now on nothing can be put. What is there can be taken, unless
 * immediate: then it is released, and counts as done. Who waits is woken. */
void rt_thread_queue_shut_down(struct rt_thread_queue *queue, bool immediate);

/* How many items there are (qsize), and how many threads wait for one, at this
 * moment. */
size_t rt_thread_queue_size(struct rt_thread_queue *queue);
int rt_thread_queue_getters(struct rt_thread_queue *queue);

#endif
