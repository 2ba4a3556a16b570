#include "labs/runtime/process_queue.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/object.h"
#include "labs/runtime/serialize.h"
#include "labs/runtime/shutdown.h"
#include "labs/runtime/thread.h"

/* Those of this process that have a feeder. */
static struct rt_process_queue *fed;
static pid_t fed_by; // who has registered the exit function

// --- life ------------------------------------------------------------------

int
rt_process_queue_init(struct rt_process_queue *queue, int maxsize)
{
    *queue = (struct rt_process_queue){.owner = getpid()};
    if (rt_process_simple_queue_init(&queue->pipe) != 0) {
        return -1;
    }
    int result =
        maxsize > 0
            ? rt_process_semaphore_init(&queue->room, maxsize, true)
            : rt_process_semaphore_init(&queue->room, SEM_VALUE_MAX, true);
    if (result != 0) {
        rt_process_simple_queue_destroy(&queue->pipe);
        return -1;
    }
    rt_thread_queue_init(&queue->buffer, RT_QUEUE_FIFO, 0, NULL);
    return 0;
}

/* In a child the buffer is the parent's, which will send what is in it, and
 * the feeder is not there. Its locks may have been taken by other threads when
 * the child was forked, so it is made anew, and not destroyed (_after_fork).
 */
static void
own(struct rt_process_queue *queue)
{
    if (queue->owner != getpid()) {
        queue->owner = getpid();
        queue->feeder = NULL;
        rt_thread_queue_init(&queue->buffer, RT_QUEUE_FIFO, 0, NULL);
    }
}

static void
unlist(const struct rt_process_queue *queue)
{
    struct rt_process_queue **link = &fed;
    while (fed_by == getpid() && *link != NULL) {
        if (*link == queue) {
            *link = queue->next;
            return;
        }
        link = &(*link)->next;
    }
}

void
rt_process_queue_destroy(struct rt_process_queue *queue)
{
    rt_process_queue_close(queue);
    (void)rt_process_queue_join_thread(queue);
    unlist(queue);
    rt_thread_free(queue->feeder);
    rt_thread_queue_destroy(&queue->buffer);
    rt_process_semaphore_destroy(&queue->room);
    rt_process_simple_queue_destroy(&queue->pipe);
}

// --- the feeder ------------------------------------------------------------

/* Nobody else can be told, and nobody will ever get it
 * (_on_queue_feeder_error). */
static void
drop(struct rt_process_queue *queue)
{
    const char *text = rt_error_text();
    fprintf(stderr, "Exception in thread QueueFeederThread:\n%s%s%s\n",
            rt_error_name(rt_error_occurred()), text[0] != '\0' ? ": " : "",
            text);
    rt_error_clear();
    (void)rt_process_semaphore_release(&queue->room);
}

/* Bytes are made before the lock is taken: that takes time, and may fail. */
static void
feed_one(struct rt_process_queue *queue, struct rt_object *object)
{
    struct rt_object *bytes = rt_serialize(object);
    rt_xdecref(object);
    if (bytes == NULL ||
        rt_process_simple_queue_put_bytes(&queue->pipe, bytes) != 0) {
        drop(queue);
    }
    rt_xdecref(bytes);
}

/* Until the buffer is shut down and empty. */
static int
feed(void *data)
{
    struct rt_process_queue *queue = data;
    struct rt_object *object = NULL;
    while (rt_thread_queue_get(&queue->buffer, RT_NO_TIMEOUT, &object) == 0) {
        feed_one(queue, object);
    }
    rt_error_clear();
    return 0;
}

/* The end of this process, an exit function (_finalize_join). */
static int
await_all(void *unused)
{
    (void)unused;
    for (struct rt_process_queue *queue = fed;
         fed_by == getpid() && queue != NULL; queue = queue->next) {
        rt_process_queue_close(queue);
        if (!queue->abandons) {
            (void)rt_process_queue_join_thread(queue);
        }
    }
    fed = NULL;
    fed_by = 0;
    return 0;
}

