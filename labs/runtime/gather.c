#include "labs/runtime/gather.h"

#include "labs/runtime/compat.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"

struct gather {
    struct rt_future future;
    struct rt_object *children; // ours: a list of futures
    size_t expected;            // children, without repetitions
    size_t finished;            // of them
    bool return_exceptions;
    bool is_cancel_requested;
};

// --- results ---------------------------------------------------------------

/* What stands for a child in the list of results: a new reference. */
static struct rt_object *
result_of(struct rt_object *child)
{
    const struct rt_future *future = (struct rt_future *)child;
    const char *text = "";
    if (future->state != RT_FUTURE_CANCELLED) {
        struct rt_object *exception = rt_future_exception(child);
        return exception != NULL ? exception : rt_future_result(child);
    }
    if (future->value != NULL && rt_str_check(future->value)) {
        text = rt_str_text(future->value);
    }
    return rt_exception_new(RT_ERROR_CANCELLED, text);
}

static struct rt_object *
results_of(struct rt_object *children)
{
    struct rt_object *results = rt_list_new();
    size_t count = rt_list_size(children);
    for (size_t i = 0; results != NULL && i < count; i++) {
        struct rt_object *result = result_of(rt_list_at(children, i));
        if (result == NULL || rt_list_append(results, result) != 0) {
            rt_clear(&results);
        }
        rt_xdecref(result);
    }
    return results;
}

/* Fails with the pending error. */
static int
fail(struct rt_object *outer)
{
    struct rt_object *exception = rt_exception_catch();
    int result = rt_future_set_exception(outer, exception);
    rt_decref(exception);
    return result;
}

/* All children are done. */
static int
succeed(struct gather *gather)
{
    struct rt_object *outer = &gather->future.head;
    if (gather->is_cancel_requested) {
        rt_error_set(RT_ERROR_CANCELLED, "%s", "");
        return fail(outer);
    }
    struct rt_object *results = results_of(gather->children);
    if (results == NULL) {
        return fail(outer);
    }
    int result = rt_future_set_result(outer, results);
    rt_decref(results);
    return result;
}

/* A child is done (_done_callback). */
static int
gather_call(struct rt_object *outer, struct rt_object *child)
{
    struct gather *gather = (struct gather *)outer;
    enum rt_error error = rt_future_error(child);
    gather->finished++;
    if (rt_future_is_done(outer)) {
        ((struct rt_future *)child)->is_unseen = false;
        return 0;
    }
    if (error != RT_ERROR_NONE && !gather->return_exceptions) {
        (void)rt_future_result(child); // raises
        return fail(outer);
    }
    return gather->finished == gather->expected ? succeed(gather) : 0;
}

// --- as a future -----------------------------------------------------------

static bool
gather_cancel(struct rt_object *outer, struct rt_object *message)
{
    struct gather *gather = (struct gather *)outer;
    bool is_possible = false;
    if (rt_future_is_done(outer)) {
        return false;
    }
    for (size_t i = 0; i < rt_list_size(gather->children); i++) {
        is_possible |=
            rt_future_cancel(rt_list_at(gather->children, i), message);
    }
    gather->is_cancel_requested |= is_possible;
    return is_possible;
}

static int
gather_traverse(struct rt_object *object,
                int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *children = ((struct gather *)object)->children;
    int result = rt_future_traverse(object, visit, data);
    return result == 0 && children != NULL ? visit(children, data) : result;
}

static void
gather_clear(struct rt_object *object)
{
    rt_future_clear(object);
    rt_clear(&((struct gather *)object)->children);
}

static void
gather_dealloc(struct rt_object *object)
{
    if (((struct rt_future *)object)->is_unseen &&
        rt_call_finalizer_from_dealloc(object) != 0) {
        return;
    }
    rt_gc_untrack(object);
    gather_clear(object);
    rt_gc_free(object);
}

static const struct rt_future_type gather_type = {
    .type = {.name = "_GatheringFuture",
             .basicsize = sizeof(struct gather),
             .dealloc = gather_dealloc,
             .finalize = rt_future_finalize,
             .traverse = gather_traverse,
             .clear = gather_clear,
             .call = gather_call,
             .send = rt_future_send},
    .cancel = gather_cancel,
};

// --- making one ------------------------------------------------------------

struct rt_object *
rt_ensure_future(struct rt_loop *loop, struct rt_object *awaitable)
{
    if (awaitable == NULL || rt_future_check(awaitable)) {
        return awaitable;
    }
    struct rt_object *task = rt_task_new(loop, awaitable);
    if (task != NULL) {
        ((struct rt_future *)task)->is_quiet = true; // the caller never had it
    }
    return task;
}

/* Whether the child is there already: then the gather is its callback, or it
 * was done before. */
static bool
is_repeated(const struct gather *gather, const struct rt_object *child)
{
    const struct rt_callbacks *callbacks =
        &((const struct rt_future *)child)->callbacks;
    for (size_t i = 0; i < rt_callbacks_count(callbacks); i++) {
        if (rt_callbacks_at(callbacks, i) == &gather->future.head) {
            return true;
        }
    }
    for (size_t i = 0;
         rt_future_is_done(child) && i < rt_list_size(gather->children); i++) {
        if (rt_list_at(gather->children, i) == child) {
            return true;
        }
    }
    return false;
}

/* Adds a child, borrowed. Up to 3.11 those that are done are heard of in the
 * next turn like the others, later on at the end of rt_gather(). */
static int
add_child(struct gather *gather, struct rt_object *child,
          struct rt_object *done)
{
    struct rt_object *outer = &gather->future.head;
    int result = 0;
    if (!is_repeated(gather, child)) {
        gather->expected++;
        result = rt_future_is_done(child) && rt_compat_minor() >= 12
                     ? rt_list_append(done, child)
                     : rt_future_add_done_callback(child, outer);
    }
    return result == 0 ? rt_list_append(gather->children, child) : -1;
}

static int
add_children(struct gather *gather, struct rt_object *awaitables,
             struct rt_object *done)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < rt_list_size(awaitables); i++) {
        struct rt_object *child = rt_ensure_future(
            gather->future.loop, rt_new_ref(rt_list_at(awaitables, i)));
        result = child != NULL ? add_child(gather, child, done) : -1;
        rt_xdecref(child);
    }
    for (size_t i = 0; result == 0 && i < rt_list_size(done); i++) {
        result = gather_call(&gather->future.head, rt_list_at(done, i));
    }
    if (result == 0 && gather->expected == 0) {
        result = rt_future_set_result(&gather->future.head, gather->children);
    }
    return result;
}

static struct rt_object *
new_gather(struct rt_loop *loop, bool return_exceptions)
{
    struct rt_object *children = rt_list_new();
    struct rt_object *object =
        children != NULL ? rt_gc_new(&gather_type.type, 0) : NULL;
    if (object == NULL) {
        rt_xdecref(children);
        return NULL;
    }
    struct gather *gather = (struct gather *)object;
    rt_future_init(&gather->future, loop);
    gather->children = children;
    gather->expected = gather->finished = 0;
    gather->return_exceptions = return_exceptions;
    gather->is_cancel_requested = false;
    rt_gc_track(object);
    return object;
}

struct rt_object *
rt_gather(struct rt_loop *loop, struct rt_object *awaitables,
          bool return_exceptions)
{
    struct rt_object *outer = new_gather(loop, return_exceptions);
    struct rt_object *done = outer != NULL ? rt_list_new() : NULL;
    if (done == NULL ||
        add_children((struct gather *)outer, awaitables, done) != 0) {
        rt_clear(&outer);
    }
    rt_xdecref(done);
    return outer;
}
