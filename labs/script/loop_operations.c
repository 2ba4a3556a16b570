/* The operations of the event loop's language that do not wait, and the table
 * of all. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/async_barrier.h"
#include "labs/runtime/async_event.h"
#include "labs/runtime/async_lock.h"
#include "labs/runtime/async_queue.h"
#include "labs/runtime/async_semaphore.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/context.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/shield.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"
#include "labs/runtime/timeout.h"
#include "labs/script/loop_acts.h"
#include "labs/script/loop_inside.h"
#include "labs/script/loop_machine.h"
#include "labs/script/loop_show.h"

/* 0 after an error that the trace names, here with its text; -1 if it is
 * another one. */
static int
expect(enum rt_error error)
{
    if (rt_error_occurred() != error) {
        return -1;
    }
    rt_error_clear();
    return 0;
}

// --- words, errors, results ------------------------------------------------

static int
do_log(struct actor *me, const struct loop_node *node)
{
    char text[4096] = "";
    for (int i = 0; i < node->count; i++) {
        if (i > 0) {
            strncat(text, " ", sizeof(text) - strlen(text) - 1);
        }
        strncat(text, node->words[i], sizeof(text) - strlen(text) - 1);
    }
    machine_say(me, "%s", text);
    return 0;
}

static int
do_raise(struct actor *me, const struct loop_node *node)
{
    (void)me;
    (void)node;
    return rt_error_set(RT_ERROR_EXCEPTION, "Boom");
}

/* An error like any other, but for the task's body, and for try. */
static int
do_return(struct actor *me, const struct loop_node *node)
{
    me->value = node->words[0];
    return rt_error_set(RT_ERROR_EXCEPTION, "Return");
}

/* Only looked for, at the end of a block. */
static int
do_nothing(struct actor *me, const struct loop_node *node)
{
    (void)me;
    (void)node;
    return 0;
}

// --- futures ---------------------------------------------------------------

static int
finish(struct actor *me, const struct loop_node *node, struct rt_object *value)
{
    struct rt_object *future = machine_thing(node->words[0]);
    if (value == NULL) {
        return -1;
    }
    int result = rt_exception_check(value)
                     ? rt_future_set_exception(future, value)
                     : rt_future_set_result(future, value);
    rt_decref(value);
    if (result != 0 && expect(RT_ERROR_INVALID_STATE) != 0) {
        return -1;
    }
    machine_say(me, "%s %s%s", node->name, node->words[0],
                result == 0 ? "" : " invalid");
    return 0;
}

static int
do_set(struct actor *me, const struct loop_node *node)
{
    return finish(me, node, rt_str_new(node->words[1]));
}

static int
do_setexc(struct actor *me, const struct loop_node *node)
{
    return finish(me, node, rt_exception_new(RT_ERROR_EXCEPTION, "Boom"));
}

static int
do_fcancel(struct actor *me, const struct loop_node *node)
{
    bool was = rt_future_cancel(machine_thing(node->words[0]), NULL);
    machine_say(me, "fcancel %s -> %s", node->words[0], loop_show_bool(was));
    return 0;
}

static int
do_fnew(struct actor *me, const struct loop_node *node)
{
    (void)me;
    machine_set_thing(node->words[0], rt_future_new(machine_loop()));
    return 0;
}

static int
add_done_callback(struct rt_object *future, const char *name)
{
    struct rt_object *callback = machine_callback("done %s", name);
    if (callback == NULL) {
        return -1;
    }
    int result = rt_future_add_done_callback(future, callback);
    rt_decref(callback);
    return result;
}

static int
do_fdonecb(struct actor *me, const struct loop_node *node)
{
    (void)me;
    return add_done_callback(machine_thing(node->words[0]), node->words[0]);
}

// --- tasks -----------------------------------------------------------------

static int
do_spawn(struct actor *me, const struct loop_node *node)
{
    (void)me;
    return machine_spawn(node->words[0], NULL) != NULL ? 0 : -1;
}

static int
do_cancel(struct actor *me, const struct loop_node *node)
{
    struct rt_object *task = machine_latest(node->words[0]);
    if (task == NULL) {
        machine_say(me, "skip");
        return 0;
    }
    bool can = !rt_future_is_done(task);
    machine_say(me, "cancel %s -> %s", node->words[0], loop_show_bool(can));
    struct rt_object *message =
        node->count > 1 ? rt_str_new(node->words[1]) : NULL;
    if (rt_future_cancel(task, message) != can) {
        machine_say(me, "cancel reply differs");
    }
    rt_xdecref(message);
    return 0;
}

