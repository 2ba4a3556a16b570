#include "labs/script/loop_acts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/as_completed.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/list.h"
#include "labs/runtime/shield.h"
#include "labs/runtime/sleep.h"
#include "labs/runtime/task.h"
#include "labs/runtime/task_group.h"
#include "labs/runtime/timeout.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/wait.h"
#include "labs/runtime/wait_for.h"
#include "labs/script/loop_machine.h"
#include "labs/script/loop_show.h"

#define ACT(body) RT_COROUTINE("step", struct act, 2, body)

// --- time ------------------------------------------------------------------

static enum rt_sent
sleep_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_sleep(atof(my->node->words[0])));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "slept %s", my->node->words[0]);
    RT_END;
}
const struct rt_code act_sleep = ACT(sleep_body);

static enum rt_sent
yield_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_YIELD(rt_none);
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "yielded");
    RT_END;
}
const struct rt_code act_yield = ACT(yield_body);

// --- results ---------------------------------------------------------------

static enum rt_sent
await_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_new_ref(machine_thing(my->node->words[0])));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "%s = %s", my->node->words[0], loop_show(sent));
    RT_END;
}
const struct rt_code act_await = ACT(await_body);

static enum rt_sent
join_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    struct rt_object *task = machine_latest(my->node->words[0]);
    RT_BEGIN;
    if (task == NULL) {
        machine_say(my->me, "skip");
        RT_RETURN(rt_none);
    }
    RT_AWAIT(rt_new_ref(task));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "joined %s = %s", my->node->words[0], loop_show(sent));
    RT_END;
}
const struct rt_code act_join = ACT(join_body);

static enum rt_sent
wait_for_body(struct rt_coroutine *frame, struct rt_object *sent,
              struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    const char *name = my->node->words[0];
    RT_BEGIN;
    RT_AWAIT(rt_wait_for(machine_target(name),
                         loop_read_seconds(my->node->words[1])));
    if (sent != NULL) {
        machine_say(my->me, "wait_for %s = %s", name, loop_show(sent));
        RT_RETURN(rt_none);
    }
    if (rt_error_occurred() != RT_ERROR_TIMEOUT) {
        RT_FAIL;
    }
    rt_error_clear();
    machine_say(my->me, "wait_for %s timed out", name);
    RT_END;
}
const struct rt_code act_wait_for = ACT(wait_for_body);

static enum rt_sent
shield_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    const char *name = my->node->words[0];
    RT_BEGIN;
    RT_AWAIT(rt_shield(machine_loop(), machine_target(name)));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "shield %s = %s", name, loop_show(sent));
    RT_END;
}
const struct rt_code act_shield = ACT(shield_body);

// --- several at once -------------------------------------------------------

struct rt_object *
act_start_gather(const struct loop_node *node, int from)
{
    static const char FLAG[] = "return_exceptions";
    bool has_flag = false;
    for (int i = from; i < node->count; i++) {
        has_flag |= strcmp(node->words[i], FLAG) == 0;
    }
    struct rt_object *targets = machine_targets(node, from, node->count, FLAG);
    struct rt_object *all =
        targets != NULL ? rt_gather(machine_loop(), targets, has_flag) : NULL;
    rt_xdecref(targets);
    return all;
}

static enum rt_sent
gather_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(act_start_gather(my->node, 0));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "gather -> %s", loop_show(sent));
    RT_END;
}
const struct rt_code act_gather = ACT(gather_body);

/* Where the names of a wait end, which begin there. */
static int
end_of_names(const struct loop_node *node, int from)
{
    bool has_limit = node->count > from + 2 &&
                     strcmp(node->words[node->count - 2], "timeout") == 0;
    return has_limit ? node->count - 2 : node->count;
}

static struct rt_object *
start_wait(struct act *my)
{
    const char *how = my->node->words[0];
    int end = end_of_names(my->node, 1);
    double timeout_s =
        end < my->node->count ? atof(my->node->words[end + 1]) : INFINITY;
    my->first = machine_targets(my->node, 1, end, "");
    if (my->first == NULL) {
        return NULL;
    }
    return rt_wait(my->first, timeout_s,
                   strcmp(how, "ALL") == 0     ? RT_WAIT_ALL
                   : strcmp(how, "FIRST") == 0 ? RT_WAIT_FIRST
                                               : RT_WAIT_ERROR);
}

/* "x,y": the names of those that the set has; new. */
static char *
show_set(const struct act *my, struct rt_object *set)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        abort();
    }
    for (size_t i = 0; i < rt_list_size(my->first); i++) {
        for (size_t k = 0; k < rt_list_size(set); k++) {
            if (rt_list_at(set, k) == rt_list_at(my->first, i)) {
                fprintf(out, "%s%s", ftell(out) > 0 ? "," : "",
                        my->node->words[i + 1]);
            }
        }
    }
    fprintf(out, "%s", ftell(out) > 0 ? "" : "-");
    fclose(out);
    return text;
}

