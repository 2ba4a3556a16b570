/* Another right solution, close to CPython's: a dict of all that were there
 * before, done or not (arg_to_fut), and a count that goes down. */
#include "labs/runtime/dict.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"

/* The text of a cancelled future's message. */
static const char *
message_of(const struct rt_future *future)
{
    bool has_text = future->value != NULL && rt_str_check(future->value);
    return has_text ? rt_str_text(future->value) : "";
}

static struct rt_object *
outcome(struct rt_object *child)
{
    const struct rt_future *future = (const struct rt_future *)child;
    if (future->state == RT_FUTURE_CANCELLED) {
        return rt_exception_new(RT_ERROR_CANCELLED, message_of(future));
    }
    if (future->is_failed) {
        return rt_future_exception(child);
    }
    return rt_future_result(child);
}

/* The list of children becomes the list of results. */
static int
replace_all(struct rt_object *list)
{
    for (size_t i = 0; i < rt_list_size(list); i++) {
        struct rt_object *result = outcome(rt_list_at(list, i));
        if (result == NULL) {
            return -1;
        }
        (void)rt_list_set(list, i, result);
        rt_decref(result);
    }
    return 0;
}

static int
give_up(struct rt_object *outer)
{
    struct rt_object *why = rt_exception_catch();
    int status = rt_future_set_exception(outer, why);
    rt_decref(why);
    return status;
}

static int
close_book(struct rt_gather *gather)
{
    struct rt_object *outer = &gather->future.head;
    struct rt_object *last = rt_new_ref(
        rt_list_at(gather->children, rt_list_size(gather->children) - 1));
    bool is_failed = replace_all(gather->children) != 0;
    if (!is_failed && gather->is_cancel_requested) {
        rt_future_raise_cancelled(last);
        is_failed = true;
    }
    rt_decref(last);
    return is_failed ? give_up(outer)
                     : rt_future_set_result(outer, gather->children);
}

int
rt_gather_call(struct rt_object *outer, struct rt_object *child)
{
    struct rt_gather *gather = (struct rt_gather *)outer;
    bool is_bad = rt_future_error(child) != RT_ERROR_NONE;
    gather->expected--;
    if (rt_future_is_done(outer)) {
        if (!rt_future_is_cancelled(child)) {
            rt_xdecref(rt_future_exception(child)); // seen
        }
        return 0;
    }
    if (is_bad && !gather->return_exceptions) {
        struct rt_object *nothing = rt_future_result(child);
        rt_xdecref(nothing);
        return give_up(outer);
    }
    return gather->expected > 0 ? 0 : close_book(gather);
}

bool
rt_gather_cancel(struct rt_object *outer, struct rt_object *message)
{
    struct rt_gather *gather = (struct rt_gather *)outer;
    size_t asked = 0;
    if (rt_future_is_done(outer)) {
        return false;
    }
    for (size_t i = 0; i < rt_list_size(gather->children); i++) {
        struct rt_object *child = rt_list_at(gather->children, i);
        if (rt_future_cancel(child, message)) {
            asked++;
        }
    }
    if (asked > 0) {
        gather->is_cancel_requested = true;
    }
    return asked > 0;
}

struct rt_object *
rt_ensure_future(struct rt_loop *loop, struct rt_object *awaitable)
{
    if (awaitable != NULL && !rt_future_check(awaitable)) {
        return rt_task_new(loop, awaitable);
    }
    return awaitable;
}

/* The child of an awaitable, a new reference; the book knows it by then. */
static struct rt_object *
enter(struct rt_gather *gather, struct rt_object *awaitable,
      struct rt_object *book, struct rt_object *done)
{
    int status = 0;
    struct rt_object *known = rt_dict_get(book, awaitable);
    if (known != NULL) {
        return rt_new_ref(known);
    }
    struct rt_object *child = rt_ensure_future(
        rt_future_loop(&gather->future.head), rt_new_ref(awaitable));
    if (child == NULL) {
        return NULL;
    }
    if (child != awaitable) {
        ((struct rt_future *)child)->is_quiet = true;
    }
    gather->expected++;
    status = rt_dict_set(book, awaitable, child);
    if (status == 0) {
        status =
            rt_future_is_done(child)
                ? rt_list_append(done, child)
                : rt_future_add_done_callback(child, &gather->future.head);
    }
    if (status != 0) {
        rt_clear(&child);
    }
    return child;
}

static int
fill(struct rt_gather *gather, struct rt_object *awaitables,
     struct rt_object *book, struct rt_object *done)
{
    for (size_t i = 0; i < rt_list_size(awaitables); i++) {
        struct rt_object *child =
            enter(gather, rt_list_at(awaitables, i), book, done);
        int status =
            child != NULL ? rt_list_append(gather->children, child) : -1;
        rt_xdecref(child);
        if (status != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < rt_list_size(done); i++) {
        if (rt_gather_call(&gather->future.head, rt_list_at(done, i)) != 0) {
            return -1;
        }
    }
    return rt_list_size(awaitables) > 0
               ? 0
               : rt_future_set_result(&gather->future.head, gather->children);
}

struct rt_object *
rt_gather(struct rt_loop *loop, struct rt_object *awaitables,
          bool return_exceptions)
{
    struct rt_object *outer = rt_gather_new(loop, return_exceptions);
    struct rt_object *book = outer != NULL ? rt_dict_new() : NULL;
    struct rt_object *done = book != NULL ? rt_list_new() : NULL;
    if (done == NULL ||
        fill((struct rt_gather *)outer, awaitables, book, done) != 0) {
        rt_clear(&outer);
    }
    rt_xdecref(done);
    rt_xdecref(book);
    return outer;
}