/* Both: of the current task. */
static int
do_cancelling(struct actor *me, const struct loop_node *node)
{
    struct rt_object *task = rt_task_current(machine_loop());
    if (task == NULL) {
        machine_say(me, "skip");
        return 0;
    }
    machine_say(me, "%s %d", node->name,
                strcmp(node->name, "cancelling") == 0
                    ? rt_task_cancelling(task)
                    : rt_task_uncancel(task));
    return 0;
}

static int
do_donecb(struct actor *me, const struct loop_node *node)
{
    struct rt_object *task = machine_latest(node->words[0]);
    if (task == NULL) {
        machine_say(me, "skip");
        return 0;
    }
    return add_done_callback(task, node->words[0]);
}

/* A future that stands for others. */
static int
bind_future(const char *name, struct rt_object *stolen)
{
    if (stolen == NULL) {
        return -1;
    }
    machine_set_thing(name, stolen);
    return 0;
}

static int
do_fgather(struct actor *me, const struct loop_node *node)
{
    (void)me;
    return bind_future(node->words[0], act_start_gather(node, 1));
}

static int
do_as_completed_of(struct actor *me, const struct loop_node *node)
{
    (void)me;
    struct rt_object *results = act_start_as_completed(node, 1);
    if (results == NULL) {
        return -1;
    }
    machine_set_named(LOOP_RESULTS, node->words[0], results);
    return 0;
}

static int
do_fshield(struct actor *me, const struct loop_node *node)
{
    (void)me;
    struct rt_object *inner = machine_target(node->words[1]);
    return bind_future(node->words[0], rt_shield(machine_loop(), inner));
}

static int
spawn_in(struct actor *me, struct rt_object *group, const char *name)
{
    if (group == NULL) {
        machine_say(me, "skip");
        return 0;
    }
    if (machine_spawn(name, group) != NULL) {
        return 0;
    }
    if (expect(RT_ERROR_RUNTIME) != 0) {
        return -1;
    }
    machine_say(me, "gspawn %s refused", name);
    return 0;
}

static int
do_gspawn(struct actor *me, const struct loop_node *node)
{
    return spawn_in(me, me->group != NULL ? me->group->first : NULL,
                    node->words[0]);
}

static int
do_gspawn_in(struct actor *me, const struct loop_node *node)
{
    return spawn_in(me, machine_named(LOOP_GROUP, node->words[0]),
                    node->words[1]);
}

/* The last word says how long from now. */
static int
reschedule(struct actor *me, struct rt_object *limit, const char *word)
{
    if (limit == NULL) {
        machine_say(me, "skip");
        return 0;
    }
    double when_s = rt_loop_time(machine_loop()) + loop_read_seconds(word);
    if (rt_timeout_reschedule(limit, when_s) == 0) {
        machine_say(me, "limit in %s", word);
        return 0;
    }
    if (expect(RT_ERROR_RUNTIME) != 0) {
        return -1;
    }
    machine_say(me, "limit is over");
    return 0;
}

static int
do_reschedule(struct actor *me, const struct loop_node *node)
{
    return reschedule(me, me->limit != NULL ? me->limit->first : NULL,
                      node->words[0]);
}

static int
do_reschedule_in(struct actor *me, const struct loop_node *node)
{
    return reschedule(me, machine_named(LOOP_LIMIT, node->words[0]),
                      node->words[1]);
}

/* `name_group` or `name_limit`. */
static int
do_name(struct actor *me, const struct loop_node *node)
{
    bool is_group = strcmp(node->name, "name_group") == 0;
    const struct act *act = is_group ? me->group : me->limit;
    if (act == NULL) {
        machine_say(me, "skip");
        return 0;
    }
    machine_set_named(is_group ? LOOP_GROUP : LOOP_LIMIT, node->words[0],
                      rt_new_ref(act->first));
    return 0;
}

static int
do_limit_state(struct actor *me, const struct loop_node *node)
{
    const struct rt_object *limit = machine_named(LOOP_LIMIT, node->words[0]);
    if (limit == NULL) {
        machine_say(me, "skip");
        return 0;
    }
    double when_s = rt_timeout_when(limit);
    char when[LOOP_SHOW_TIME_ROOM] = "none";
    if (!isinf(when_s)) {
        loop_show_time(when_s, when);
    }
    machine_say(me, "limit_state %s: when %s expired %s", node->words[0], when,
                loop_show_bool(rt_timeout_expired(limit)));
    return 0;
}

// --- contexts --------------------------------------------------------------

