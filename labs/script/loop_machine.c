/* How a script of the event loop runs: its tasks, their labels, what they say,
 * and the end of it all. The order of events is the runtime's; nothing here
 * schedules anything. */
#include "labs/script/loop_machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/async_barrier.h"
#include "labs/runtime/async_condition.h"
#include "labs/runtime/async_event.h"
#include "labs/runtime/async_lock.h"
#include "labs/runtime/async_queue.h"
#include "labs/runtime/async_semaphore.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/context.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_debug.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"
#include "labs/runtime/task_extra.h"
#include "labs/runtime/task_group.h"
#include "labs/script/loop_show.h"

/* A future, a lock, a timer, by its name. */
struct thing {
    const char *name;
    struct rt_object *object; // ours
    enum loop_named kind;     // of what gets its name at run time
};

struct things {
    struct thing *items;
    size_t count;
};

static struct {
    const struct loop_script *script;
    struct rt_loop *loop;
    bool with_turns;
    bool is_over; // nothing is printed any more
    struct things things, timers, tokens, actions, named;
    struct actor **actors; // in the order in which their tasks were made
    size_t actor_count;
    struct actor *main;
    const char **begun; // definitions, one for each task begun to be made
    size_t begun_count;
} machine;

void *
machine_take(void *memory)
{
    if (memory == NULL) {
        fputs("rt-script: out of memory\n", stderr);
        exit(70);
    }
    return memory;
}

struct rt_loop *
machine_loop(void)
{
    return machine.loop;
}

// --- what is printed -------------------------------------------------------

__attribute__((format(printf, 2, 0))) static void
say(const char *who, const char *format, va_list arguments)
{
    if (machine.is_over) {
        return;
    }
    if (machine.with_turns) {
        printf("%lld ", (long long)rt_loop_turns(machine.loop));
    }
    char time[LOOP_SHOW_TIME_ROOM];
    loop_show_time(rt_loop_time(machine.loop), time);
    printf("t=%s %s: ", time, who);
    vprintf(format, arguments);
    putchar('\n');
}

void
machine_say(const struct actor *who, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(who != NULL ? who->label : "loop", format, arguments);
    va_end(arguments);
}

static int
say_text(struct rt_object *text, struct rt_object *unused)
{
    (void)unused;
    machine_say(NULL, "%s", rt_str_text(text));
    return 0;
}

struct rt_object *
machine_callback(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    struct rt_object *string = rt_str_new(text);
    struct rt_object *callback =
        string != NULL ? rt_closure_new(say_text, string) : NULL;
    rt_xdecref(string);
    return callback;
}

// --- things ----------------------------------------------------------------

static struct thing *
find(struct things *things, const char *name)
{
    for (size_t i = 0; i < things->count; i++) {
        if (strcmp(things->items[i].name, name) == 0) {
            return &things->items[i];
        }
    }
    return NULL;
}

/* Finds it, or makes it. */
static struct thing *
place_of(struct things *things, const char *name)
{
    struct thing *thing = find(things, name);
    if (thing == NULL) {
        things->items = machine_take(realloc(
            things->items, (things->count + 1) * sizeof(*things->items)));
        thing = &things->items[things->count++];
        *thing = (struct thing){.name = name};
    }
    return thing;
}

static void
set(struct things *things, const char *name, struct rt_object *stolen)
{
    rt_set_ref(&place_of(things, name)->object, machine_take(stolen));
}

static void
release_things(struct things *things)
{
    for (size_t i = 0; i < things->count; i++) {
        rt_clear(&things->items[i].object);
    }
    free(things->items);
}

struct rt_object *
machine_thing(const char *name)
{
    const struct thing *thing = find(&machine.things, name);
    return thing != NULL ? thing->object : NULL;
}

void
machine_set_thing(const char *name, struct rt_object *stolen)
{
    set(&machine.things, name, stolen);
}

struct rt_object *
machine_lock(const char *name)
{
    const struct loop_node *node =
        loop_script_find(machine.script, "lock cond sem bsem", name);
    if (strcmp(node->name, "cond") == 0) {
        return rt_async_condition_lock(machine_thing(name));
    }
    return strcmp(node->name, "lock") == 0 ? machine_thing(name) : NULL;
}

struct rt_object *
machine_timer(const char *name)
{
    const struct thing *timer = find(&machine.timers, name);
    return timer != NULL ? timer->object : NULL;
}

void
machine_set_timer(const char *name, struct rt_object *stolen)
{
    set(&machine.timers, name, stolen);
}

struct rt_object *
machine_named(enum loop_named kind, const char *name)
{
    const struct thing *thing = find(&machine.named, name);
    return thing != NULL && thing->kind == kind ? thing->object : NULL;
}

