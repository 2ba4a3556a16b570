#include "labs/runtime/async_queue.h"

#include "labs/runtime/async_event.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/item_store.h"
#include "labs/runtime/waiters.h"

struct queue {
    struct rt_object head;
    struct rt_item_store items;
    struct rt_waiters getters, putters;
    struct rt_object *finished; // ours: an event, set when nothing is left
    int64_t most;               // items; 0 or less: no limit
    int64_t unfinished;         // items that nobody has dealt with
    bool is_shut_down;
};

static struct queue *
as_queue(struct rt_object *object)
{
    return (struct queue *)object;
}

static int
queue_traverse(struct rt_object *object,
               int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct queue *queue = as_queue(object);
    int result = rt_item_store_traverse(&queue->items, visit, data);
    if (result == 0) {
        result = rt_waiters_traverse(&queue->getters, visit, data);
    }
    if (result == 0) {
        result = rt_waiters_traverse(&queue->putters, visit, data);
    }
    return result == 0 && queue->finished != NULL
               ? visit(queue->finished, data)
               : result;
}

static void
queue_clear(struct rt_object *object)
{
    struct queue *queue = as_queue(object);
    rt_item_store_clear(&queue->items);
    rt_waiters_clear(&queue->getters);
    rt_waiters_clear(&queue->putters);
    rt_clear(&queue->finished);
}

static void
queue_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    queue_clear(object);
    rt_gc_free(object);
}

static const struct rt_type queue_type = {
    .name = "Queue",
    .basicsize = sizeof(struct queue),
    .dealloc = queue_dealloc,
    .traverse = queue_traverse,
    .clear = queue_clear,
};

struct rt_object *
rt_async_queue_new(enum rt_queue_order order, int64_t most)
{
    struct rt_object *finished = rt_async_event_new();
    struct rt_object *object =
        finished != NULL ? rt_gc_new(&queue_type, 0) : NULL;
    if (object == NULL) {
        rt_xdecref(finished);
        return NULL;
    }
    struct queue *queue = as_queue(object);
    *queue = (struct queue){.head = queue->head,
                            .items = {.order = order},
                            .finished = finished,
                            .most = most};
    (void)rt_async_event_set(finished); // nobody waits for it yet
    rt_gc_track(object);
    return object;
}

size_t
rt_async_queue_size(const struct rt_object *queue)
{
    return rt_item_store_size(&((const struct queue *)queue)->items);
}

bool
rt_async_queue_is_full(const struct rt_object *object)
{
    const struct queue *queue = (const struct queue *)object;
    return queue->most > 0 &&
           rt_async_queue_size(object) >= (size_t)queue->most;
}

// --- without waiting -------------------------------------------------------

/* The first who waits and is not done yet, and all before it, leave the line
 * (_wakeup_next). */
static int
wake_next(struct rt_waiters *waiters)
{
    while (waiters->count > 0) {
        struct rt_object *waiter = rt_waiters_take(waiters);
        bool is_waiting = !rt_future_is_done(waiter);
        int result = is_waiting ? rt_future_finish(waiter, rt_none, false) : 0;
        rt_decref(waiter);
        if (is_waiting) {
            return result;
        }
    }
    return 0;
}

static int
raise_shut_down(void)
{
    return rt_error_set(RT_ERROR_QUEUE_SHUT_DOWN, "%s", "");
}

int
rt_async_queue_put_nowait(struct rt_object *object, struct rt_object *item)
{
    struct queue *queue = as_queue(object);
    if (queue->is_shut_down) {
        return raise_shut_down();
    }
    if (rt_async_queue_is_full(object)) {
        return rt_error_set(RT_ERROR_QUEUE_FULL, "%s", "");
    }
    if (rt_item_store_put(&queue->items, item) != 0) {
        return -1;
    }
    queue->unfinished++;
    rt_async_event_clear(queue->finished);
    return queue->getters.count > 0 ? wake_next(&queue->getters) : 0;
}

struct rt_object *
rt_async_queue_get_nowait(struct rt_object *object)
{
    struct queue *queue = as_queue(object);
    if (rt_item_store_size(&queue->items) == 0) {
        queue->is_shut_down ? raise_shut_down()
                            : rt_error_set(RT_ERROR_QUEUE_EMPTY, "%s", "");
        return NULL;
    }
    struct rt_object *item = rt_item_store_get(&queue->items);
    if (queue->putters.count > 0 && wake_next(&queue->putters) != 0) {
        rt_clear(&item);
    }
    return item;
}

// --- waiting ---------------------------------------------------------------

struct transfer {
    struct rt_coroutine frame;
    struct rt_object *queue, *waiter;
};

struct putting { // the other one has no item, and so the size of a future
    struct transfer transfer;
    struct rt_object *item;
};

