/* Process simple queue: multiprocessing.SimpleQueue, a pipe with a lock at
 * either end, so that several processes can put and get.
 *
 * After CPython 3.12: Lib/multiprocessing/queues.py, class SimpleQueue. Make
 * it before the children are forked; each of them has both ends, so nobody
 * ever sees the end of it. A put waits while the pipe is full.
 *
 * As in CPython, a process that is killed while it puts or gets takes the lock
 * of that end to its grave, and perhaps half of an object: nobody else can put
 * or get any more. One that waits in get is at work, too. Who must outlive its
 * workers gives each its own pipe (connection.h), as process_pool.c does. */
#ifndef LABS_RUNTIME_PROCESS_SIMPLE_QUEUE_H
#define LABS_RUNTIME_PROCESS_SIMPLE_QUEUE_H

#include "labs/runtime/connection.h"
#include "labs/runtime/process_semaphore.h"

struct rt_object;

struct rt_process_simple_queue {
    struct rt_connection reader, writer;
    struct rt_process_semaphore read_lock, write_lock;
};

/* An empty queue. 0, or -1 with a pending error: then there is nothing to
 * destroy. Other processes keep theirs. */
int rt_process_simple_queue_init(struct rt_process_simple_queue *queue);
void rt_process_simple_queue_destroy(struct rt_process_simple_queue *queue);

/* Puts an object, borrowed, or NULL for None. 0, or -1 with a pending error:
 * it cannot be sent (serialize.h); OSError, the queue is closed here. */
int rt_process_simple_queue_put(struct rt_process_simple_queue *queue,
                                struct rt_object *object);

/* Takes the next one, which is yours; NULL is None. 0, or -1 with a pending
 * error: as above; empty, the time is over. No classes: what is of one, cannot
 * be made here (serialize.h). */
int rt_process_simple_queue_get(struct rt_process_simple_queue *queue,
                                int64_t timeout_us, struct rt_object **object);

/* Whether there is nothing to be had at this moment: 1 or 0, or -1 with a
 * pending error. */
int
rt_process_simple_queue_is_empty(const struct rt_process_simple_queue *queue);

/* Closes both ends, for this process. */
void rt_process_simple_queue_close(struct rt_process_simple_queue *queue);

/* --- for process_queue.c ------------------------------------------------- */

/* Puts, and takes, what rt_serialize() has made of an object. */
int rt_process_simple_queue_put_bytes(struct rt_process_simple_queue *queue,
                                      struct rt_object *bytes);
int rt_process_simple_queue_get_bytes(struct rt_process_simple_queue *queue,
                                      int64_t timeout_us,
                                      struct rt_object **bytes);

#endif