void
machine_set_named(enum loop_named kind, const char *name,
                  struct rt_object *stolen)
{
    place_of(&machine.named, name)->kind = kind;
    set(&machine.named, name, stolen);
}

struct rt_object *
machine_token(const char *name)
{
    const struct thing *token = find(&machine.tokens, name);
    return token != NULL ? token->object : NULL;
}

void
machine_set_token(const char *name, struct rt_object *stolen)
{
    set(&machine.tokens, name, stolen);
}

static void
declare(const struct loop_node *node)
{
    const char *kind = node->name;
    const char *name = node->count > 0 ? node->words[0] : "";
    int size = node->count > 1 ? atoi(node->words[1]) : 0;
    if (strcmp(kind, "future") == 0) {
        machine_set_thing(name, rt_future_new(machine.loop));
    }
    else if (strcmp(kind, "lock") == 0) {
        machine_set_thing(name, rt_async_lock_new());
    }
    else if (strcmp(kind, "sem") == 0 || strcmp(kind, "bsem") == 0) {
        machine_set_thing(name, rt_async_semaphore_new(size, *kind == 'b'));
    }
    else if (strcmp(kind, "event") == 0) {
        machine_set_thing(name, rt_async_event_new());
    }
    else if (strcmp(kind, "cond") == 0) {
        machine_set_thing(name, rt_async_condition_new(NULL));
    }
    else if (strcmp(kind, "barrier") == 0) {
        machine_set_thing(name, rt_async_barrier_new(size));
    }
    else if (strcmp(kind, "queue") == 0) {
        machine_set_thing(name, rt_async_queue_new(RT_QUEUE_FIFO, size));
    }
    else if (strcmp(kind, "lifo") == 0) {
        machine_set_thing(name, rt_async_queue_new(RT_QUEUE_LIFO, size));
    }
    else if (strcmp(kind, "prio") == 0) {
        machine_set_thing(name, rt_async_queue_new(RT_QUEUE_PRIORITY, size));
    }
    else if (strcmp(kind, "var") == 0) {
        struct rt_object *unset = machine_take(rt_str_new("unset"));
        machine_set_thing(name, rt_context_var_new(name, unset));
        rt_decref(unset);
    }
    else if (strcmp(kind, "eager") == 0) {
        rt_loop_set_eager(machine.loop, true);
    }
    else if (strcmp(kind, "debug") == 0) {
        rt_loop_set_debug(machine.loop, true);
    }
}

// --- blocks and bodies -----------------------------------------------------

struct rt_object *
machine_act(const struct rt_code *code, struct actor *me,
            const struct loop_node *node)
{
    struct act *act = rt_coroutine_new(code);
    if (act == NULL) {
        return NULL;
    }
    act->me = me;
    act->node = node;
    return &act->frame.head;
}

/* One operation after the other. */
static enum rt_sent
block_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    RT_BEGIN;
    for (; my->node != NULL; my->node = my->node->next) {
        if (my->node->operation->run != NULL) {
            if (my->node->operation->run(my->me, my->node) != 0) {
                RT_FAIL;
            }
            continue;
        }
        RT_AWAIT(machine_act(my->node->operation->code, my->me, my->node));
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    RT_END;
}

static const struct rt_code block_code =
    RT_COROUTINE("block", struct act, 2, block_body);

struct rt_object *
machine_block(struct actor *me, const struct loop_node *first)
{
    return machine_act(&block_code, me, first);
}

bool
machine_is_returning(void)
{
    return rt_error_occurred() == RT_ERROR_EXCEPTION &&
           strcmp(rt_error_text(), "Return") == 0;
}

/* How a body ends: with the value of `return`, "-", or an error. */
static struct rt_object *
end_body(const struct actor *me, bool has_failed)
{
    if (!has_failed) {
        machine_say(me, "done");
        return rt_str_new("-");
    }
    if (machine_is_returning()) {
        rt_error_clear();
        machine_say(me, "return %s", me->value);
        return rt_str_new(me->value);
    }
    if (rt_error_occurred() == RT_ERROR_CANCELLED) {
        machine_say(me, "cancelled%s", loop_show_message());
    }
    else if (rt_error_is_ordinary(rt_error_occurred())) {
        machine_say(me, "raised %s", loop_show_error());
    }
    return NULL;
}

static enum rt_sent
task_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct act *my = (struct act *)frame;
    struct rt_object *value = NULL;
    RT_BEGIN;
    machine_say(my->me, "start");
    RT_AWAIT(machine_block(my->me, my->me->program->first[LOOP_BODY]));
    value = end_body(my->me, sent == NULL);
    if (value == NULL) {
        RT_FAIL;
    }
    RT_RETURN(value);
    RT_END;
}

static const struct rt_code task_code =
    RT_COROUTINE("body", struct act, 2, task_body);