static int
do_cset(struct actor *me, const struct loop_node *node)
{
    struct rt_object *value = rt_str_new(node->words[1]);
    struct rt_object *token =
        value != NULL
            ? rt_context_var_set(machine_thing(node->words[0]), value)
            : NULL;
    rt_xdecref(value);
    if (token == NULL) {
        return -1;
    }
    machine_set_token(node->words[0], token);
    machine_say(me, "%s is now %s", node->words[0], node->words[1]);
    return 0;
}

static int
do_creset(struct actor *me, const struct loop_node *node)
{
    const char *name = node->words[0];
    struct rt_object *token = machine_token(name);
    if (token == NULL) {
        machine_say(me, "skip");
    }
    else if (rt_context_var_reset(machine_thing(name), token) == 0) {
        machine_say(me, "%s is reset", name);
    }
    else {
        machine_say(me, "creset %s: %s", name, loop_show_error());
        rt_error_clear();
    }
    return 0;
}

static int
say_variable(const struct actor *who, const char *name)
{
    struct rt_object *value = rt_context_var_get(machine_thing(name));
    if (value == NULL) {
        return -1;
    }
    machine_say(who, "%s is %s", name, loop_show(value));
    rt_decref(value);
    return 0;
}

static int
do_cget(struct actor *me, const struct loop_node *node)
{
    return say_variable(me, node->words[0]);
}

static int
say_variable_soon(struct rt_object *name, struct rt_object *unused)
{
    (void)unused;
    return say_variable(NULL, rt_str_text(name));
}

/* Has it called soon, in a copy of this context. */
static int
call_soon(int (*work)(struct rt_object *text, struct rt_object *unused),
          const char *text)
{
    struct rt_object *string = rt_str_new(text);
    struct rt_object *plain =
        string != NULL ? rt_closure_new(work, string) : NULL;
    struct rt_object *handle =
        plain != NULL ? rt_handle_new(machine_loop(), plain, NULL) : NULL;
    int result =
        handle != NULL ? rt_loop_call_soon(machine_loop(), handle, NULL) : -1;
    rt_xdecref(handle);
    rt_xdecref(plain);
    rt_xdecref(string);
    return result;
}

static int
do_csoon(struct actor *me, const struct loop_node *node)
{
    (void)me;
    return call_soon(say_variable_soon, node->words[0]);
}

// --- callbacks and timers --------------------------------------------------

static int
do_soon(struct actor *me, const struct loop_node *node)
{
    (void)me;
    struct rt_object *callback = machine_callback("soon %s", node->words[0]);
    if (callback == NULL) {
        return -1;
    }
    int result = rt_loop_call_soon(machine_loop(), callback, NULL);
    rt_decref(callback);
    return result;
}

static int
say_and_raise(struct rt_object *text, struct rt_object *unused)
{
    (void)unused;
    machine_say(NULL, "soon %s", rt_str_text(text));
    return rt_error_set(RT_ERROR_EXCEPTION, "Boom");
}

static int
do_soonraise(struct actor *me, const struct loop_node *node)
{
    (void)me;
    return call_soon(say_and_raise, node->words[0]);
}

static int
do_stop(struct actor *me, const struct loop_node *node)
{
    (void)node;
    machine_say(me, "stop");
    rt_loop_stop(machine_loop());
    return 0;
}

/* `later` counts from now, `at` from the beginning. */
static int
do_timer(struct actor *me, const struct loop_node *node)
{
    (void)me;
    struct rt_loop *loop = machine_loop();
    double time_s = atof(node->words[0]);
    struct rt_object *callback =
        machine_callback("%s %s", node->name, node->words[1]);
    if (callback == NULL) {
        return -1;
    }
    struct rt_object *timer =
        strcmp(node->name, "later") == 0
            ? rt_loop_call_later(loop, time_s, callback, NULL)
            : rt_loop_call_at(loop, time_s, callback, NULL);
    rt_decref(callback);
    if (timer == NULL) {
        return -1;
    }
    machine_set_timer(node->words[1], timer);
    return 0;
}

static int
do_hcancel(struct actor *me, const struct loop_node *node)
{
    struct rt_object *timer = machine_timer(node->words[0]);
    if (timer == NULL) {
        machine_say(me, "skip");
        return 0;
    }
    rt_handle_cancel(timer);
    machine_say(me, "hcancel %s", node->words[0]);
    return 0;
}

// --- locks and semaphores --------------------------------------------------

static int
do_release(struct actor *me, const struct loop_node *node)
{
    const char *name = node->words[0];
    struct rt_object *lock = machine_lock(name);
    int result = lock != NULL
                     ? rt_async_lock_release(lock)
                     : rt_async_semaphore_release(machine_thing(name));
    if (result == 0) {
        machine_say(me, "released %s", name);
        return 0;
    }
    machine_say(me, "release %s: %s", name, loop_show_error());
    rt_error_clear();
    return 0;
}

