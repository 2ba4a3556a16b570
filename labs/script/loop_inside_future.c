/* What a script does to futures and tasks by themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"
#include "labs/script/loop_inside.h"
#include "labs/script/loop_machine.h"
#include "labs/script/loop_show.h"

/* What an exception of this name says: Boom is somebody's own. */
static const char *
text_of(const char *name)
{
    return strcmp(name, "Boom") == 0 ? name : "";
}

int
loop_raises(struct actor *me, const struct loop_node *node)
{
    (void)me;
    return rt_error_set(loop_read_error(node->words[0]), "%s",
                        text_of(node->words[0]));
}

// --- futures ---------------------------------------------------------------

/* How a set_result or set_exception came out. */
static int
say_finished(struct actor *me, const struct loop_node *node, int result)
{
    if (result == 0) {
        machine_say(me, "%s %s", node->name, node->words[0]);
        return 0;
    }
    enum rt_error error = rt_error_occurred();
    if (error != RT_ERROR_INVALID_STATE && error != RT_ERROR_RUNTIME &&
        error != RT_ERROR_TYPE) {
        return -1;
    }
    machine_say(me, "%s %s: %s", node->name, node->words[0],
                loop_show_error());
    rt_error_clear();
    return 0;
}

int
loop_set_result(struct actor *me, const struct loop_node *node)
{
    struct rt_object *value = rt_str_new(node->words[1]);
    if (value == NULL) {
        return -1;
    }
    int result = rt_future_set_result(machine_thing(node->words[0]), value);
    rt_decref(value);
    return say_finished(me, node, result);
}

int
loop_set_exception(struct actor *me, const struct loop_node *node)
{
    struct rt_object *error = rt_exception_new(loop_read_error(node->words[1]),
                                               text_of(node->words[1]));
    if (error == NULL) {
        return -1;
    }
    int result = rt_future_set_exception(machine_thing(node->words[0]), error);
    rt_decref(error);
    return say_finished(me, node, result);
}

/* `result` or `exception`. */
int
loop_result(struct actor *me, const struct loop_node *node)
{
    struct rt_object *future = machine_thing(node->words[0]);
    bool is_result = strcmp(node->name, "result") == 0;
    struct rt_object *value =
        is_result ? rt_future_result(future) : rt_future_exception(future);
    if (value != NULL || rt_error_occurred() == RT_ERROR_NONE) {
        machine_say(me, "%s %s = %s", node->name, node->words[0],
                    value != NULL ? loop_show(value) : "None");
        rt_xdecref(value);
        return 0;
    }
    char *text = loop_show_caught();
    machine_say(me, "%s %s: %s", node->name, node->words[0], text);
    free(text);
    return 0;
}

int
loop_state(struct actor *me, const struct loop_node *node)
{
    const struct rt_object *future = machine_thing(node->words[0]);
    machine_say(me, "%s is %s", node->words[0],
                rt_future_is_cancelled(future) ? "cancelled"
                : rt_future_is_done(future)    ? "finished"
                                               : "pending");
    return 0;
}

int
loop_fcancelmsg(struct actor *me, const struct loop_node *node)
{
    struct rt_object *message = rt_str_new(node->words[1]);
    if (message == NULL) {
        return -1;
    }
    bool was = rt_future_cancel(machine_thing(node->words[0]), message);
    rt_decref(message);
    machine_say(me, "fcancel %s -> %s", node->words[0], loop_show_bool(was));
    return 0;
}

// --- tasks -----------------------------------------------------------------

/* A future that is a task: a new one, or with `flatest` the last one. */
int
loop_ftask(struct actor *me, const struct loop_node *node)
{
    bool is_new = strcmp(node->name, "ftask") == 0;
    struct rt_object *task = is_new ? machine_spawn(node->words[1], NULL)
                                    : machine_latest(node->words[1]);
    if (task == NULL && is_new) {
        return -1;
    }
    if (task == NULL) {
        machine_say(me, "skip");
        return 0;
    }
    machine_set_thing(node->words[0], rt_new_ref(task));
    return 0;
}

/* `fcancelling` or `funcancel`. */
int
loop_fcancelling(struct actor *me, const struct loop_node *node)
{
    struct rt_object *task = machine_thing(node->words[0]);
    const char *method = node->name + 1;
    if (!rt_task_check(task)) {
        machine_say(me, "skip");
        return 0;
    }
    machine_say(me, "%s %s %d", method, node->words[0],
                strcmp(method, "cancelling") == 0 ? rt_task_cancelling(task)
                                                  : rt_task_uncancel(task));
    return 0;
}

int
loop_current_task(struct actor *me, const struct loop_node *node)
{
    const struct rt_object *task = rt_task_current(machine_loop());
    (void)node;
    machine_say(me, "current_task %s",
                task != NULL ? machine_actor(task)->label : "None");
    return 0;
}

struct names {
    const char **items;
    size_t count;
};

static void
add_name(struct rt_object *task, void *data)
{
    struct names *names = data;
    names->items = machine_take(
        realloc(names->items, (names->count + 1) * sizeof(*names->items)));
    names->items[names->count++] = machine_actor(task)->label;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
loop_all_tasks(struct actor *me, const struct loop_node *node)
{
    struct names names = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = machine_take(open_memstream(&text, &size));
    (void)node;
    rt_task_each(machine_loop(), add_name, &names);
    if (names.count > 0) {
        qsort(names.items, names.count, sizeof(*names.items), compare_names);
    }
    for (size_t i = 0; i < names.count; i++) {
        fprintf(out, " %s", names.items[i]);
    }
    fclose(out);
    machine_say(me, "all_tasks%s", names.count > 0 ? text : " -");
    free(text);
    free(names.items);
    return 0;
}

// --- errors ----------------------------------------------------------------

int
loop_caught(struct actor *me, const struct loop_node *node)
{
    (void)node;
    if (me->caught == NULL) {
        machine_say(me, "skip");
        return 0;
    }
    char *text = loop_show_whole(me->caught->first);
    machine_say(me, "caught whole %s", text);
    free(text);
    return 0;
}