// --- actions ---------------------------------------------------------------

/* Operations that do not wait, up to the first error. */
static int
run_at_once(struct actor *me, const struct loop_node *node)
{
    int result = 0;
    for (; node != NULL && result == 0; node = node->next) {
        result = node->operation->run(me, node);
    }
    return result;
}

static int
run_action(struct rt_object *name, struct rt_object *unused)
{
    static struct actor actor = {.label = "loop"};
    (void)unused;
    machine_say(&actor, "action %s", rt_str_text(name));
    return run_at_once(
        &actor, loop_script_find(machine.script, "action", rt_str_text(name))
                    ->first[LOOP_BODY]);
}

struct rt_object *
machine_action(const char *name)
{
    const struct thing *thing = find(&machine.actions, name);
    if (thing != NULL) {
        return thing->object;
    }
    struct rt_object *string = rt_str_new(name);
    struct rt_object *callback =
        string != NULL ? rt_closure_new(run_action, string) : NULL;
    rt_xdecref(string);
    if (callback != NULL) {
        set(&machine.actions, name, callback);
    }
    return callback;
}

// --- tasks -----------------------------------------------------------------

const struct actor *
machine_actor(const struct rt_object *task)
{
    const struct rt_object *body = ((const struct rt_task *)task)->coroutine;
    return ((const struct act *)body)->me;
}

static struct actor *
make_actor(const char *name, const struct loop_node *program)
{
    struct actor *actor = machine_take(calloc(1, sizeof(*actor)));
    actor->name = name;
    actor->program = program;
    snprintf(actor->label, sizeof(actor->label), "%s", name);
    return actor;
}

/* The number of the next task of a definition, from 1. Tasks count when they
 * begin to be made; they are listed when they are made, which is later if they
 * run before that. */
static int
next_number(const char *name)
{
    int number = 1;
    for (size_t i = 0; i < machine.begun_count; i++) {
        number += strcmp(machine.begun[i], name) == 0;
    }
    machine.begun = machine_take(realloc(
        machine.begun, (machine.begun_count + 1) * sizeof(*machine.begun)));
    machine.begun[machine.begun_count++] = name;
    return number;
}

static void
list_actor(struct actor *actor)
{
    machine.actors = machine_take(realloc(
        machine.actors, (machine.actor_count + 1) * sizeof(*machine.actors)));
    machine.actors[machine.actor_count++] = actor;
}

struct rt_object *
machine_spawn(const char *name, struct rt_object *group)
{
    struct actor *actor =
        make_actor(name, loop_script_find(machine.script, "task", name));
    int number = next_number(name);
    if (number > 1) {
        snprintf(actor->label, sizeof(actor->label), "%s#%d", name, number);
    }
    struct rt_object *body = machine_act(&task_code, actor, NULL);
    actor->task = group != NULL ? rt_task_group_create_task(group, body)
                                : rt_task_new(machine.loop, body);
    if (actor->task == NULL) {
        free(actor); // what was to run it is gone
        return NULL;
    }
    list_actor(actor);
    return actor->task;
}

struct rt_object *
machine_latest(const char *name)
{
    for (size_t i = machine.actor_count; i-- > 0;) {
        if (strcmp(machine.actors[i]->name, name) == 0) {
            return machine.actors[i]->task;
        }
    }
    return NULL;
}

struct rt_object *
machine_targets(const struct loop_node *node, int from, int to,
                const char *but)
{
    struct rt_object *targets = rt_list_new();
    for (int i = from; targets != NULL && i < to; i++) {
        if (strcmp(node->words[i], but) == 0) {
            continue;
        }
        struct rt_object *target = machine_target(node->words[i]);
        if (target == NULL || rt_list_append(targets, target) != 0) {
            rt_clear(&targets);
        }
        rt_xdecref(target);
    }
    return targets;
}

struct rt_object *
machine_target(const char *name)
{
    if (loop_script_find(machine.script, "future", name) != NULL) {
        return rt_new_ref(machine_thing(name));
    }
    struct rt_object *task = machine_spawn(name, NULL);
    rt_xincref(task);
    return task;
}

// --- the whole -------------------------------------------------------------

static void
hear_trouble(struct rt_loop *loop, const struct rt_loop_trouble *trouble,
             void *data)
{
    (void)loop;
    (void)data;
    if (strcmp(trouble->message, "Exception in callback") == 0) {
        machine_say(NULL, "callback raised %s", loop_show(trouble->exception));
    }
}

static void
ignore_never_awaited(const struct rt_code *code)
{
    (void)code;
}

static bool
is_left(const struct actor *actor)
{
    return actor->task != NULL && !rt_future_is_done(actor->task);
}

