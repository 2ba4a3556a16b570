/* Another right solution: the gather is nobody's callback. Each child has a
 * bell, a closure that knows the gather, and the bells stand in a dict by
 * their children, which tells repetitions, too. Children are asked to end from
 * the first to the last, and what they answer is counted in the gather. */
#include "labs/runtime/closure.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"

enum end {
    NOT_YET,
    WITH_ERROR_OF_CHILD,
    WITH_RESULTS,
    AS_CANCELLED
};

/* How the gather is to end, now that this child is done. */
static enum end
decide(const struct rt_gather *gather, struct rt_object *child)
{
    bool is_error = rt_future_is_cancelled(child) ||
                    ((struct rt_future *)child)->is_failed;
    if (is_error && !gather->return_exceptions) {
        return WITH_ERROR_OF_CHILD;
    }
    if (gather->finished < gather->expected) {
        return NOT_YET;
    }
    return gather->is_cancel_requested ? AS_CANCELLED : WITH_RESULTS;
}

static struct rt_object *
take(struct rt_object *child)
{
    struct rt_future *future = (struct rt_future *)child;
    if (rt_future_is_cancelled(child)) {
        bool is_text = future->value != NULL && rt_str_check(future->value);
        return rt_exception_new(RT_ERROR_CANCELLED,
                                is_text ? rt_str_text(future->value) : "");
    }
    future->is_unseen = false;
    return rt_new_ref(future->value); // a result or an exception
}

static struct rt_object *
take_all(struct rt_object *children)
{
    struct rt_object *list = rt_list_new();
    for (size_t i = 0; i < rt_list_size(children) && list != NULL; i++) {
        struct rt_object *item = take(rt_list_at(children, i));
        int status = item != NULL ? rt_list_append(list, item) : -1;
        rt_xdecref(item);
        if (status != 0) {
            rt_clear(&list);
        }
    }
    return list;
}

/* The pending error. */
static int
end_with_error(struct rt_object *outer)
{
    struct rt_object *error = rt_exception_catch();
    int status = rt_future_finish(outer, error, true);
    rt_decref(error);
    return status;
}

static int
end_with_all(struct rt_gather *gather, enum end how)
{
    struct rt_object *outer = &gather->future.head;
    struct rt_object *last =
        rt_list_at(gather->children, rt_list_size(gather->children) - 1);
    struct rt_object *list = take_all(gather->children);
    int status = 0;
    if (list != NULL && how == AS_CANCELLED) {
        rt_clear(&list);
        rt_future_raise_cancelled(last);
    }
    status = list != NULL ? rt_future_set_result(outer, list)
                          : end_with_error(outer);
    rt_xdecref(list);
    return status;
}

int
rt_gather_call(struct rt_object *outer, struct rt_object *child)
{
    struct rt_gather *gather = (struct rt_gather *)outer;
    gather->finished++;
    if (rt_future_is_done(outer)) {
        ((struct rt_future *)child)->is_unseen = false;
        return 0;
    }
    enum end how = decide(gather, child);
    if (how == WITH_ERROR_OF_CHILD) {
        (void)rt_future_result(child);
        return end_with_error(outer);
    }
    return how == NOT_YET ? 0 : end_with_all(gather, how);
}

bool
rt_gather_cancel(struct rt_object *outer, struct rt_object *message)
{
    struct rt_gather *gather = (struct rt_gather *)outer;
    bool is_any = false;
    size_t count =
        rt_future_is_done(outer) ? 0 : rt_list_size(gather->children);
    for (size_t i = 0; i < count; i++) {
        struct rt_object *child = rt_list_at(gather->children, i);
        bool is_this = rt_future_cancel(child, message);
        is_any = is_any || is_this;
    }
    gather->is_cancel_requested = gather->is_cancel_requested || is_any;
    return is_any;
}

struct rt_object *
rt_ensure_future(struct rt_loop *loop, struct rt_object *awaitable)
{
    if (awaitable == NULL) {
        return NULL;
    }
    return rt_future_check(awaitable) ? awaitable
                                      : rt_task_new(loop, awaitable);
}

/* Hangs a bell on a child that has none. */
static int
hang_bell(struct rt_object *outer, struct rt_object *child,
          struct rt_object *bells)
{
    if (rt_dict_get(bells, child) != NULL) {
        return 0;
    }
    struct rt_object *bell = rt_closure_new(rt_gather_call, outer);
    if (bell == NULL) {
        return -1;
    }
    int status = rt_dict_set(bells, child, bell);
    ((struct rt_gather *)outer)->expected++;
    if (status == 0 && !rt_future_is_done(child)) {
        status = rt_future_add_done_callback(child, bell);
    }
    rt_decref(bell);
    return status;
}

static int
adopt(struct rt_object *outer, struct rt_loop *loop,
      struct rt_object *awaitable, struct rt_object *bells)
{
    struct rt_object *child = rt_ensure_future(loop, rt_new_ref(awaitable));
    if (child == NULL) {
        return -1;
    }
    ((struct rt_future *)child)->is_quiet |= child != awaitable;
    int status = hang_bell(outer, child, bells);
    if (status == 0) {
        status = rt_list_append(((struct rt_gather *)outer)->children, child);
    }
    rt_decref(child);
    return status;
}

/* Rings for those that were done before: no other can be done by now. */
static int
ring(struct rt_object *bells)
{
    struct rt_object *child = NULL;
    struct rt_object *bell = NULL;
    size_t position = 0;
    while (rt_dict_next(bells, &position, &child, &bell)) {
        if (rt_future_is_done(child) &&
            bell->ob_type->call(bell, child) != 0) {
            return -1;
        }
    }
    return 0;
}

struct rt_object *
rt_gather(struct rt_loop *loop, struct rt_object *awaitables,
          bool return_exceptions)
{
    struct rt_object *outer = rt_gather_new(loop, return_exceptions);
    struct rt_object *bells = outer != NULL ? rt_dict_new() : NULL;
    int status = bells != NULL ? 0 : -1;
    size_t count = rt_list_size(awaitables);
    for (size_t i = 0; i < count && status == 0; i++) {
        status = adopt(outer, loop, rt_list_at(awaitables, i), bells);
    }
    if (status == 0) {
        status = ring(bells);
    }
    if (status == 0 && count == 0) {
        struct rt_object *empty = rt_list_new();
        status = empty != NULL ? rt_future_set_result(outer, empty) : -1;
        rt_xdecref(empty);
    }
    if (status != 0) {
        rt_clear(&outer);
    }
    rt_xdecref(bells);
    return outer;
}
