#include "labs/runtime/wait.h"

#include <math.h>

#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/tuple.h"

/* The callback of all the futures. */
struct counter {
    struct rt_object head;
    struct rt_object *waiter; // ours: a future
    struct rt_object *timer;  // ours, or NULL
    size_t left;
    enum rt_wait mode;
};

static int
release(struct rt_object *waiter)
{
    return rt_future_is_done(waiter) ? 0
                                     : rt_future_set_result(waiter, rt_none);
}

static struct rt_static_function releaser = RT_STATIC_FUNCTION(release);

/* An error counts whatever it is, unless the future was cancelled; it is seen
 * when it decides. */
static bool
is_enough(const struct counter *counter, struct rt_future *future)
{
    if (counter->left == 0 || counter->mode == RT_WAIT_FIRST) {
        return true;
    }
    if (counter->mode == RT_WAIT_ALL || !future->is_failed) {
        return false;
    }
    future->is_unseen = false;
    return true;
}

/* One is done (_on_completion). */
static int
counter_call(struct rt_object *object, struct rt_object *future)
{
    struct counter *counter = (struct counter *)object;
    if (counter->left > 0) {
        counter->left--;
    }
    if (!is_enough(counter, (struct rt_future *)future)) {
        return 0;
    }
    if (counter->timer != NULL) {
        rt_handle_cancel(counter->timer);
    }
    return release(counter->waiter);
}

static int
counter_traverse(struct rt_object *object,
                 int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *waiter = ((struct counter *)object)->waiter;
    return waiter != NULL ? visit(waiter, data) : 0;
}

static void
counter_clear(struct rt_object *object)
{
    rt_clear(&((struct counter *)object)->waiter);
    rt_clear(&((struct counter *)object)->timer);
}

static void
counter_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    counter_clear(object);
    rt_gc_free(object);
}

static const struct rt_type counter_type = {
    .name = "function",
    .basicsize = sizeof(struct counter),
    .dealloc = counter_dealloc,
    .traverse = counter_traverse,
    .clear = counter_clear,
    .call = counter_call,
};

static struct rt_object *
new_counter(double timeout_s, enum rt_wait mode)
{
    struct rt_loop *loop = rt_loop_get_running();
    struct rt_object *object =
        loop != NULL ? rt_gc_new(&counter_type, 0) : NULL;
    if (object == NULL) {
        return NULL;
    }
    struct counter *counter = (struct counter *)object;
    *counter = (struct counter){.head = counter->head, .mode = mode};
    counter->waiter = rt_future_new(loop);
    if (counter->waiter != NULL && !isinf(timeout_s)) {
        counter->timer = rt_loop_call_later(loop, timeout_s, &releaser.head,
                                            counter->waiter);
    }
    rt_gc_track(object);
    if (counter->waiter == NULL ||
        (!isinf(timeout_s) && counter->timer == NULL)) {
        rt_clear(&object);
    }
    return object;
}

// --- the coroutine ---------------------------------------------------------

struct wait {
    struct rt_coroutine frame;
    struct rt_object *futures; // a list
    struct rt_object *counter;
    double timeout_s;
    enum rt_wait mode;
};

/* Whether it has stood in the list before this place. */
static bool
is_repeated(struct rt_object *futures, size_t at)
{
    const struct rt_object *future = rt_list_at(futures, at);
    for (size_t i = 0; i < at; i++) {
        if (rt_list_at(futures, i) == future) {
            return true;
        }
    }
    return false;
}

static int
watch_all(struct wait *my)
{
    struct counter *counter = (struct counter *)my->counter;
    for (size_t i = 0; i < rt_list_size(my->futures); i++) {
        if (is_repeated(my->futures, i)) {
            continue;
        }
        if (rt_future_add_done_callback(rt_list_at(my->futures, i),
                                        my->counter) != 0) {
            return -1;
        }
        counter->left++;
    }
    return 0;
}

static void
watch_no_more(struct wait *my)
{
    const struct counter *counter = (struct counter *)my->counter;
    if (counter->timer != NULL) {
        rt_handle_cancel(counter->timer);
    }
    for (size_t i = 0; i < rt_list_size(my->futures); i++) {
        rt_future_remove_done_callback(rt_list_at(my->futures, i),
                                       my->counter);
    }
}

/* A new list of the futures that are done, or of those that are not. */
static struct rt_object *
select_futures(struct rt_object *futures, bool is_done)
{
    struct rt_object *list = rt_list_new();
    for (size_t i = 0; list != NULL && i < rt_list_size(futures); i++) {
        struct rt_object *future = rt_list_at(futures, i);
        if (rt_future_is_done(future) == is_done && !is_repeated(futures, i) &&
            rt_list_append(list, future) != 0) {
            rt_clear(&list);
        }
    }
    return list;
}

static struct rt_object *
both_sets(struct rt_object *futures)
{
    struct rt_object *sets[] = {select_futures(futures, true),
                                select_futures(futures, false)};
    struct rt_object *both =
        sets[0] != NULL && sets[1] != NULL ? rt_tuple_new(sets, 2) : NULL;
    rt_xdecref(sets[0]);
    rt_xdecref(sets[1]);
    return both;
}

static enum rt_sent
wait_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct wait *my = (struct wait *)frame;
    RT_BEGIN;
    my->counter = new_counter(my->timeout_s, my->mode);
    if (my->counter == NULL || watch_all(my) != 0) {
        RT_FAIL;
    }
    RT_AWAIT(rt_new_ref(((struct counter *)my->counter)->waiter));
    watch_no_more(my);
    if (sent == NULL) {
        RT_FAIL;
    }
    *result = both_sets(my->futures);
    return *result != NULL ? RT_SENT_RETURN : RT_SENT_ERROR;
    RT_END;
}

static const struct rt_code wait_code =
    RT_COROUTINE("wait", struct wait, 2, wait_body);

struct rt_object *
rt_wait(struct rt_object *futures, double timeout_s, enum rt_wait mode)
{
    if (rt_list_size(futures) == 0) {
        rt_error_set(RT_ERROR_VALUE, "Set of Tasks/Futures is empty.");
        return NULL;
    }
    struct wait *my = rt_coroutine_new(&wait_code);
    if (my == NULL) {
        return NULL;
    }
    my->futures = rt_new_ref(futures);
    my->timeout_s = timeout_s;
    my->mode = mode;
    return &my->frame.head;
}
