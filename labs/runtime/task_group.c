#include "labs/runtime/task_group.h"

#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/task.h"

struct group {
    struct rt_object head;
    struct rt_object *tasks;     // ours: keys of a dict, which keeps the order
    struct rt_object *errors;    // ours: a list
    struct rt_object *parent;    // ours: the task that owns the group
    struct rt_object *completed; // ours: the future of a waiting end, or NULL
    struct rt_object *exit;      // ours: what ends the program, or NULL
    struct rt_loop *loop;        // borrowed; NULL: not entered yet
    bool is_exiting, is_aborting;
    bool is_parent_cancelled; // by the group
};

static struct group *
as_group(struct rt_object *object)
{
    return (struct group *)object;
}

// --- failing ---------------------------------------------------------------

static void
abort_all(struct group *group)
{
    size_t position = 0;
    struct rt_object *task = NULL;
    struct rt_object *value = NULL;
    group->is_aborting = true;
    while (rt_dict_next(group->tasks, &position, &task, &value)) {
        rt_future_cancel(task, NULL);
    }
}

static void
keep_exit(struct group *group, struct rt_object *exception)
{
    if (group->exit == NULL &&
        rt_error_is_exit(rt_exception_error(exception))) {
        group->exit = rt_new_ref(exception);
    }
}

/* A task has failed. */
static int
add_error(struct group *group, struct rt_object *task,
          struct rt_object *exception)
{
    if (rt_list_append(group->errors, exception) != 0) {
        return -1;
    }
    keep_exit(group, exception);
    if (rt_future_is_done(group->parent)) {
        rt_loop_call_exception_handler(
            group->loop,
            &(struct rt_loop_trouble){
                .message = "Task has errored out but its parent task is "
                           "already completed",
                .exception = exception,
                .source = task});
        return 0;
    }
    if (!group->is_aborting && !group->is_parent_cancelled) {
        abort_all(group);
        group->is_parent_cancelled = true;
        rt_future_cancel(group->parent, NULL);
    }
    return 0;
}

/* A task is done (_on_task_done). */
static int
group_call(struct rt_object *object, struct rt_object *task)
{
    struct group *group = as_group(object);
    if (rt_dict_remove(group->tasks, task) < 0) {
        return -1;
    }
    if (group->completed != NULL && rt_dict_size(group->tasks) == 0 &&
        !rt_future_is_done(group->completed) &&
        rt_future_set_result(group->completed, rt_none) != 0) {
        return -1;
    }
    if (rt_future_is_cancelled(task)) {
        return 0;
    }
    struct rt_object *exception = rt_future_exception(task);
    int result = exception != NULL ? add_error(group, task, exception) : 0;
    rt_xdecref(exception);
    return result;
}

// --- as an object ----------------------------------------------------------

enum {
    MOST_HELD = 5
};

static void
references_of(struct rt_object *object, struct rt_object **held[MOST_HELD])
{
    struct group *group = as_group(object);
    held[0] = &group->tasks;
    held[1] = &group->errors;
    held[2] = &group->parent;
    held[3] = &group->completed;
    held[4] = &group->exit;
}

static int
group_traverse(struct rt_object *object,
               int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object **held[MOST_HELD];
    int result = 0;
    references_of(object, held);
    for (int i = 0; i < MOST_HELD && result == 0; i++) {
        result = *held[i] != NULL ? visit(*held[i], data) : 0;
    }
    return result;
}

static void
group_clear(struct rt_object *object)
{
    struct rt_object **held[MOST_HELD];
    references_of(object, held);
    for (int i = 0; i < MOST_HELD; i++) {
        rt_clear(held[i]);
    }
}

static void
group_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    group_clear(object);
    rt_gc_free(object);
}

static const struct rt_type group_type = {
    .name = "TaskGroup",
    .basicsize = sizeof(struct group),
    .dealloc = group_dealloc,
    .traverse = group_traverse,
    .clear = group_clear,
    .call = group_call,
};

struct rt_object *
rt_task_group_new(void)
{
    struct rt_object *object = rt_gc_new(&group_type, 0);
    if (object == NULL) {
        return NULL;
    }
    struct group *group = as_group(object);
    *group = (struct group){.head = group->head};
    group->tasks = rt_dict_new();
    group->errors = rt_list_new();
    rt_gc_track(object);
    if (group->tasks == NULL || group->errors == NULL) {
        rt_clear(&object);
    }
    return object;
}

// --- beginning -------------------------------------------------------------

int
rt_task_group_enter(struct rt_object *object)
{
    struct group *group = as_group(object);
    struct rt_loop *loop = rt_loop_running();
    struct rt_object *parent = loop != NULL ? rt_task_current(loop) : NULL;
    if (group->loop != NULL) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "TaskGroup has already been entered");
    }
    if (parent == NULL) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "TaskGroup cannot determine the parent task");
    }
    group->loop = loop;
    group->parent = rt_new_ref(parent);
    return 0;
}

/* Why the group takes no task, or NULL. */
static const char *
why_closed(const struct group *group)
{
    if (group->loop == NULL) {
        return "TaskGroup has not been entered";
    }
    if (group->is_exiting && rt_dict_size(group->tasks) == 0) {
        return "TaskGroup is finished";
    }
    return group->is_aborting ? "TaskGroup is shutting down" : NULL;
}