static void
run_main(const struct loop_node *program)
{
    struct actor *actor = make_actor("main", program);
    machine.main = actor;
    actor->task = machine_take(
        rt_task_new(machine.loop, machine_act(&task_code, actor, NULL)));
    struct rt_object *result =
        rt_loop_run_until_complete(machine.loop, actor->task);
    if (result == NULL && loop_is_deadlock()) {
        machine_say(NULL, "deadlock");
    }
    else if (result == NULL) {
        machine_say(NULL, "main ended with %s", loop_show_error());
    }
    rt_error_clear();
    rt_xdecref(result);
}

/* What happens between the end of main and that of the script. */
static void
run_outside(const struct loop_node *program)
{
    static struct actor actor = {.label = "outside"};
    for (const struct loop_node *node = program->first[LOOP_BODY];
         node != NULL; node = node->next) {
        if (node->operation->run(&actor, node) != 0) {
            machine_say(&actor, "raised %s", loop_show_error());
            rt_error_clear();
        }
    }
}

/* " a b" of the tasks that are left, "" if there are none; new. */
static char *
name_left(void)
{
    char *names = NULL;
    size_t size = 0;
    FILE *out = machine_take(open_memstream(&names, &size));
    for (size_t i = 0; i < machine.actor_count; i++) {
        if (is_left(machine.actors[i])) {
            fprintf(out, " %s", machine.actors[i]->label);
        }
    }
    fclose(out);
    return machine_take(names);
}

static void
say_how_it_ended(void)
{
    if (loop_is_deadlock()) {
        machine_say(NULL, "deadlock");
    }
    else if (rt_error_occurred() == RT_ERROR_RUNTIME) {
        machine_say(NULL, "stopped");
    }
    else {
        machine_say(NULL, "ended with %s", loop_show_error());
    }
}

/* Cancels those that are left and waits for them. */
static void
end_left(void)
{
    struct rt_object *left = machine_take(rt_list_new());
    for (size_t i = 0; i < machine.actor_count; i++) {
        if (is_left(machine.actors[i]) &&
            rt_list_append(left, machine.actors[i]->task) != 0) {
            machine_take(NULL);
        }
    }
    for (size_t i = 0; i < rt_list_size(left); i++) {
        rt_future_cancel(rt_list_at(left, i), NULL);
    }
    if (rt_list_size(left) > 0) {
        struct rt_object *all =
            machine_take(rt_gather(machine.loop, left, true));
        struct rt_object *result =
            rt_loop_run_until_complete(machine.loop, all);
        if (result == NULL) {
            say_how_it_ended();
        }
        rt_error_clear();
        rt_xdecref(result);
        rt_decref(all);
    }
    rt_decref(left);
}

/* Tasks that are stuck would run their finally blocks here, with nothing left
 * to stand on; the end of the program takes them away without that. */
static void
release(void)
{
    machine.is_over = true;
    rt_clear(&machine.main->task);
    for (size_t i = 0; i < machine.actor_count; i++) {
        rt_clear(&machine.actors[i]->task);
    }
    release_things(&machine.timers);
    release_things(&machine.tokens);
    release_things(&machine.named);
    release_things(&machine.actions);
    release_things(&machine.things);
    (void)rt_loop_close(machine.loop);
    rt_gc_collect(2);
    rt_loop_free(machine.loop);
    for (size_t i = 0; i < machine.actor_count; i++) {
        free(machine.actors[i]);
    }
    free(machine.main);
    free(machine.actors);
    free(machine.begun);
}

void
loop_script_run(const struct loop_script *script, bool with_turns)
{
    const struct loop_node *main_node = NULL;
    const struct loop_node *outside = NULL;
    machine.script = script;
    machine.with_turns = with_turns;
    machine.loop = machine_take(rt_loop_new());
    rt_loop_use_virtual_clock(machine.loop);
    rt_loop_set_exception_handler(machine.loop, hear_trouble, NULL);
    rt_coroutine_set_never_awaited_hook(ignore_never_awaited);
    for (const struct loop_node *node = script->declarations; node != NULL;
         node = node->next) {
        declare(node);
        main_node = strcmp(node->name, "main") == 0 ? node : main_node;
        outside = strcmp(node->name, "outside") == 0 ? node : outside;
    }
    run_main(main_node);
    if (outside != NULL) {
        run_outside(outside);
    }
    char *left = name_left();
    machine_say(NULL, "pending%s", *left != '\0' ? left : " -");
    free(left);
    end_left();
    left = name_left();
    machine_say(NULL, "end%s%s", *left != '\0' ? ", stuck" : "", left);
    if (*left == '\0' && !is_left(machine.main)) {
        release();
    }
    else { // who is stuck is left where it is, and asks for nothing any more
        rt_task_forget_extras(machine.loop);
    }
    free(left);
}