static int
get_in_line(struct transfer *my, struct rt_waiters *waiters)
{
    struct rt_object *waiter = rt_waiters_add(waiters);
    if (waiter == NULL) {
        return -1;
    }
    rt_set_ref(&my->waiter, rt_new_ref(waiter));
    return 0;
}

/* Waiting has failed, most likely because it was cancelled. If it was woken
 * for something, that is for the next in line. */
static void
give_up(struct transfer *my, struct rt_waiters *waiters, bool is_possible)
{
    struct rt_object *error = rt_exception_catch();
    rt_future_cancel(my->waiter, NULL);
    rt_waiters_remove(waiters, my->waiter);
    if (is_possible && !rt_future_is_cancelled(my->waiter)) {
        (void)wake_next(waiters);
    }
    rt_exception_raise(error);
    rt_decref(error);
}

static enum rt_sent
put_body(struct rt_coroutine *frame, struct rt_object *sent,
         struct rt_object **result)
{
    struct transfer *my = (struct transfer *)frame;
    struct queue *queue = as_queue(my->queue);
    RT_BEGIN;
    while (rt_async_queue_is_full(my->queue) && !queue->is_shut_down) {
        if (get_in_line(my, &queue->putters) != 0) {
            RT_FAIL;
        }
        RT_AWAIT_NEW(my->waiter);
        if (sent == NULL) {
            give_up(my, &queue->putters, !rt_async_queue_is_full(my->queue));
            RT_FAIL;
        }
    }
    if (rt_async_queue_put_nowait(my->queue,
                                  ((struct putting *)frame)->item) != 0) {
        RT_FAIL;
    }
    RT_END;
}

static enum rt_sent
get_body(struct rt_coroutine *frame, struct rt_object *sent,
         struct rt_object **result)
{
    struct transfer *my = (struct transfer *)frame;
    struct queue *queue = as_queue(my->queue);
    RT_BEGIN;
    while (rt_item_store_size(&queue->items) == 0 && !queue->is_shut_down) {
        if (get_in_line(my, &queue->getters) != 0) {
            RT_FAIL;
        }
        RT_AWAIT_NEW(my->waiter);
        if (sent == NULL) {
            give_up(my, &queue->getters,
                    rt_item_store_size(&queue->items) > 0);
            RT_FAIL;
        }
    }
    *result = rt_async_queue_get_nowait(my->queue);
    return *result != NULL ? RT_SENT_RETURN : RT_SENT_ERROR;
    RT_END;
}

static void *
make(const struct rt_code *code, struct rt_object *queue)
{
    struct transfer *my = rt_coroutine_new(code);
    if (my != NULL) {
        my->queue = rt_new_ref(queue);
    }
    return my;
}

struct rt_object *
rt_async_queue_put(struct rt_object *queue, struct rt_object *item)
{
    static const struct rt_code PUT =
        RT_COROUTINE("put", struct putting, 3, put_body);
    struct putting *my = make(&PUT, queue);
    if (my != NULL) {
        my->item = rt_new_ref(item);
    }
    return (struct rt_object *)my;
}

struct rt_object *
rt_async_queue_get(struct rt_object *queue)
{
    static const struct rt_code GET =
        RT_COROUTINE("get", struct transfer, 2, get_body);
    return make(&GET, queue);
}

// --- the end ---------------------------------------------------------------

/* All who wait look again. */
static int
wake_all(struct rt_waiters *waiters)
{
    int result = 0;
    while (result == 0 && waiters->count > 0) {
        result = wake_next(waiters);
    }
    return result;
}

int
rt_async_queue_shut_down(struct rt_object *object, bool is_immediate)
{
    struct queue *queue = as_queue(object);
    queue->is_shut_down = true;
    while (is_immediate && rt_item_store_size(&queue->items) > 0) {
        rt_decref(rt_item_store_get(&queue->items));
        if (queue->unfinished > 0 && rt_async_queue_task_done(object) != 0) {
            return -1;
        }
    }
    return wake_all(&queue->getters) == 0 ? wake_all(&queue->putters) : -1;
}

// --- until all is done -----------------------------------------------------

int
rt_async_queue_task_done(struct rt_object *object)
{
    struct queue *queue = as_queue(object);
    if (queue->unfinished <= 0) {
        return rt_error_set(RT_ERROR_VALUE,
                            "task_done() called too many times");
    }
    queue->unfinished--;
    return queue->unfinished == 0 ? rt_async_event_set(queue->finished) : 0;
}

/* The event is set whenever nothing is unfinished. */
struct rt_object *
rt_async_queue_join(struct rt_object *queue)
{
    return rt_async_event_wait(as_queue(queue)->finished);
}