struct rt_object *
rt_task_group_create_task(struct rt_object *object,
                          struct rt_object *coroutine)
{
    struct group *group = as_group(object);
    const char *why = why_closed(group);
    if (why != NULL) {
        rt_xdecref(coroutine);
        rt_error_set(RT_ERROR_RUNTIME, "%s", why);
        return NULL;
    }
    struct rt_object *task = rt_task_new(group->loop, coroutine);
    if (task == NULL) {
        return NULL;
    }
    // One that began eagerly may be over; up to 3.11 there are none.
    int result = 0;
    if (rt_future_is_done(task) && rt_compat_minor() >= 12) {
        result = group_call(object, task);
    }
    else {
        result = rt_dict_set(group->tasks, task, rt_none);
        if (result == 0) {
            result = rt_future_add_done_callback(task, object);
        }
    }
    if (result != 0) {
        rt_clear(&task);
    }
    return task;
}

// --- the end ---------------------------------------------------------------

struct ending {
    struct rt_coroutine frame;
    struct rt_object *group;
    struct rt_object *error;        // that ended the group's part, or NULL
    struct rt_object *cancellation; // to be passed on, or NULL
};

/* From 3.13 on the owner's cancellation is taken back at the end, before that
 * at the beginning of the end: one from elsewhere that came at the same time
 * is lost or not. */
static void
take_back(struct ending *my)
{
    struct group *group = as_group(my->group);
    if (group->is_parent_cancelled && rt_task_uncancel(group->parent) == 0) {
        rt_clear(&my->cancellation);
    }
}

static void
begin_end(struct ending *my)
{
    struct group *group = as_group(my->group);
    group->is_exiting = true;
    if (my->error != NULL) {
        keep_exit(group, my->error);
        if (rt_exception_error(my->error) == RT_ERROR_CANCELLED) {
            my->cancellation = rt_new_ref(my->error);
        }
    }
    if (rt_compat_minor() < 13) {
        take_back(my);
    }
    if (my->error != NULL && !group->is_aborting) {
        abort_all(group);
    }
}

/* Waiting for the tasks was interrupted: by the pending error. 0 to go on, or
 * -1 if it is none of ours. */
static int
handle_interruption(struct ending *my)
{
    struct group *group = as_group(my->group);
    if (rt_error_occurred() != RT_ERROR_CANCELLED) {
        return -1;
    }
    struct rt_object *cancellation = rt_exception_catch();
    if (!group->is_aborting) {
        rt_set_ref(&my->cancellation, rt_new_ref(cancellation));
        abort_all(group);
    }
    rt_decref(cancellation);
    return 0;
}

static void
raise_errors(struct group *group)
{
    struct rt_object *all = rt_exception_new_group(
        "unhandled errors in a TaskGroup", group->errors);
    if (all != NULL) {
        rt_exception_raise(all);
        rt_decref(all);
    }
}

/* What comes out of the group: 0, or -1 with a pending error. */
static int
conclude(struct ending *my)
{
    struct group *group = as_group(my->group);
    if (group->exit != NULL) {
        rt_exception_raise(group->exit);
        return -1;
    }
    if (rt_compat_minor() >= 13) {
        take_back(my);
    }
    if (my->cancellation != NULL && rt_list_size(group->errors) == 0) {
        rt_exception_raise(my->cancellation);
        return -1;
    }
    if (my->error != NULL &&
        rt_exception_error(my->error) != RT_ERROR_CANCELLED &&
        rt_list_append(group->errors, my->error) != 0) {
        return -1;
    }
    if (rt_list_size(group->errors) == 0) {
        return 0;
    }
    if (rt_compat_minor() >= 13 && rt_task_cancelling(group->parent) > 0) {
        rt_task_uncancel(group->parent);
        rt_future_cancel(group->parent, NULL);
    }
    raise_errors(group);
    return -1;
}

static enum rt_sent
ending_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct ending *my = (struct ending *)frame;
    struct group *group = as_group(my->group);
    RT_BEGIN;
    begin_end(my);
    while (rt_dict_size(group->tasks) > 0) {
        if (group->completed == NULL) {
            group->completed = rt_future_new(group->loop);
            if (group->completed == NULL) {
                RT_FAIL;
            }
        }
        RT_AWAIT(rt_new_ref(group->completed));
        if (sent == NULL && handle_interruption(my) != 0) {
            RT_FAIL;
        }
        rt_clear(&group->completed);
    }
    if (conclude(my) != 0) {
        RT_FAIL;
    }
    RT_END;
}

static const struct rt_code ending_code =
    RT_COROUTINE("__aexit__", struct ending, 3, ending_body);

struct rt_object *
rt_task_group_exit(struct rt_object *group, bool has_failed)
{
    struct rt_object *error = has_failed ? rt_exception_catch() : NULL;
    struct ending *my = rt_coroutine_new(&ending_code);
    if (my == NULL) {
        rt_xdecref(error);
        return NULL;
    }
    my->group = rt_new_ref(group);
    my->error = error;
    return &my->frame.head;
}
