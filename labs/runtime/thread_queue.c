#include "labs/runtime/thread_queue.h"

#include <assert.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/object.h"

void
rt_thread_queue_init(struct rt_thread_queue *queue,
                     enum rt_thread_queue_kind kind, size_t maxsize,
                     rt_heapq_less *less)
{
    assert((kind == RT_QUEUE_PRIORITY) == (less != NULL));
    *queue = (struct rt_thread_queue){
        .kind = kind, .maxsize = maxsize, .less = less};
    rt_thread_lock_init(&queue->mutex, NULL);
    rt_thread_condition_init(&queue->not_empty, &queue->mutex);
    rt_thread_condition_init(&queue->not_full, &queue->mutex);
    rt_thread_condition_init(&queue->all_done, &queue->mutex);
}

// --- the items, with the mutex taken ---------------------------------------

/* Makes room for one more; the first is at 0 afterwards. */
static int
grow(struct rt_thread_queue *queue)
{
    size_t room = queue->room == 0 ? 8 : 2 * queue->room;
    struct rt_object **items = rt_alloc(room * sizeof(*items));
    if (items == NULL) {
        rt_error_no_memory();
        return -1;
    }
    for (size_t i = 0; i < queue->size; i++) {
        items[i] = queue->items[(queue->first + i) % queue->room];
    }
    rt_free(queue->items);
    queue->items = items;
    queue->room = room;
    queue->first = 0;
    return 0;
}

static int
put_item(struct rt_thread_queue *queue, struct rt_object *item)
{
    if (queue->size == queue->room && grow(queue) != 0) {
        return -1;
    }
    rt_xincref(item);
    queue->items[(queue->first + queue->size) % queue->room] = item;
    queue->size++;
    if (queue->kind == RT_QUEUE_PRIORITY) {
        rt_heapq_push(queue->items, queue->size, queue->less);
    }
    return 0;
}

static struct rt_object *
get_item(struct rt_thread_queue *queue)
{
    struct rt_object *item = NULL;
    switch (queue->kind) {
    case RT_QUEUE_FIFO:
        item = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->room;
        break;
    case RT_QUEUE_LIFO:
        item = queue->items[queue->size - 1];
        break;
    case RT_QUEUE_PRIORITY:
        item = rt_heapq_pop(queue->items, queue->size, queue->less);
        break;
    }
    queue->size--;
    return item;
}

// --- what threads wait for -------------------------------------------------

static bool
may_put(void *data)
{
    const struct rt_thread_queue *queue = data;
    return queue->maxsize == 0 || queue->size < queue->maxsize ||
           queue->is_shut_down;
}

static bool
may_get(void *data)
{
    const struct rt_thread_queue *queue = data;
    return queue->size > 0 || queue->is_shut_down;
}

static bool
is_all_done(void *data)
{
    const struct rt_thread_queue *queue = data;
    return queue->unfinished == 0;
}

static void
lock(struct rt_thread_queue *queue)
{
    rt_thread_lock_acquire(&queue->mutex, RT_NO_TIMEOUT);
}

static void
unlock(struct rt_thread_queue *queue)
{
    rt_thread_lock_release(&queue->mutex);
}

// --- for people ------------------------------------------------------------

int
rt_thread_queue_put(struct rt_thread_queue *queue, struct rt_object *item,
                    int64_t timeout_us)
{
    lock(queue);
    int result = rt_thread_condition_wait_for(&queue->not_full, may_put, queue,
                                              timeout_us);
    if (result == 0) {
        result = rt_error_set(RT_ERROR_FULL, "%s", "");
    }
    else if (result == 1 && queue->is_shut_down) {
        result = rt_error_set(RT_ERROR_SHUT_DOWN, "%s", "");
    }
    else if (result == 1) {
        result = put_item(queue, item);
        if (result == 0) {
            queue->unfinished++;
            rt_thread_condition_notify(&queue->not_empty, 1);
        }
    }
    unlock(queue);
    return result;
}

int
rt_thread_queue_get(struct rt_thread_queue *queue, int64_t timeout_us,
                    struct rt_object **item)
{
    lock(queue);
    int result = rt_thread_condition_wait_for(&queue->not_empty, may_get,
                                              queue, timeout_us);
    if (result == 0) {
        result = rt_error_set(RT_ERROR_EMPTY, "%s", "");
    }
    else if (result == 1 && queue->size == 0) {
        result = rt_error_set(RT_ERROR_SHUT_DOWN, "%s", "");
    }
    else if (result == 1) {
        *item = get_item(queue);
        rt_thread_condition_notify(&queue->not_full, 1);
        result = 0;
    }
    unlock(queue);
    return result;
}

int
rt_thread_queue_task_done(struct rt_thread_queue *queue)
{
    int result = 0;
    lock(queue);
    if (queue->unfinished == 0) {
        result =
            rt_error_set(RT_ERROR_VALUE, "task_done() called too many times");
    }
    else if (--queue->unfinished == 0) {
        rt_thread_condition_notify_all(&queue->all_done);
    }
    unlock(queue);
    return result;
}

int
rt_thread_queue_join(struct rt_thread_queue *queue)
{
    lock(queue);
    int result = rt_thread_condition_wait_for(&queue->all_done, is_all_done,
                                              queue, RT_NO_TIMEOUT);
    unlock(queue);
    return result == 1 ? 0 : -1;
}

/* Releases all items. Each may run code when it dies, also code that uses the
 * queue, so the mutex is not taken meanwhile. */
static void
release_items(struct rt_thread_queue *queue)
{
    lock(queue);
    while (queue->size > 0) {
        struct rt_object *item = get_item(queue);
        if (queue->unfinished > 0) {
            queue->unfinished--;
        }
        unlock(queue);
        rt_xdecref(item);
        lock(queue);
    }
    rt_thread_condition_notify_all(&queue->all_done);
    unlock(queue);
}

void
rt_thread_queue_shut_down(struct rt_thread_queue *queue, bool immediate)
{
    lock(queue);
    queue->is_shut_down = true;
    rt_thread_condition_notify_all(&queue->not_empty);
    rt_thread_condition_notify_all(&queue->not_full);
    unlock(queue);
    if (immediate) {
        release_items(queue);
    }
}

void
rt_thread_queue_destroy(struct rt_thread_queue *queue)
{
    release_items(queue);
    rt_free(queue->items);
    rt_thread_lock_destroy(&queue->mutex);
}

size_t
rt_thread_queue_size(struct rt_thread_queue *queue)
{
    lock(queue);
    size_t size = queue->size;
    unlock(queue);
    return size;
}

int
rt_thread_queue_getters(struct rt_thread_queue *queue)
{
    lock(queue);
    int getters = rt_thread_condition_waiting(&queue->not_empty);
    unlock(queue);
    return getters;
}