static enum rt_sent
wait_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(start_wait(my));
    if (sent == NULL) {
        RT_FAIL;
    }
    char *done = show_set(my, rt_tuple_at(sent, 0));
    char *pending = show_set(my, rt_tuple_at(sent, 1));
    machine_say(my->me, "wait done=%s pending=%s", done, pending);
    free(done);
    free(pending);
    RT_END;
}
const struct rt_code act_wait = ACT(wait_body);

static struct rt_object *
take_second(struct act *my)
{
    struct rt_object *taken = my->second;
    my->second = NULL;
    return taken;
}

struct rt_object *
act_start_as_completed(const struct loop_node *node, int from)
{
    int end = end_of_names(node, from);
    double timeout_s =
        end < node->count ? atof(node->words[end + 1]) : INFINITY;
    struct rt_object *targets = machine_targets(node, from, end, "");
    struct rt_object *all =
        targets != NULL ? rt_as_completed(machine_loop(), targets, timeout_s)
                        : NULL;
    rt_xdecref(targets);
    return all;
}

/* Of a result that came or did not: false if its error goes on. */
static bool
say_next(const struct actor *me, struct rt_object *sent)
{
    if (sent != NULL) {
        machine_say(me, "next = %s", loop_show(sent));
        return true;
    }
    enum rt_error error = rt_error_occurred();
    if (error != RT_ERROR_TIMEOUT && error != RT_ERROR_EXCEPTION) {
        return false;
    }
    rt_error_clear();
    machine_say(me, "next %s",
                error == RT_ERROR_TIMEOUT ? "timed out" : "failed");
    return true;
}

/* first: the iterator; second: the next result, until it is awaited. */
static enum rt_sent
as_completed_body(struct rt_coroutine *frame, struct rt_object *sent,
                  struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    my->first = act_start_as_completed(my->node, 0);
    if (my->first == NULL) {
        RT_FAIL;
    }
    while ((my->second = rt_as_completed_next(my->first)) != NULL) {
        RT_AWAIT(take_second(my));
        if (!say_next(my->me, sent)) {
            RT_FAIL;
        }
    }
    if (rt_error_occurred() != RT_ERROR_NONE) {
        RT_FAIL;
    }
    RT_END;
}
const struct rt_code act_as_completed = ACT(as_completed_body);

/* 0, or -1 with a pending error. */
static int
start_group(struct act *my)
{
    my->first = rt_task_group_new();
    return my->first != NULL ? rt_task_group_enter(my->first) : -1;
}

static int
spawn_all(struct act *my)
{
    for (int i = 0; i < my->node->count; i++) {
        if (machine_spawn(my->node->words[i], my->first) == NULL) {
            return -1;
        }
    }
    return 0;
}

/* first: the iterator; second: the next result, until it is awaited. */
static enum rt_sent
next_of_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    struct rt_object *results =
        machine_named(LOOP_RESULTS, my->node->words[0]);
    RT_BEGIN;
    if (results == NULL) {
        machine_say(my->me, "skip");
        RT_RETURN(rt_none);
    }
    my->second = rt_as_completed_next(results);
    if (my->second == NULL && rt_error_occurred() == RT_ERROR_NONE) {
        machine_say(my->me, "no more of %s", my->node->words[0]);
        RT_RETURN(rt_none);
    }
    RT_AWAIT(take_second(my));
    if (!say_next(my->me, sent)) {
        RT_FAIL;
    }
    RT_END;
}
const struct rt_code act_next_of = ACT(next_of_body);

/* Catches the pending error if it is a group's; whether it is. */
static bool
say_failed_group(const struct actor *me)
{
    if (!rt_error_is_group(rt_error_occurred())) {
        return false;
    }
    struct rt_object *group = rt_exception_catch();
    machine_say(me, "group failed %s", loop_show(rt_exception_members(group)));
    rt_decref(group);
    return true;
}

static enum rt_sent
group_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    if (start_group(my) != 0) {
        RT_FAIL;
    }
    RT_AWAIT(rt_task_group_exit(my->first, spawn_all(my) != 0));
    if (sent != NULL) {
        machine_say(my->me, "group done");
    }
    else if (!say_failed_group(my->me)) {
        RT_FAIL;
    }
    RT_END;
}
const struct rt_code act_group = ACT(group_body);

/* A group around a block whose errors go on. */
static enum rt_sent
rawgroup_body(struct rt_coroutine *frame, struct rt_object *sent,
              struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    if (start_group(my) != 0) {
        RT_FAIL;
    }
    my->outer = my->me->group;
    my->me->group = my;
    RT_AWAIT(machine_block(my->me, my->node->first[LOOP_BODY]));
    my->me->group = my->outer;
    RT_AWAIT(rt_task_group_exit(my->first, sent == NULL));
    if (sent == NULL) {
        RT_FAIL;
    }
    machine_say(my->me, "group done");
    RT_END;
}
const struct rt_code act_rawgroup = ACT(rawgroup_body);

