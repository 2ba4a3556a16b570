/* Tasks as objects: how they are made, called, visited and lost. */
#include "labs/runtime/context.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/heap.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"
#include "labs/runtime/task_extra.h"

static uint32_t task_count; // that there have been

static __attribute__((noinline)) int
throw_in(struct rt_object *task, struct rt_object *exception)
{
    rt_exception_raise(exception);
    return rt_task_step(task, NULL);
}

/* As an item of the loop's queue, and as the callback of what it waits for. An
 * exception as the argument is thrown in. */
static int
go_on(struct rt_object *task, struct rt_object *argument)
{
    return argument == NULL || rt_future_check(argument)
               ? rt_task_wake(task)
               : throw_in(task, argument);
}

static int
task_call(struct rt_object *object, struct rt_object *argument)
{
    struct rt_task *task = (struct rt_task *)object;
    struct rt_object **outer = rt_context_enter(&task->context);
    struct rt_loop *loop = rt_future_loop(object);
    int result = loop->is_debug
                     ? rt_loop_call_timed(loop, object, argument, go_on)
                     : go_on(object, argument);
    rt_context_leave(outer);
    return result;
}

static int
task_traverse(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct rt_task *task = (struct rt_task *)object;
    int result = rt_future_traverse(object, visit, data);
    if (result == 0 && task->coroutine != NULL) {
        result = visit(task->coroutine, data);
    }
    if (result == 0 && task->waiter != NULL) {
        result = visit(task->waiter, data);
    }
    if (result == 0 && task->context != NULL) {
        result = visit(task->context, data);
    }
    return result;
}

static void
task_clear(struct rt_object *object)
{
    struct rt_task *task = (struct rt_task *)object;
    rt_future_clear(object);
    rt_clear(&task->coroutine);
    rt_clear(&task->waiter);
    rt_clear(&task->context);
}

static void
task_finalize(struct rt_object *object)
{
    struct rt_future *future = (struct rt_future *)object;
    if (future->state == RT_FUTURE_PENDING && !future->is_quiet) {
        rt_loop_call_exception_handler(
            rt_future_loop(object),
            &(struct rt_loop_trouble){
                .message = "Task was destroyed but it is pending!",
                .source = object});
    }
    rt_future_finalize(object);
}

static void
task_dealloc(struct rt_object *object)
{
    const struct rt_future *future = (struct rt_future *)object;
    if ((future->state == RT_FUTURE_PENDING || future->is_unseen) &&
        rt_call_finalizer_from_dealloc(object) != 0) {
        return;
    }
    rt_gc_untrack(object);
    task_clear(object);
    rt_task_forget_extra(object);
    rt_gc_free(object);
}

_Static_assert(sizeof(struct rt_task) ==
                   offsetof(struct rt_future, value) +
                       RT_FUTURE_FIELDS(3) * sizeof(void *),
               "all references lie side by side");
_Static_assert(sizeof(struct rt_task) == RT_HEAP_LINE_BYTES - 8,
               "with the collector's word it is one line");

static const struct rt_future_type task_type = {
    .type = {.name = "Task",
             .basicsize = sizeof(struct rt_task),
             .dealloc = task_dealloc,
             .finalize = task_finalize,
             .traverse = task_traverse,
             .clear = task_clear,
             .fields_offset = offsetof(struct rt_future, value),
             .field_count = RT_FUTURE_FIELDS(3),
             .call = task_call,
             .send = rt_future_send},
    .cancel = rt_task_cancel,
};

bool
rt_task_check(const struct rt_object *object)
{
    return object->ob_type == &task_type.type;
}

static int
begin(struct rt_loop *loop, struct rt_object *task)
{
    if (!loop->is_eager || !loop->is_running) {
        return rt_loop_call_soon(loop, task, NULL);
    }
    struct rt_object **outer =
        rt_context_enter(&((struct rt_task *)task)->context);
    int result = rt_task_start_eagerly(task);
    rt_context_leave(outer);
    return result;
}

struct rt_object *
rt_task_new(struct rt_loop *loop, struct rt_object *coroutine)
{
    struct rt_object *object = NULL;
    if (coroutine == NULL) {
        return NULL;
    }
    if (!rt_coroutine_check(coroutine)) {
        rt_error_set(RT_ERROR_TYPE, "a coroutine was expected, got %s",
                     coroutine->ob_type->name);
    }
    else if (rt_loop_check_thread(loop) == 0) {
        object = rt_gc_new(&task_type.type, 0);
    }
    struct rt_task *task = (struct rt_task *)object;
    if (object != NULL && rt_context_copy_to(&task->context) != 0) {
        rt_gc_free(object);
        object = NULL;
    }
    if (object == NULL) {
        rt_decref(coroutine);
        return NULL;
    }
    rt_future_init(&task->future, loop);
    task->future.number = ++task_count;
    task->coroutine = coroutine;
    task->waiter = NULL;
    rt_gc_track(object);
    if (begin(loop, object) != 0) {
        task->future.is_quiet = true;
        rt_decref(object);
        return NULL;
    }
    return object;
}

struct rt_object *
rt_task_current(const struct rt_loop *loop)
{
    return loop->current_task;
}

// --- all of them -----------------------------------------------------------

struct search {
    const struct rt_loop *loop;
    void (*visit)(struct rt_object *task, void *data);
    void *data;
};

static void
visit_if_pending(struct rt_object *object, void *data)
{
    const struct search *search = data;
    const struct rt_future *future = (struct rt_future *)object;
    if (rt_task_check(object) && rt_future_loop(object) == search->loop &&
        future->state == RT_FUTURE_PENDING) {
        search->visit(object, search->data);
    }
}

/* The collector knows them all, and does not keep them alive. */
void
rt_task_each(const struct rt_loop *loop,
             void (*visit)(struct rt_object *task, void *data), void *data)
{
    rt_gc_each_object(-1, visit_if_pending,
                      &(struct search){loop, visit, data});
}
