#include "labs/script/loop_inside.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/async_barrier.h"
#include "labs/runtime/async_condition.h"
#include "labs/runtime/async_event.h"
#include "labs/runtime/async_queue.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop.h"
#include "labs/script/loop_machine.h"
#include "labs/script/loop_show.h"

// --- callbacks -------------------------------------------------------------

/* Keeps it under the name of the action, for `hcancel`. */
static int
keep_handle(const char *name, struct rt_object *handle)
{
    if (handle == NULL) {
        return -1;
    }
    machine_set_timer(name, handle);
    return 0;
}

int
loop_call_soon(struct actor *me, const struct loop_node *node)
{
    struct rt_object *action = machine_action(node->words[0]);
    (void)me;
    if (action == NULL) {
        return -1;
    }
    struct rt_object *handle = rt_handle_new(machine_loop(), action, NULL);
    if (handle != NULL &&
        rt_loop_call_soon(machine_loop(), handle, NULL) != 0) {
        rt_clear(&handle);
    }
    return keep_handle(node->words[0], handle);
}

int
loop_call_timer(struct actor *me, const struct loop_node *node)
{
    struct rt_loop *loop = machine_loop();
    double time_s = atof(node->words[0]);
    struct rt_object *action = machine_action(node->words[1]);
    (void)me;
    if (action == NULL) {
        return -1;
    }
    return keep_handle(node->words[1],
                       strcmp(node->name, "call_later") == 0
                           ? rt_loop_call_later(loop, time_s, action, NULL)
                           : rt_loop_call_at(loop, time_s, action, NULL));
}

int
loop_add_done_callback(struct actor *me, const struct loop_node *node)
{
    struct rt_object *action = machine_action(node->words[1]);
    (void)me;
    return action != NULL ? rt_future_add_done_callback(
                                machine_thing(node->words[0]), action)
                          : -1;
}

int
loop_remove_done_callback(struct actor *me, const struct loop_node *node)
{
    struct rt_object *action = machine_action(node->words[1]);
    if (action == NULL) {
        return -1;
    }
    machine_say(
        me, "remove_done_callback %s %s -> %zu", node->words[0],
        node->words[1],
        rt_future_remove_done_callback(machine_thing(node->words[0]), action));
    return 0;
}

// --- running the loop ------------------------------------------------------

static struct rt_object *
run(const struct loop_node *node)
{
    struct rt_loop *loop = machine_loop();
    if (node->count > 0) {
        return rt_loop_run_until_complete(loop, machine_thing(node->words[0]));
    }
    return rt_loop_run_forever(loop) == 0 ? rt_none : NULL;
}

int
loop_run(struct actor *me, const struct loop_node *node)
{
    const char *blank = node->count > 0 ? " " : "";
    const char *name = node->count > 0 ? node->words[0] : "";
    struct rt_object *value = run(node);
    if (value != NULL) {
        machine_say(me, "%s%s%s = %s", node->name, blank, name,
                    loop_show(value));
        rt_decref(value);
        return 0;
    }
    bool is_deadlock = loop_is_deadlock();
    char *text = loop_show_caught();
    machine_say(me, "%s%s%s: %s", node->name, blank, name,
                is_deadlock ? "deadlock" : text);
    free(text);
    return 0;
}

// --- locks and queues ------------------------------------------------------

int
loop_c_notify(struct actor *me, const struct loop_node *node)
{
    const char *name = node->words[0];
    int count = node->count > 1 ? atoi(node->words[1]) : 0;
    int result = rt_async_condition_notify(
        machine_thing(name),
        node->count > 1 ? (size_t)(count > 0 ? count : 0) : SIZE_MAX);
    if (result == 0) {
        machine_say(me, "notified %s", name);
        return 0;
    }
    if (rt_error_occurred() != RT_ERROR_RUNTIME) {
        return -1;
    }
    machine_say(me, "%s %s: %s", node->name, name, loop_show_error());
    rt_error_clear();
    return 0;
}

int
loop_is_set(struct actor *me, const struct loop_node *node)
{
    machine_say(
        me, "is_set %s -> %s", node->words[0],
        loop_show_bool(rt_async_event_is_set(machine_thing(node->words[0]))));
    return 0;
}

int
loop_bar_state(struct actor *me, const struct loop_node *node)
{
    struct rt_object *barrier = machine_thing(node->words[0]);
    machine_say(me, "bar_state %s: waiting %lld broken %s", node->words[0],
                (long long)rt_async_barrier_waiting(barrier),
                loop_show_bool(rt_async_barrier_is_broken(barrier)));
    return 0;
}

int
loop_q_state(struct actor *me, const struct loop_node *node)
{
    struct rt_object *queue = machine_thing(node->words[0]);
    machine_say(me, "q_state %s: empty %s full %s", node->words[0],
                loop_show_bool(rt_async_queue_size(queue) == 0),
                loop_show_bool(rt_async_queue_is_full(queue)));
    return 0;
}