static int
do_locked(struct actor *me, const struct loop_node *node)
{
    const char *name = node->words[0];
    struct rt_object *lock = machine_lock(name);
    bool is_locked = lock != NULL
                         ? rt_async_lock_is_locked(lock)
                         : rt_async_semaphore_is_locked(machine_thing(name));
    machine_say(me, "locked %s -> %s", name, loop_show_bool(is_locked));
    return 0;
}

// --- events and queues -----------------------------------------------------

static int
do_ev_set(struct actor *me, const struct loop_node *node)
{
    int result = rt_async_event_set(machine_thing(node->words[0]));
    machine_say(me, "set %s", node->words[0]);
    return result;
}

static int
do_ev_clear(struct actor *me, const struct loop_node *node)
{
    rt_async_event_clear(machine_thing(node->words[0]));
    machine_say(me, "clear %s", node->words[0]);
    return 0;
}

static int
do_put_nowait(struct actor *me, const struct loop_node *node)
{
    struct rt_object *item = rt_int_new(atoll(node->words[1]));
    if (item == NULL) {
        return -1;
    }
    int result =
        rt_async_queue_put_nowait(machine_thing(node->words[0]), item);
    rt_decref(item);
    if (result == 0) {
        machine_say(me, "put %s %s", node->words[0], node->words[1]);
        return 0;
    }
    if (expect(RT_ERROR_QUEUE_FULL) != 0) {
        return -1;
    }
    machine_say(me, "%s full", node->words[0]);
    return 0;
}

static int
do_get_nowait(struct actor *me, const struct loop_node *node)
{
    struct rt_object *item =
        rt_async_queue_get_nowait(machine_thing(node->words[0]));
    if (item == NULL) {
        if (expect(RT_ERROR_QUEUE_EMPTY) != 0) {
            return -1;
        }
        machine_say(me, "%s empty", node->words[0]);
        return 0;
    }
    machine_say(me, "got %s from %s", loop_show(item), node->words[0]);
    rt_decref(item);
    return 0;
}

static int
do_task_done(struct actor *me, const struct loop_node *node)
{
    int result = rt_async_queue_task_done(machine_thing(node->words[0]));
    machine_say(me, "task_done %s%s", node->words[0],
                result == 0 ? "" : " too often");
    return result == 0 ? 0 : expect(RT_ERROR_VALUE);
}

static int
do_q_shutdown(struct actor *me, const struct loop_node *node)
{
    bool is_immediate = strcmp(node->name, "q_shutdown_now") == 0;
    int result =
        rt_async_queue_shut_down(machine_thing(node->words[0]), is_immediate);
    machine_say(me, "shut down %s", node->words[0]);
    return result;
}

static int
do_qsize(struct actor *me, const struct loop_node *node)
{
    size_t size = rt_async_queue_size(machine_thing(node->words[0]));
    machine_say(me, "qsize %s = %zu", node->words[0], size);
    return 0;
}

// --- all -------------------------------------------------------------------

