/* Wrong on purpose: the exception of a late child is asked for, and the
 * reference is not given back. */
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/list.h"
#include "labs/runtime/none.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"

static struct rt_gather *
gather_of(struct rt_object *object)
{
    return (struct rt_gather *)object;
}

/* The pending error becomes the end. */
static int
end_with_pending(struct rt_object *outer)
{
    struct rt_object *exception = rt_exception_catch();
    int rc = rt_future_set_exception(outer, exception);
    rt_decref(exception);
    return rc;
}

static struct rt_object *
result_of(struct rt_object *child)
{
    if (rt_future_is_cancelled(child)) {
        struct rt_object *why = ((struct rt_future *)child)->value;
        const char *text =
            why != NULL && rt_str_check(why) ? rt_str_text(why) : "";
        return rt_exception_new(RT_ERROR_CANCELLED, text);
    }
    if (((struct rt_future *)child)->is_failed) {
        return rt_future_exception(child);
    }
    return rt_future_result(child);
}

static struct rt_object *
results_of(struct rt_object *children)
{
    struct rt_object *list = rt_list_new();
    if (list == NULL) {
        return NULL;
    }
    size_t count = rt_list_size(children);
    for (size_t i = 0; i < count; i++) {
        struct rt_object *result = result_of(rt_list_at(children, i));
        int rc = result == NULL ? -1 : rt_list_append(list, result);
        rt_xdecref(result);
        if (rc < 0) {
            rt_decref(list);
            return NULL;
        }
    }
    return list;
}

static int
end_with_list(struct rt_object *outer)
{
    struct rt_object *children = gather_of(outer)->children;
    struct rt_object *list = results_of(children);
    if (list == NULL) {
        return end_with_pending(outer);
    }
    int rc;
    if (gather_of(outer)->is_cancel_requested) {
        rt_future_raise_cancelled(
            rt_list_at(children, rt_list_size(children) - 1));
        rc = end_with_pending(outer);
    }
    else {
        rc = rt_future_set_result(outer, list);
    }
    rt_decref(list);
    return rc;
}

int
rt_gather_call(struct rt_object *outer, struct rt_object *child)
{
    struct rt_gather *gather = gather_of(outer);
    gather->finished++;
    if (rt_future_is_done(outer)) {
        if (!rt_future_is_cancelled(child))
            rt_future_exception(child);
        return 0;
    }
    if (!gather->return_exceptions &&
        rt_future_error(child) != RT_ERROR_NONE) {
        struct rt_object *result = rt_future_result(child);
        rt_xdecref(result);
        return end_with_pending(outer);
    }
    return gather->finished == gather->expected ? end_with_list(outer) : 0;
}

bool
rt_gather_cancel(struct rt_object *outer, struct rt_object *message)
{
    struct rt_gather *gather = gather_of(outer);
    if (rt_future_is_done(outer)) {
        return false;
    }
    bool any = false;
    for (size_t i = 0; i < rt_list_size(gather->children); i++) {
        if (rt_future_cancel(rt_list_at(gather->children, i), message)) {
            any = true;
        }
    }
    if (any) {
        gather->is_cancel_requested = true;
    }
    return any;
}

struct rt_object *
rt_ensure_future(struct rt_loop *loop, struct rt_object *awaitable)
{
    if (awaitable == NULL || rt_future_check(awaitable)) {
        return awaitable;
    }
    return rt_task_new(loop, awaitable);
}

static int
add_children(struct rt_loop *loop, struct rt_object *outer,
             struct rt_object *awaitables)
{
    size_t count = rt_list_size(awaitables);
    for (size_t i = 0; i < count; i++) {
        struct rt_object *item = rt_list_at(awaitables, i);
        struct rt_object *child =
            rt_ensure_future(loop, rt_new_ref(item == NULL ? rt_none : item));
        if (child == NULL) {
            return -1;
        }
        if (child != item) {
            ((struct rt_future *)child)->is_quiet = 1;
        }
        int rc = rt_list_append(gather_of(outer)->children, child);
        rt_decref(child);
        if (rc < 0) {
            return -1;
        }
    }
    return 0;
}

static int
listen_to(struct rt_object *outer, struct rt_object *seen,
          struct rt_object *done)
{
    struct rt_gather *gather = gather_of(outer);
    size_t count = rt_list_size(gather->children);
    for (size_t i = 0; i < count; i++) {
        struct rt_object *child = rt_list_at(gather->children, i);
        if (rt_dict_get(seen, child) != NULL) {
            continue;
        }
        if (rt_error_occurred() != RT_ERROR_NONE ||
            rt_dict_set(seen, child, child) < 0) {
            return -1;
        }
        gather->expected++;
        int rc = rt_future_is_done(child)
                     ? rt_list_append(done, child)
                     : rt_future_add_done_callback(child, outer);
        if (rc < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < rt_list_size(done); i++) {
        if (rt_gather_call(outer, rt_list_at(done, i)) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
build(struct rt_loop *loop, struct rt_object *outer,
      struct rt_object *awaitables)
{
    if (add_children(loop, outer, awaitables) < 0) {
        return -1;
    }
    if (rt_list_size(awaitables) == 0) {
        return end_with_list(outer);
    }
    struct rt_object *seen = rt_dict_new();
    struct rt_object *done = seen == NULL ? NULL : rt_list_new();
    int rc = done == NULL ? -1 : listen_to(outer, seen, done);
    rt_xdecref(seen);
    rt_xdecref(done);
    return rc;
}

struct rt_object *
rt_gather(struct rt_loop *loop, struct rt_object *awaitables,
          bool return_exceptions)
{
    struct rt_object *outer = rt_gather_new(loop, return_exceptions);
    if (outer == NULL) {
        return NULL;
    }
    if (build(loop, outer, awaitables) < 0) {
        struct rt_error_state error = rt_error_fetch();
        if (!rt_future_is_done(outer)) {
            rt_future_end_cancelled(outer, NULL);
        }
        rt_decref(outer);
        rt_error_restore(&error);
        return NULL;
    }
    return outer;
}