static enum rt_sent
taskgroup_body(struct rt_coroutine *frame, struct rt_object *sent,
               struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(machine_act(&act_rawgroup, my->me, my->node));
    if (sent == NULL && !say_failed_group(my->me)) {
        RT_FAIL;
    }
    RT_END;
}
const struct rt_code act_taskgroup = ACT(taskgroup_body);

// --- blocks ----------------------------------------------------------------

/* From here on it is the innermost limit; 0, or -1 with a pending error. */
static int
begin_limit(struct act *my)
{
    my->first = rt_timeout_new(loop_read_seconds(my->node->words[0]));
    if (my->first == NULL || rt_timeout_enter(my->first) != 0) {
        return -1;
    }
    my->outer = my->me->limit;
    my->me->limit = my;
    return 0;
}

static int
end_limit(const struct act *my, bool has_failed)
{
    my->me->limit = my->outer;
    return rt_timeout_exit(my->first, has_failed);
}

static enum rt_sent
timeout_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    if (begin_limit(my) != 0) {
        RT_FAIL;
    }
    RT_AWAIT(machine_block(my->me, my->node->first[LOOP_BODY]));
    if (end_limit(my, sent == NULL) == 0) {
        machine_say(my->me, "in time");
        RT_RETURN(rt_none);
    }
    if (rt_error_occurred() != RT_ERROR_TIMEOUT) {
        RT_FAIL;
    }
    rt_error_clear();
    machine_say(my->me, "timed out");
    RT_END;
}
const struct rt_code act_timeout = ACT(timeout_body);

/* A limit whose timeout error goes on. */
static enum rt_sent
rawtimeout_body(struct rt_coroutine *frame, struct rt_object *sent,
                struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    if (begin_limit(my) != 0) {
        RT_FAIL;
    }
    RT_AWAIT(machine_block(my->me, my->node->first[LOOP_BODY]));
    int ended = end_limit(my, sent == NULL);
    machine_say(my->me, "limit expired %s",
                loop_show_bool(rt_timeout_expired(my->first)));
    if (ended != 0) {
        RT_FAIL;
    }
    RT_END;
}
const struct rt_code act_rawtimeout = ACT(rawtimeout_body);

static enum rt_sent
repeat_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    for (; my->count < atoi(my->node->words[0]); my->count++) {
        RT_AWAIT(machine_block(my->me, my->node->first[LOOP_BODY]));
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    RT_END;
}
const struct rt_code act_repeat = ACT(repeat_body);

/* Which part of a try catches the pending error; LOOP_BODY: none. */
static enum loop_part
part_that_catches(const struct loop_node *node)
{
    enum rt_error error = rt_error_occurred();
    if (error == RT_ERROR_CANCELLED) {
        return node->has[LOOP_CANCELLED] ? LOOP_CANCELLED : LOOP_BODY;
    }
    return rt_error_is_ordinary(error) && !machine_is_returning() &&
                   node->has[LOOP_EXCEPT]
               ? LOOP_EXCEPT
               : LOOP_BODY;
}

static bool
has_reraise(const struct loop_node *node)
{
    while (node != NULL && strcmp(node->name, "reraise") != 0) {
        node = node->next;
    }
    return node != NULL;
}

/* Keeps the error that the body has ended with, which my->count catches. */
static void
catch_error(struct act *my)
{
    bool is_cancelled = my->count == LOOP_CANCELLED;
    machine_say(my->me, "caught %s%s",
                is_cancelled ? "cancel" : loop_show_error(),
                is_cancelled ? loop_show_message() : "");
    my->first = rt_exception_catch();
}

/* Raises the caught error again if the block says so. */
static bool
raise_again(struct act *my)
{
    if (my->count != LOOP_CANCELLED ||
        !has_reraise(my->node->first[LOOP_CANCELLED])) {
        return false;
    }
    rt_exception_raise(my->first);
    return true;
}

/* first: the caught error; second: the one that the whole ends with, if flag
 * says so. */
static enum rt_sent
try_body(struct rt_coroutine *frame, struct rt_object *sent,
         struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    RT_AWAIT(machine_block(my->me, my->node->first[LOOP_BODY]));
    my->flag = sent == NULL;
    my->count = my->flag ? (int)part_that_catches(my->node) : LOOP_BODY;
    if (my->count != LOOP_BODY) {
        catch_error(my);
        my->outer = my->me->caught;
        my->me->caught = my;
        RT_AWAIT(machine_block(my->me, my->node->first[my->count]));
        my->me->caught = my->outer;
        my->flag = sent == NULL || raise_again(my);
    }
    if (my->node->has[LOOP_FINALLY]) {
        if (my->flag) {
            my->value = my->me->value;
            my->second = rt_exception_catch();
        }
        machine_say(my->me, "finally");
        RT_AWAIT(machine_block(my->me, my->node->first[LOOP_FINALLY]));
        if (sent == NULL) {
            RT_FAIL;
        }
        if (my->flag) {
            my->me->value = my->value;
            rt_exception_raise(my->second);
        }
    }
    if (my->flag) {
        RT_FAIL;
    }
    RT_END;
}
const struct rt_code act_try = ACT(try_body);
