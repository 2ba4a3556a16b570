#include "labs/runtime/as_completed.h"

#include <math.h>

#include "labs/runtime/async_queue.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"

struct results {
    struct rt_object head;
    struct rt_object *done;  // ours: a queue of futures, None for a late one
    struct rt_object *todo;  // ours: keys of a dict
    struct rt_object *timer; // ours, or NULL
    size_t left;             // results that nobody has asked for
};

static struct results *
as_results(struct rt_object *object)
{
    return (struct results *)object;
}

/* The time is over (_on_timeout). */
static int
give_up(struct rt_object *object)
{
    struct results *results = as_results(object);
    size_t position = 0;
    struct rt_object *future = NULL;
    struct rt_object *value = NULL;
    while (rt_dict_next(results->todo, &position, &future, &value)) {
        rt_future_remove_done_callback(future, object);
        if (rt_async_queue_put_nowait(results->done, rt_none) != 0) {
            return -1;
        }
    }
    rt_dict_clear(results->todo);
    return 0;
}

/* As the callback of the futures (_on_completion), and of the timer. */
static int
results_call(struct rt_object *object, struct rt_object *future)
{
    struct results *results = as_results(object);
    if (future == NULL) {
        return give_up(object);
    }
    if (rt_dict_size(results->todo) == 0) {
        return 0; // too late
    }
    if (rt_dict_remove(results->todo, future) < 0 ||
        rt_async_queue_put_nowait(results->done, future) != 0) {
        return -1;
    }
    if (rt_dict_size(results->todo) == 0 && results->timer != NULL) {
        rt_handle_cancel(results->timer);
    }
    return 0;
}

static int
results_traverse(struct rt_object *object,
                 int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct results *results = as_results(object);
    int result = results->done != NULL ? visit(results->done, data) : 0;
    return result == 0 && results->todo != NULL ? visit(results->todo, data)
                                                : result;
}

static void
results_clear(struct rt_object *object)
{
    rt_clear(&as_results(object)->done);
    rt_clear(&as_results(object)->todo);
    rt_clear(&as_results(object)->timer);
}

static void
results_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    results_clear(object);
    rt_gc_free(object);
}

static const struct rt_type results_type = {
    .name = "_AsCompletedIterator",
    .basicsize = sizeof(struct results),
    .dealloc = results_dealloc,
    .traverse = results_traverse,
    .clear = results_clear,
    .call = results_call,
};

// --- beginning -------------------------------------------------------------

static struct rt_object *
new_results(void)
{
    struct rt_object *object = rt_gc_new(&results_type, 0);
    if (object == NULL) {
        return NULL;
    }
    struct results *results = as_results(object);
    *results = (struct results){.head = results->head};
    results->done = rt_async_queue_new(RT_QUEUE_FIFO, 0);
    results->todo = rt_dict_new();
    rt_gc_track(object);
    if (results->done == NULL || results->todo == NULL) {
        rt_clear(&object);
    }
    return object;
}

/* 0, or -1 with a pending error. */
static int
watch(struct rt_object *object, struct rt_loop *loop,
      struct rt_object *awaitable)
{
    struct rt_object *future = rt_ensure_future(loop, rt_new_ref(awaitable));
    int result = future != NULL
                     ? rt_dict_set(as_results(object)->todo, future, rt_none)
                     : -1;
    if (result == 0) {
        result = rt_future_add_done_callback(future, object);
    }
    rt_xdecref(future);
    return result;
}

struct rt_object *
rt_as_completed(struct rt_loop *loop, struct rt_object *awaitables,
                double timeout_s)
{
    struct rt_object *object = new_results();
    for (size_t i = 0; object != NULL && i < rt_list_size(awaitables); i++) {
        if (watch(object, loop, rt_list_at(awaitables, i)) != 0) {
            rt_clear(&object);
        }
    }
    if (object == NULL) {
        return NULL;
    }
    struct results *results = as_results(object);
    results->left = rt_dict_size(results->todo);
    if (results->left > 0 && !isinf(timeout_s)) {
        results->timer = rt_loop_call_later(loop, timeout_s, object, NULL);
        if (results->timer == NULL) {
            rt_clear(&object);
        }
    }
    return object;
}

// --- the next one ----------------------------------------------------------

struct next {
    struct rt_coroutine frame;
    struct rt_object *results;
};

static enum rt_sent
next_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct next *my = (struct next *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_async_queue_get(as_results(my->results)->done));
    if (sent == NULL) {
        RT_FAIL;
    }
    if (sent == rt_none) {
        rt_error_set(RT_ERROR_TIMEOUT, "%s", "");
        RT_FAIL;
    }
    *result = rt_future_result(sent);
    return *result != NULL ? RT_SENT_RETURN : RT_SENT_ERROR;
    RT_END;
}

static const struct rt_code next_code =
    RT_COROUTINE("_wait_for_one", struct next, 1, next_body);

struct rt_object *
rt_as_completed_next(struct rt_object *object)
{
    struct results *results = as_results(object);
    struct next *my = results->left > 0 ? rt_coroutine_new(&next_code) : NULL;
    if (my == NULL) {
        return NULL;
    }
    results->left--;
    my->results = rt_new_ref(object);
    return &my->frame.head;
}
