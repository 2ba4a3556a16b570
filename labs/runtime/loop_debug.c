#include "labs/runtime/loop_debug.h"

#include <stdio.h>

#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"
#include "labs/runtime/task_extra.h"
#include "labs/runtime/thread_state.h"

enum {
    NAME_BYTES = 96,
    MESSAGE_BYTES = 192
};

void
rt_loop_set_debug(struct rt_loop *loop, bool is_debug)
{
    loop->is_debug = is_debug;
}

bool
rt_loop_is_debug(const struct rt_loop *loop)
{
    return loop->is_debug;
}

void
rt_loop_set_slow_callback(struct rt_loop *loop, double seconds)
{
    loop->slow_s = seconds;
}

void
rt_loop_set_slow_handler(struct rt_loop *loop, rt_loop_slow_handler *handler,
                         void *data)
{
    loop->slow_handler = handler;
    loop->slow_data = data;
}

int
rt_loop_check_thread(const struct rt_loop *loop)
{
    if (!loop->is_debug || !loop->is_running ||
        loop->thread == rt_thread_state()) {
        return 0;
    }
    return rt_error_set(RT_ERROR_RUNTIME,
                        "Non-thread-safe operation invoked on an event loop "
                        "other than the current one");
}

int
rt_loop_make_handles(struct rt_loop *loop)
{
    struct rt_ready *ready = &loop->ready;
    for (size_t i = ready->first; i != ready->end; i++) {
        struct rt_object **item = &ready->items[i & ready->mask];
        if (rt_handle_check(*item) || rt_task_check(*item)) {
            continue;
        }
        struct rt_object *handle = rt_handle_new(loop, *item, NULL);
        if (handle == NULL) {
            return -1;
        }
        rt_decref(*item);
        *item = handle;
    }
    return 0;
}

// --- slow ones -------------------------------------------------------------

/* <Task pending name='Task-1' coro=<main()>>, as repr() says it. */
static void
describe(struct rt_object *object, const char *coroutine, char *text)
{
    static const char *const STATES[] = {"pending", "cancelled", "finished"};
    char name[RT_TASK_NAME_BYTES];
    if (!rt_task_check(object)) {
        snprintf(text, NAME_BYTES, "<%s>", object->ob_type->name);
        return;
    }
    rt_task_copy_name(object, name);
    snprintf(text, NAME_BYTES, "<Task %s name='%.30s' coro=<%.30s()>>",
             STATES[((struct rt_future *)object)->state], name, coroutine);
}

static void
report(const struct rt_loop *loop, const char *what, double seconds)
{
    char message[MESSAGE_BYTES];
    snprintf(message, sizeof(message), "Executing %s took %.3f seconds", what,
             seconds);
    if (loop->slow_handler != NULL) {
        loop->slow_handler(message, loop->slow_data);
    }
    else {
        fprintf(stderr, "%s\n", message);
    }
}

/* The name of a task's coroutine, which is gone when the task is over. */
static const char *
coroutine_of(const struct rt_object *object)
{
    const struct rt_object *coroutine =
        rt_task_check(object) ? ((const struct rt_task *)object)->coroutine
                              : NULL;
    return coroutine != NULL ? rt_coroutine_code(coroutine)->name : "";
}

int
rt_loop_call_timed(struct rt_loop *loop, struct rt_object *object,
                   struct rt_object *argument,
                   int (*call)(struct rt_object *object,
                               struct rt_object *argument))
{
    const char *coroutine = coroutine_of(object);
    double begin_s = rt_loop_time(loop);
    int result = call(object, argument);
    double took_s = rt_loop_time(loop) - begin_s;
    if (took_s >= loop->slow_s) {
        char text[NAME_BYTES];
        struct rt_error_state pending = rt_error_fetch();
        describe(object, coroutine, text);
        report(loop, text, took_s);
        rt_error_restore(&pending);
    }
    return result;
}