static const struct loop_operation OPERATIONS[] = {
    {"log", "*", do_log, NULL},
    {"raise", "*", do_raise, NULL},
    {"return", "w", do_return, NULL},
    {"reraise", "", do_nothing, NULL},
    {"set", "fw", do_set, NULL},
    {"setexc", "fw", do_setexc, NULL},
    {"fcancel", "f", do_fcancel, NULL},
    {"fnew", "f", do_fnew, NULL},
    {"fdonecb", "f", do_fdonecb, NULL},
    {"spawn", "t", do_spawn, NULL},
    {"cancel", "t", do_cancel, NULL},
    {"cancelling", "", do_cancelling, NULL},
    {"uncancel", "", do_cancelling, NULL},
    {"donecb", "t", do_donecb, NULL},
    {"soon", "w", do_soon, NULL},
    {"later", "dw", do_timer, NULL},
    {"at", "dw", do_timer, NULL},
    {"hcancel", "w", do_hcancel, NULL},
    {"release", "x", do_release, NULL},
    {"locked", "x", do_locked, NULL},
    {"ev_set", "e", do_ev_set, NULL},
    {"ev_clear", "e", do_ev_clear, NULL},
    {"put_nowait", "qi", do_put_nowait, NULL},
    {"get_nowait", "q", do_get_nowait, NULL},
    {"task_done", "q", do_task_done, NULL},
    {"qsize", "q", do_qsize, NULL},
    {"cancelmsg", "tw", do_cancel, NULL},
    {"fgather", "f+", do_fgather, NULL},
    {"fshield", "fk", do_fshield, NULL},
    {"gspawn", "t", do_gspawn, NULL},
    {"reschedule", "o", do_reschedule, NULL},
    {"cset", "vw", do_cset, NULL},
    {"cget", "v", do_cget, NULL},
    {"csoon", "v", do_csoon, NULL},
    {"soonraise", "w", do_soonraise, NULL},
    {"stop", "", do_stop, NULL},
    {"q_shutdown", "q", do_q_shutdown, NULL},
    {"q_shutdown_now", "q", do_q_shutdown, NULL},
    {"creset", "v", do_creset, NULL},
    {"raises", "r", loop_raises, NULL},
    {"set_result", "fw", loop_set_result, NULL},
    {"set_exception", "fr", loop_set_exception, NULL},
    {"result", "f", loop_result, NULL},
    {"exception", "f", loop_result, NULL},
    {"state", "f", loop_state, NULL},
    {"ftask", "ft", loop_ftask, NULL},
    {"flatest", "ft", loop_ftask, NULL},
    {"fcancelmsg", "fw", loop_fcancelmsg, NULL},
    {"fcancelling", "f", loop_fcancelling, NULL},
    {"funcancel", "f", loop_fcancelling, NULL},
    {"current_task", "", loop_current_task, NULL},
    {"all_tasks", "", loop_all_tasks, NULL},
    {"call_soon", "a", loop_call_soon, NULL},
    {"call_later", "da", loop_call_timer, NULL},
    {"call_at", "da", loop_call_timer, NULL},
    {"add_done_callback", "fa", loop_add_done_callback, NULL},
    {"remove_done_callback", "fa", loop_remove_done_callback, NULL},
    {"caught", "", loop_caught, NULL},
    {"c_notify", "ni", loop_c_notify, NULL},
    {"c_notify_all", "n", loop_c_notify, NULL},
    {"is_set", "e", loop_is_set, NULL},
    {"bar_state", "b", loop_bar_state, NULL},
    {"q_state", "q", loop_q_state, NULL},
    {"run_until_complete", "f", loop_run, NULL},
    {"run_forever", "", loop_run, NULL},
    {"name_group", "w", do_name, NULL},
    {"name_limit", "w", do_name, NULL},
    {"gspawn_in", "wt", do_gspawn_in, NULL},
    {"reschedule_in", "wo", do_reschedule_in, NULL},
    {"limit_state", "w", do_limit_state, NULL},
    {"as_completed_of", "w+", do_as_completed_of, NULL},
    {"next_of", "w", NULL, &act_next_of},
    {"rawgroup", "", NULL, &act_rawgroup},
    {"rawtimeout", "o", NULL, &act_rawtimeout},
    {"with_cond", "n", NULL, &act_with},
    {"c_wait", "n", NULL, &act_c_wait},
    {"as_completed", "+", NULL, &act_as_completed},
    {"taskgroup", "", NULL, &act_taskgroup},
    {"sleep", "d", NULL, &act_sleep},
    {"yield", "", NULL, &act_yield},
    {"await", "f", NULL, &act_await},
    {"join", "t", NULL, &act_join},
    {"gather", "+", NULL, &act_gather},
    {"wait", "+", NULL, &act_wait},
    {"wait_for", "ko", NULL, &act_wait_for},
    {"shield", "k", NULL, &act_shield},
    {"group", "+", NULL, &act_group},
    {"timeout", "d", NULL, &act_timeout},
    {"try", "", NULL, &act_try},
    {"repeat", "i", NULL, &act_repeat},
    {"with_lock", "l", NULL, &act_with},
    {"with_sem", "s", NULL, &act_with},
    {"acquire", "x", NULL, &act_acquire},
    {"ev_wait", "e", NULL, &act_ev_wait},
    {"cond_wait", "n", NULL, &act_cond_wait},
    {"cond_notify", "ni", NULL, &act_cond_notify},
    {"cond_notify_all", "n", NULL, &act_cond_notify},
    {"put", "qi", NULL, &act_put},
    {"get", "q", NULL, &act_get},
    {"q_join", "q", NULL, &act_q_join},
    {"bar_wait", "b", NULL, &act_bar_wait},
    {"bar_reset", "b", NULL, &act_bar_reset},
    {"bar_abort", "b", NULL, &act_bar_reset},
};

const struct loop_operation *
loop_operation_find(const char *name)
{
    for (size_t i = 0; i < sizeof(OPERATIONS) / sizeof(OPERATIONS[0]); i++) {
        if (strcmp(OPERATIONS[i].name, name) == 0) {
            return &OPERATIONS[i];
        }
    }
    return NULL;
}
