/* Process queue: multiprocessing.Queue.
 *
 * After CPython 3.12: Lib/multiprocessing/queues.py, class Queue.
 *
 *     put ---> buffer ---> feeder ---> pipe ---> get
 *      \ takes a permit   a thread of the putter   gives it back /
 *
 * A put only takes one of maxsize permits and leaves the object in a buffer of
 * its process; a thread, the feeder, makes bytes of it and waits until the
 * pipe has room. So what was put may be seen a moment later, objects of
 * different processes may come in another order, and what cannot be sent is
 * told on stderr. A process that has put something does not end before the
 * pipe has taken it all; so get everything before you join it.
 *
 * Make it before the children are forked. About processes that are killed:
 * process_simple_queue.h; one that is killed between taking a permit and
 * sending takes the permit along. */
#ifndef LABS_RUNTIME_PROCESS_QUEUE_H
#define LABS_RUNTIME_PROCESS_QUEUE_H

#include "labs/runtime/process_simple_queue.h"
#include "labs/runtime/thread_queue.h"

struct rt_thread;

/* It must stay where it is. */
struct rt_process_queue {
    struct rt_process_simple_queue pipe;
    struct rt_process_semaphore room; // permits to put
    bool closed, abandons;            // in this process
    pid_t owner;                      // whose buffer and feeder these are
    struct rt_thread_queue buffer;
    struct rt_thread *feeder;      // ours; NULL: nothing was put yet
    struct rt_process_queue *next; // of those that have a feeder
};

/* An empty queue for at most maxsize objects, 0: as many as there is memory
 * for. 0, or -1 with a pending error: then there is nothing to destroy. */
int rt_process_queue_init(struct rt_process_queue *queue, int maxsize);

/* Closes it, and waits until the pipe has taken all that was put; if that is
 * abandoned, what the feeder is sending at this moment. The other processes
 * keep theirs. */
void rt_process_queue_destroy(struct rt_process_queue *queue);

/* Puts an object, borrowed, which must not change any more, or NULL for None,
 * when there is room. 0, or -1 with a pending error: full, the time is over; a
 * value error, the queue is closed here; no memory, no thread. */
int rt_process_queue_put(struct rt_process_queue *queue,
                         struct rt_object *object, int64_t timeout_us);

/* Takes the next one, as in process_simple_queue.h. A value error if the queue
 * is closed here. */
int rt_process_queue_get(struct rt_process_queue *queue, int64_t timeout_us,
                         struct rt_object **object);

/* At this moment: how many were put and not taken (qsize); 1 or 0, or -1 with
 * a pending error. */
int rt_process_queue_size(const struct rt_process_queue *queue);
int rt_process_queue_is_empty(const struct rt_process_queue *queue);
bool rt_process_queue_is_full(const struct rt_process_queue *queue);

/* This process will put and get nothing any more. */
void rt_process_queue_close(struct rt_process_queue *queue);

/* Waits until the pipe has taken all that was put here. 0, or -1 with a
 * pending assertion error: not closed. */
int rt_process_queue_join_thread(struct rt_process_queue *queue);

/* The end of the process does not wait for that: what the pipe has not taken
 * is lost (cancel_join_thread). */
void rt_process_queue_cancel_join_thread(struct rt_process_queue *queue);

#endif
