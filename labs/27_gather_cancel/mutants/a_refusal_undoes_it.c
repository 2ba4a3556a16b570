/* Wrong on purpose: only the children tell whether the gather was cancelled.
 */
#include "labs/runtime/compat.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"

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

static bool
is_one_cancelled(struct rt_object *children)
{
    bool is_one = false;
    for (size_t i = 0; i < rt_list_size(children); i++) {
        is_one |= rt_future_is_cancelled(rt_list_at(children, i));
    }
    return is_one;
}

/* All children are done. A cancelled gather reads the results, too: the errors
 * among them count as seen; what it says is what the last one in their order
 * would say. */
static int
end(struct rt_gather *gather)
{
    struct rt_object *outer = &gather->future.head;
    size_t count = rt_list_size(gather->children);
    struct rt_object *last = rt_list_at(gather->children, count - 1);
    struct rt_object *results = results_of(gather->children);
    int result = 0;
    if (results == NULL) {
        return fail(outer);
    }
    if (!gather->is_cancel_requested || !is_one_cancelled(gather->children)) {
        result = rt_future_set_result(outer, results);
    }
    else {
        rt_future_raise_cancelled(last);
        result = fail(outer);
    }
    rt_decref(results);
    return result;
}

int
rt_gather_call(struct rt_object *outer, struct rt_object *child)
{
    struct rt_gather *gather = (struct rt_gather *)outer;
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
    return gather->finished == gather->expected ? end(gather) : 0;
}

// --- cancelling ------------------------------------------------------------

bool
rt_gather_cancel(struct rt_object *outer, struct rt_object *message)
{
    struct rt_gather *gather = (struct rt_gather *)outer;
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

// --- making one ------------------------------------------------------------

struct rt_object *
rt_ensure_future(struct rt_loop *loop, struct rt_object *awaitable)
{
    return awaitable == NULL || rt_future_check(awaitable)
               ? awaitable
               : rt_task_new(loop, awaitable);
}

/* Whether the child is there already: then it is one of those that were done
 * before, or the gather is its callback. */
static bool
is_repeated(const struct rt_gather *gather, struct rt_object *child,
            struct rt_object *done)
{
    const struct rt_callbacks *callbacks =
        &((const struct rt_future *)child)->callbacks;
    for (size_t i = 0; i < rt_callbacks_count(callbacks); i++) {
        if (rt_callbacks_at(callbacks, i) == &gather->future.head) {
            return true;
        }
    }
    return rt_dict_get(done, child) != NULL;
}

/* Up to 3.11 a child that is done is heard of in the next turn like the
 * others, later on at the end of rt_gather(). */
static int
listen_to(struct rt_gather *gather, struct rt_object *child,
          struct rt_object *done)
{
    gather->expected++;
    if (rt_future_is_done(child) && rt_dict_set(done, child, child) != 0) {
        return -1;
    }
    return rt_future_is_done(child) && rt_compat_minor() >= 12
               ? 0
               : rt_future_add_done_callback(child, &gather->future.head);
}

/* Adds what awaitable stands for, borrowed. */
static int
add_child(struct rt_gather *gather, struct rt_object *awaitable,
          struct rt_object *done)
{
    struct rt_object *child = rt_ensure_future(
        rt_future_loop(&gather->future.head), rt_new_ref(awaitable));
    if (child == NULL) {
        return -1;
    }
    int result = rt_list_append(gather->children, child);
    if (child != awaitable) { // nobody has this task who could wait for it
        ((struct rt_future *)child)->is_quiet = true;
    }
    if (result == 0 && !is_repeated(gather, child, done)) {
        result = listen_to(gather, child, done);
    }
    rt_decref(child);
    return result;
}

static int
add_children(struct rt_gather *gather, struct rt_object *awaitables,
             struct rt_object *done)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < rt_list_size(awaitables); i++) {
        result = add_child(gather, rt_list_at(awaitables, i), done);
    }
    if (result == 0 && gather->expected == 0) {
        result = rt_future_set_result(&gather->future.head, gather->children);
    }
    return result;
}

/* Those that were done before, in their order. */
static int
hear_of(struct rt_gather *gather, struct rt_object *done)
{
    struct rt_object *child = NULL;
    struct rt_object *value = NULL;
    size_t position = 0;
    int result = 0;
    while (result == 0 && rt_compat_minor() >= 12 &&
           rt_dict_next(done, &position, &child, &value)) {
        result = rt_gather_call(&gather->future.head, child);
    }
    return result;
}

struct rt_object *
rt_gather(struct rt_loop *loop, struct rt_object *awaitables,
          bool return_exceptions)
{
    struct rt_object *outer = rt_gather_new(loop, return_exceptions);
    struct rt_object *done = outer != NULL ? rt_dict_new() : NULL;
    if (done == NULL ||
        add_children((struct rt_gather *)outer, awaitables, done) != 0 ||
        hear_of((struct rt_gather *)outer, done) != 0) {
        rt_clear(&outer);
    }
    rt_xdecref(done);
    return outer;
}
