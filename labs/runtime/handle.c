#include "labs/runtime/handle.h"

#include "labs/runtime/context.h"
#include "labs/runtime/freelist.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"

enum {
    MOST_KEPT = 1024 // dead handles, for the next ones
};

/* Handles come and go with every callback. */
static struct rt_freelist pool = {
    .block_bytes = sizeof(struct rt_handle),
    .limit = MOST_KEPT,
};

/* The steps of a task are timed by the task. */
static int
call_timed(struct rt_handle *handle, struct rt_object *callback,
           struct rt_object *argument)
{
    return rt_task_check(callback)
               ? callback->ob_type->call(callback, argument)
               : rt_loop_call_timed(handle->loop, callback, argument,
                                    callback->ob_type->call);
}

static int
call_in_context(struct rt_handle *handle, struct rt_object *callback,
                struct rt_object *argument)
{
    struct rt_object **outer = rt_context_enter(&handle->context);
    int result = handle->loop->is_debug
                     ? call_timed(handle, callback, argument)
                     : callback->ob_type->call(callback, argument);
    rt_context_leave(outer);
    return result;
}

/* The callback is let go before it is called: a handle that somebody keeps
 * then keeps nothing alive. */
static int
handle_call(struct rt_object *object, struct rt_object *unused)
{
    struct rt_handle *handle = (struct rt_handle *)object;
    struct rt_object *callback = handle->callback;
    struct rt_object *argument = handle->argument;
    (void)unused;
    if (callback == NULL) {
        return 0;
    }
    if (handle->is_repeated) {
        rt_incref(callback);
        rt_xincref(argument);
    }
    else {
        handle->callback = NULL;
        handle->argument = NULL;
    }
    int result = call_in_context(handle, callback, argument);
    rt_decref(callback);
    rt_xdecref(argument);
    return result;
}

static void
handle_dealloc(struct rt_object *object)
{
    struct rt_handle *handle = (struct rt_handle *)object;
    rt_clear(&handle->callback);
    rt_clear(&handle->argument);
    rt_clear(&handle->context);
    rt_freelist_give(&pool, object);
}

static const struct rt_type handle_type = {
    .name = "Handle",
    .basicsize = sizeof(struct rt_handle),
    .dealloc = handle_dealloc,
    .call = handle_call,
};

struct rt_object *
rt_handle_new(struct rt_loop *loop, struct rt_object *callback,
              struct rt_object *argument)
{
    struct rt_object *context = NULL;
    if ((loop->is_debug && rt_loop_check_thread(loop) != 0) ||
        rt_context_copy_to(&context) != 0) {
        return NULL;
    }
    struct rt_handle *handle = rt_freelist_take(&pool);
    if (handle == NULL) {
        rt_xdecref(context);
        return NULL;
    }
    rt_object_init(&handle->head, &handle_type);
    handle->callback = rt_new_ref(callback);
    handle->argument = argument;
    rt_xincref(argument);
    handle->context = context;
    handle->loop = loop;
    handle->when_s = 0;
    handle->is_cancelled = handle->is_scheduled = false;
    handle->is_repeated = false;
    return &handle->head;
}

void
rt_handle_cancel(struct rt_object *object)
{
    struct rt_handle *handle = (struct rt_handle *)object;
    if (handle->is_cancelled) {
        return;
    }
    handle->is_cancelled = true;
    if (handle->is_scheduled) {
        handle->loop->cancelled_timers++;
    }
    rt_clear(&handle->callback);
    rt_clear(&handle->argument);
}

void
rt_handle_clear_pool(void)
{
    rt_freelist_clear(&pool);
}

bool
rt_handle_check(const struct rt_object *object)
{
    return object->ob_type == &handle_type;
}

bool
rt_handle_is_cancelled(const struct rt_object *object)
{
    return ((const struct rt_handle *)object)->is_cancelled;
}
