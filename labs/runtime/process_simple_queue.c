#include "labs/runtime/process_simple_queue.h"

#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/object.h"
#include "labs/runtime/serialize.h"

int
rt_process_simple_queue_init(struct rt_process_simple_queue *queue)
{
    struct rt_connection ends[2];
    if (rt_pipe(false, ends) != 0) {
        return -1;
    }
    *queue =
        (struct rt_process_simple_queue){.reader = ends[0], .writer = ends[1]};
    if (rt_process_lock_init(&queue->read_lock) != 0 ||
        rt_process_lock_init(&queue->write_lock) != 0) {
        rt_process_simple_queue_destroy(queue);
        return -1;
    }
    return 0;
}

void
rt_process_simple_queue_close(struct rt_process_simple_queue *queue)
{
    rt_connection_close(&queue->reader);
    rt_connection_close(&queue->writer);
}

void
rt_process_simple_queue_destroy(struct rt_process_simple_queue *queue)
{
    rt_process_simple_queue_close(queue);
    rt_process_semaphore_destroy(&queue->read_lock);
    rt_process_semaphore_destroy(&queue->write_lock);
}

// --- put -------------------------------------------------------------------

int
rt_process_simple_queue_put_bytes(struct rt_process_simple_queue *queue,
                                  struct rt_object *bytes)
{
    if (rt_process_semaphore_acquire(&queue->write_lock, RT_NO_TIMEOUT) != 1) {
        return -1;
    }
    int result = rt_connection_send_bytes(&queue->writer, rt_bytes_data(bytes),
                                          rt_bytes_size(bytes));
    (void)rt_process_semaphore_release(&queue->write_lock);
    return result;
}

int
rt_process_simple_queue_put(struct rt_process_simple_queue *queue,
                            struct rt_object *object)
{
    struct rt_object *bytes = rt_serialize(object);
    if (bytes == NULL) {
        return -1;
    }
    int result = rt_process_simple_queue_put_bytes(queue, bytes);
    rt_decref(bytes);
    return result;
}

// --- get -------------------------------------------------------------------

/* With the lock taken: what is there by then. */
static int
receive(struct rt_process_simple_queue *queue, int64_t timeout_us,
        struct rt_object **bytes)
{
    if (timeout_us != RT_NO_TIMEOUT) {
        int ready = rt_connection_poll(&queue->reader, timeout_us);
        if (ready != 1) {
            return ready < 0 ? -1 : rt_error_set(RT_ERROR_EMPTY, "%s", "");
        }
    }
    return rt_connection_receive_bytes(&queue->reader, SIZE_MAX, bytes);
}

int
rt_process_simple_queue_get_bytes(struct rt_process_simple_queue *queue,
                                  int64_t timeout_us, struct rt_object **bytes)
{
    struct timespec deadline = rt_deadline_in_us(timeout_us);
    int got = rt_process_semaphore_acquire(&queue->read_lock, timeout_us);
    if (got != 1) {
        return got < 0 ? -1 : rt_error_set(RT_ERROR_EMPTY, "%s", "");
    }
    int64_t left_us = timeout_us == RT_NO_TIMEOUT
                          ? timeout_us
                          : rt_deadline_left_us(&deadline);
    int result = receive(queue, left_us, bytes);
    (void)rt_process_semaphore_release(&queue->read_lock);
    return result;
}

int
rt_process_simple_queue_get(struct rt_process_simple_queue *queue,
                            int64_t timeout_us, struct rt_object **object)
{
    struct rt_object *bytes = NULL;
    if (rt_process_simple_queue_get_bytes(queue, timeout_us, &bytes) != 0) {
        return -1;
    }
    // After the lock is given back: making objects takes time.
    int result = rt_deserialize(rt_bytes_data(bytes), rt_bytes_size(bytes),
                                NULL, 0, object);
    rt_decref(bytes);
    return result;
}

int
rt_process_simple_queue_is_empty(const struct rt_process_simple_queue *queue)
{
    int ready = rt_connection_poll(&queue->reader, 0);
    return ready < 0 ? -1 : !ready;
}