static int
register_exit(void)
{
    if (fed_by == getpid()) {
        return 0;
    }
    if (rt_at_exit(await_all, NULL) != 0) {
        return -1;
    }
    fed = NULL;
    fed_by = getpid();
    return 0;
}

/* It is known before it is started: meanwhile another thread may put, and must
 * not start a second one. */
static int
start_feeder(struct rt_process_queue *queue)
{
    struct rt_thread *feeder = rt_thread_new("QueueFeederThread", feed, queue);
    if (feeder == NULL || register_exit() != 0) {
        rt_thread_free(feeder);
        return -1;
    }
    (void)rt_thread_set_daemon(feeder, true);
    queue->feeder = feeder;
    if (rt_thread_start(feeder) != 0) {
        queue->feeder = NULL;
        rt_thread_free(feeder);
        return -1;
    }
    queue->next = fed;
    fed = queue;
    return 0;
}

// --- put and get -----------------------------------------------------------

static int
check(const struct rt_process_queue *queue)
{
    return queue->closed ? rt_error_set(RT_ERROR_VALUE, "Queue is closed") : 0;
}

/* With a permit. */
static int
leave_in_buffer(struct rt_process_queue *queue, struct rt_object *object)
{
    own(queue);
    if (queue->feeder == NULL && start_feeder(queue) != 0) {
        return -1;
    }
    return rt_thread_queue_put(&queue->buffer, object, 0);
}

int
rt_process_queue_put(struct rt_process_queue *queue, struct rt_object *object,
                     int64_t timeout_us)
{
    if (check(queue) != 0) {
        return -1;
    }
    int got = rt_process_semaphore_acquire(&queue->room, timeout_us);
    if (got != 1) {
        return got < 0 ? -1 : rt_error_set(RT_ERROR_FULL, "%s", "");
    }
    int result = leave_in_buffer(queue, object);
    if (result != 0) {
        struct rt_error_state error = rt_error_fetch();
        (void)rt_process_semaphore_release(&queue->room);
        rt_error_restore(&error);
    }
    return result;
}

int
rt_process_queue_get(struct rt_process_queue *queue, int64_t timeout_us,
                     struct rt_object **object)
{
    struct rt_object *bytes = NULL;
    if (check(queue) != 0 || rt_process_simple_queue_get_bytes(
                                 &queue->pipe, timeout_us, &bytes) != 0) {
        return -1;
    }
    (void)rt_process_semaphore_release(&queue->room);
    int result = rt_deserialize(rt_bytes_data(bytes), rt_bytes_size(bytes),
                                NULL, 0, object);
    rt_decref(bytes);
    return result;
}

int
rt_process_queue_size(const struct rt_process_queue *queue)
{
    return queue->room.most - rt_process_semaphore_value(&queue->room);
}

int
rt_process_queue_is_empty(const struct rt_process_queue *queue)
{
    return rt_process_simple_queue_is_empty(&queue->pipe);
}

bool
rt_process_queue_is_full(const struct rt_process_queue *queue)
{
    return rt_process_semaphore_value(&queue->room) == 0;
}

// --- the end ---------------------------------------------------------------

void
rt_process_queue_close(struct rt_process_queue *queue)
{
    own(queue);
    queue->closed = true;
    rt_thread_queue_shut_down(&queue->buffer, queue->abandons);
}

int
rt_process_queue_join_thread(struct rt_process_queue *queue)
{
    if (!queue->closed) {
        return rt_error_set(RT_ERROR_ASSERTION, "Queue is not closed");
    }
    own(queue);
    return queue->feeder != NULL ? rt_thread_join(queue->feeder, RT_NO_TIMEOUT)
                                 : 0;
}

void
rt_process_queue_cancel_join_thread(struct rt_process_queue *queue)
{
    queue->abandons = true;
}
