/* Lab 26: tasks, seen through the order of what happens.
 *
 * An actor is a coroutine that does what its text says, one order after the
 * other: "await F, return 7". It says what becomes of each, with the loop's
 * turn and time; the clock is virtual. Actors and their tasks are called by
 * small letters, futures by capital ones. A name of an observation holds the
 * actor's whole text, so that a difference explains itself. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/sleep.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"
#include "labs/testing.h"

enum {
    LETTERS = 128,
    TEXT = 160,
    VERB = 12,
    MANY = 10000
};

static struct rt_loop *loop;
static struct rt_loop *other_loop;
static bool is_silent;
static bool tells_current; // callbacks say who runs

static struct {
    struct rt_object *object; // ours: a task or a future
    char text[TEXT];          // what a task does
} cast[LETTERS];

// --- what is seen ----------------------------------------------------------

static void __attribute__((format(printf, 2, 3)))
say(char letter, const char *format, ...)
{
    char name[TEXT + 8];
    char what[300];
    va_list arguments;
    if (is_silent) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    snprintf(name, sizeof(name), "%c: %s", letter, cast[(int)letter].text);
    observe_event(name, "%s (turn %d, %g s)", what, (int)rt_loop_turns(loop),
                  rt_loop_time(loop));
}

/* "Name: text" of the pending error, which is forgotten. */
static const char *
take_error(void)
{
    static char text[200];
    enum rt_error error = rt_error_occurred();
    if (error == RT_ERROR_NONE) {
        return "no error";
    }
    snprintf(text, sizeof(text), "%s: %s", rt_error_name(error),
             rt_error_text());
    rt_error_clear();
    return text;
}

// --- actors ----------------------------------------------------------------

struct actor {
    struct rt_coroutine frame;
    struct rt_object *kept; // an error, while it says so
    const char *at;         // the next order
    int64_t argument;       // a number
    int catches;            // errors that it survives
    char verb[VERB];
    char letter;
    char who; // the letter in the order
};

/* The actor of the task that runs, '-' if none does. */
static char
current(void)
{
    const struct rt_task *task = (const struct rt_task *)rt_task_current(loop);
    return task == NULL ? '-'
           : task->coroutine == NULL
               ? '?'
               : ((struct actor *)task->coroutine)->letter;
}

static bool
next_order(struct actor *my)
{
    int used = 0;
    my->verb[0] = my->who = '\0';
    my->argument = 0;
    if (sscanf(my->at, " %11[a-z]%n", my->verb, &used) != 1) {
        return false;
    }
    my->at += used;
    if (sscanf(my->at, " %" SCNd64 "%n", &my->argument, &used) == 1 ||
        sscanf(my->at, " %c%n", &my->who, &used) == 1) {
        my->at += my->who == ',' ? 0 : used;
    }
    while (*my->at == ',' || *my->at == ' ') {
        my->at++;
    }
    return true;
}

static bool
is(const struct actor *my, const char *verb)
{
    return strcmp(my->verb, verb) == 0;
}

static struct rt_object *
object_of(const struct actor *my)
{
    return cast[(int)my->who].object;
}

static bool
cancel(char letter, const char *text)
{
    char numbered[60];
    snprintf(numbered, sizeof(numbered), "%s %d", text != NULL ? text : "",
             (int)lab_number(0));
    struct rt_object *message = text != NULL ? rt_str_new(numbered) : NULL;
    bool result = rt_future_cancel(cast[(int)letter].object, message);
    rt_xdecref(message);
    return result;
}

static void
finish_future(char letter, bool is_failed)
{
    struct rt_object *value =
        is_failed ? rt_exception_new(RT_ERROR_VALUE, "bad") : rt_int_new(7);
    struct rt_object *future = cast[(int)letter].object;
    if ((is_failed ? rt_future_set_exception(future, value)
                   : rt_future_set_result(future, value)) != 0) {
        rt_error_clear(); // it was done already
    }
    rt_decref(value);
}

static struct rt_object *make(char letter);

static void
enter(const struct actor *my)
{
    int result = rt_task_step(object_of(my), rt_none);
    say(my->letter, "a step of %c returns %d, %s", my->who, result,
        take_error());
}

/* Orders that are over at once. */
static void
act(struct actor *my)
{
    if (is(my, "catch")) {
        my->catches = (int)my->argument;
    }
    else if (is(my, "set") || is(my, "fail")) {
        finish_future(my->who, is(my, "fail"));
        say(my->letter, "has finished %c", my->who);
    }
    else if (is(my, "cancel")) {
        char text[] = "by x";
        text[3] = my->letter;
        say(my->letter, "cancels %c: %s", my->who,
            cancel(my->who, text) ? "true" : "false");
    }
    else if (is(my, "uncancel")) {
        say(my->letter, "takes a request to %c back, %d left", my->who,
            rt_task_uncancel(object_of(my)));
    }
    else if (is(my, "look")) {
        say(my->letter, "the current task is %c", current());
    }
    else if (is(my, "own")) {
        const struct rt_object *task = cast[(int)my->letter].object;
        say(my->letter, "waits for %s while it runs",
            ((const struct rt_task *)task)->waiter == NULL ? "nothing"
                                                           : "something");
    }
    else if (is(my, "enter")) {
        enter(my);
    }
    else if (is(my, "make")) {
        say(my->letter, "makes %c: %s", my->who,
            make(my->who) != NULL ? "made" : take_error());
    }
}

static void
raise_error(char who)
{
    rt_error_set(who == 'k'   ? RT_ERROR_KEYBOARD_INTERRUPT
                 : who == 's' ? RT_ERROR_SYSTEM_EXIT
                 : who == 'c' ? RT_ERROR_CANCELLED
                 : who == 'g' ? RT_ERROR_GENERATOR_EXIT
                              : RT_ERROR_EXCEPTION,
                 "Boom %c", who);
}

/* -1: it is none. */
static int
number_of(const struct rt_object *value)
{
    return rt_int_check(value) ? (int)rt_int_value(value) : -1;
}

/* After a stop. */
static bool
goes_on(struct actor *my, struct rt_object *sent)
{
    if (sent == NULL) {
        if (rt_error_occurred() == RT_ERROR_GENERATOR_EXIT) {
            return false; // the case is over
        }
        say(my->letter, "gets %s: %s", rt_error_name(rt_error_occurred()),
            rt_error_text());
        if (my->catches == 0) {
            return false;
        }
        my->catches--;
        rt_error_clear();
    }
    else if (sent == rt_none) {
        say(my->letter, "goes on");
    }
    else {
        say(my->letter, "goes on with %d", number_of(sent));
    }
    return true;
}

static bool
is_yield(const struct actor *my)
{
    return is(my, "pass") || is(my, "odd") || is(my, "yield") ||
           is(my, "lend");
}

static struct rt_object *
yielded(const struct actor *my)
{
    if (is(my, "lend")) { // as an await does, but without one
        ((struct rt_future *)object_of(my))->is_blocking = true;
    }
    if (is(my, "yield") || is(my, "lend")) {
        return rt_new_ref(object_of(my));
    }
    return is(my, "odd") ? rt_int_new(1000) : rt_none;
}

static bool
is_await(const struct actor *my)
{
    return is(my, "sleep") || is(my, "await");
}

static struct rt_object *
awaited(const struct actor *my)
{
    return is(my, "sleep") ? rt_sleep((double)my->argument)
                           : rt_new_ref(object_of(my));
}

static enum rt_sent
actor_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct actor *my = (struct actor *)frame;
    RT_BEGIN;
    say(my->letter, "begins");
    while (next_order(my)) {
        if (is(my, "return")) {
            RT_RETURN(rt_int_new(my->argument));
        }
        else if (is(my, "raise")) {
            raise_error(my->who);
            RT_FAIL;
        }
        else if (is_yield(my)) {
            RT_YIELD(yielded(my));
        }
        else if (is_await(my)) {
            RT_AWAIT(awaited(my));
        }
        else {
            act(my);
            continue;
        }
        if (!goes_on(my, sent)) {
            RT_FAIL;
        }
    }
    RT_END;
}

static const struct rt_code actor_code =
    RT_COROUTINE("actor", struct actor, 1, actor_body);

// --- a case ----------------------------------------------------------------

static void
tell_trouble(struct rt_loop *where, const struct rt_loop_trouble *trouble,
             void *data)
{
    (void)where;
    (void)data;
    observe_event("the loop's handler hears", "%s, %s", trouble->message,
                  trouble->exception != NULL
                      ? rt_exception_text(trouble->exception)
                      : "no exception");
}

static void
keep_silent(struct rt_loop *told, const struct rt_loop_trouble *trouble,
            void *data)
{
    (void)told;
    (void)trouble;
    (void)data;
}

static void
tell_never_awaited(const struct rt_code *code)
{
    observe_event("never awaited", "%s", code->name);
}

/* A loop that never waits for descriptors, so it needs none of its own. How
 * many turns it has made before, the dice say. */
static struct rt_loop *
new_loop(void)
{
    struct rt_loop *made = rt_alloc(sizeof(*made));
    memset(made, 0, sizeof(*made));
    made->poller.epoll_fd = made->poller.wake_fd = -1;
    made->turns = lab_number(0);
    pthread_mutex_init(&made->lock, NULL);
    (void)rt_loop_take_number(made);
    rt_loop_use_virtual_clock(made);
    return made;
}

static void
begin(void)
{
    loop = new_loop();
    rt_loop_set_exception_handler(loop, tell_trouble, NULL);
    rt_coroutine_set_never_awaited_hook(tell_never_awaited);
}

/* The task of an actor, which is also returned; NULL with its error. */
static struct rt_object *
make(char letter)
{
    struct actor *actor = rt_coroutine_new(&actor_code);
    actor->letter = letter;
    actor->at = cast[(int)letter].text;
    struct rt_object *task = rt_task_new(loop, &actor->frame.head);
    cast[(int)letter].object = task;
    return task;
}

/* Of the small ints, so that nobody has to give them back. */
static int64_t
small_number(int64_t n)
{
    return n < 10 ? n + lab_number(0) / 10 % 200 : n;
}

/* "return 7" returns the number that the dice say for it. */
static void
prepare(char letter, const char *text)
{
    static const char RETURN[] = "return ";
    const char *found = strstr(text, RETURN);
    int before = (int)strlen(text);
    char number[24] = "";
    if (found != NULL) {
        found += strlen(RETURN);
        before = (int)(found - text);
        snprintf(number, sizeof(number), "%" PRId64,
                 small_number(strtoll(found, NULL, 10)));
        found += strspn(found, "0123456789");
    }
    snprintf(cast[(int)letter].text, TEXT, "%.*s%s%s", before, text, number,
             found != NULL ? found : "");
}

static void
start(char letter, const char *text)
{
    prepare(letter, text);
    make(letter);
}

static void
future(char letter)
{
    cast[(int)letter].object = rt_future_new(loop);
    prepare(letter, "a future");
}

static void
turn(void)
{
    rt_loop_stop(loop);
    if (rt_loop_run_forever(loop) != 0) {
        observe_event("the turn ends with", "%s", take_error());
    }
}

static void
turns(int count)
{
    while (count-- > 0) {
        turn();
    }
}

/* As long as anything happens. */
static void
run(void)
{
    rt_loop_run_forever(loop);
    bool is_idle = rt_error_occurred() == RT_ERROR_RUNTIME &&
                   strncmp(rt_error_text(), "nothing is ready", 16) == 0;
    const char *text = take_error();
    if (!is_idle) {
        observe_event("the loop ends with", "%s", text);
    }
}

/* What has become of a task or a future. */
static void
tell(char letter)
{
    struct rt_object *object = cast[(int)letter].object;
    char name[30];
    snprintf(name, sizeof(name), "%c in the end", letter);
    if (object == NULL) {
        return;
    }
    if (!rt_future_is_done(object)) {
        observe_event(name, "pending, %d requests to cancel",
                      rt_task_check(object) ? rt_task_cancelling(object) : 0);
        return;
    }
    bool is_cancelled = rt_future_is_cancelled(object);
    struct rt_object *value = rt_future_result(object);
    char text[200];
    if (value == NULL) {
        snprintf(text, sizeof(text), "%s", take_error());
    }
    else if (value == rt_none) {
        snprintf(text, sizeof(text), "None");
    }
    else {
        snprintf(text, sizeof(text), "%d", number_of(value));
    }
    rt_xdecref(value);
    observe_event(name, "%s, %s, %d requests to cancel",
                  is_cancelled ? "cancelled" : "finished", text,
                  rt_task_check(object) ? rt_task_cancelling(object) : 0);
}

/* Everybody goes, and nothing may be left. */
static void
leave(void)
{
    (void)rt_loop_close(loop);
    for (int i = 0; i < LETTERS; i++) {
        if (cast[i].object != NULL) {
            ((struct rt_future *)cast[i].object)->is_quiet = true;
        }
    }
    for (int i = 0; i < LETTERS; i++) {
        rt_clear(&cast[i].object);
    }
    rt_gc_collect(2);
    rt_loop_free(loop);
    rt_loop_free(other_loop);
    rt_handle_clear_pool();
    observe_event("a pending error is left", "%s", take_error());
    observe_int("blocks of memory left", (int64_t)rt_alloc_live_blocks());
}

static void
end(void)
{
    for (int i = 0; i < LETTERS; i++) {
        tell((char)i);
    }
    leave();
}

static void
run_and_end(void)
{
    run();
    end();
}

static void
tell_current(void)
{
    if (tells_current) {
        observe_event("callback", "the current task is %c", current());
    }
}

static int
tell_done(struct rt_object *done)
{
    int letter = 0;
    while (letter < LETTERS - 1 && cast[letter].object != done) {
        letter++;
    }
    observe_event("callback", "%c is done (turn %d)", letter,
                  (int)rt_loop_turns(loop));
    tell_current();
    return 0;
}

static struct rt_static_function teller = RT_STATIC_FUNCTION(tell_done);

static void
tell_when_done(char letter)
{
    rt_future_add_done_callback(cast[(int)letter].object, &teller.head);
}

static int
tell_callback(struct rt_object *self, struct rt_object *argument)
{
    (void)argument;
    observe_event("callback", "%s (turn %d)", rt_str_text(self),
                  (int)rt_loop_turns(loop));
    tell_current();
    return 0;
}

/* A callback that is no task, in the loop's queue. */
static void
call_soon(const char *text)
{
    struct rt_object *self = rt_str_new(text);
    struct rt_object *closure = rt_closure_new(tell_callback, self);
    rt_loop_call_soon(loop, closure, NULL);
    rt_decref(closure);
    rt_decref(self);
}

// --- steps -----------------------------------------------------------------

static void
the_first_step_comes_in_the_next_turn(void **state)
{
    (void)state;
    begin();
    call_soon("queued before a was made");
    start('a', "");
    call_soon("queued after a was made");
    observe_bool("before the first turn a is done",
                 rt_future_is_done(cast['a'].object));
    turn();
    observe_bool("after it a is done", rt_future_is_done(cast['a'].object));
    end();
}

static void
what_it_returns_is_the_result(void **state)
{
    (void)state;
    begin();
    start('a', "return 7");
    start('b', "");
    tell_when_done('a');
    tell_when_done('b');
    run_and_end();
}

static void
what_it_fails_with_is_kept(void **state)
{
    (void)state;
    begin();
    start('a', "raise b");
    tell_when_done('a');
    start('b', "return 1");
    run_and_end();
}

static void
a_bare_yield_is_once_around_the_loop(void **state)
{
    (void)state;
    begin();
    start('a', "pass, pass, pass, return 1");
    start('b', "pass, pass, return 2");
    call_soon("queued after both");
    run_and_end();
}

static void
a_step_of_one_that_is_done_is_an_error(void **state)
{
    (void)state;
    begin();
    start('a', "return 7");
    start('b', "raise b");
    turn();
    observe_bool("a still has its coroutine",
                 ((struct rt_task *)cast['a'].object)->coroutine != NULL);
    observe_bool("b, which has failed, still has its coroutine",
                 ((struct rt_task *)cast['b'].object)->coroutine != NULL);
    observe_int("a step returns", rt_task_step(cast['a'].object, rt_none));
    observe_string("with", take_error());
    end();
}

// --- waiting ---------------------------------------------------------------

static void
it_waits_for_a_future(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "await F, return 3");
    turns(3);
    observe_bool("after three turns a is done",
                 rt_future_is_done(cast['a'].object));
    finish_future('F', false);
    call_soon("queued after F was set");
    observe_bool("at once after F is set a is done",
                 rt_future_is_done(cast['a'].object));
    run_and_end();
}

static void
those_who_wait_go_on_in_their_order(void **state)
{
    (void)state;
    begin();
    future('F');
    start('c', "await F, pass, return 3");
    start('a', "await F, pass, return 1");
    turn();
    tell_when_done('F');
    start('b', "await F, pass, return 2");
    turn();
    finish_future('F', false);
    run_and_end();
}

static void
the_error_of_what_it_waits_for_is_thrown_in(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "await F, return 1");
    start('b', "catch 1, await F, return 2");
    turn();
    finish_future('F', true);
    run_and_end();
}

static void
a_task_waits_for_a_task(void **state)
{
    (void)state;
    begin();
    start('a', "await b, return 1");
    start('b', "await c, return 2");
    start('c', "sleep 5, return 3");
    run_and_end();
}

static void
nobody_waits_for_what_is_done(void **state)
{
    (void)state;
    begin();
    future('F');
    finish_future('F', false);
    start('a', "await F, await F, return 1");
    start('b', "pass");
    run_and_end();
}

static void
observe_waits(const char *when)
{
    char name[80];
    static const char PAIRS[][2] = {
        {'a', 'F'}, {'a', 'G'}, {'b', 'F'}, {'b', 'G'}, {'F', 'F'}};
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        snprintf(name, sizeof(name), "%s, %c waits for %c", when, PAIRS[i][0],
                 PAIRS[i][1]);
        observe_bool(name, rt_task_waits_for(cast[(int)PAIRS[i][0]].object,
                                             cast[(int)PAIRS[i][1]].object));
    }
}

static void
it_knows_for_what_it_waits(void **state)
{
    (void)state;
    begin();
    future('F');
    future('G');
    start('a', "await F, await G");
    start('b', "await G, pass");
    observe_waits("before the first step");
    turn();
    observe_waits("after it");
    finish_future('F', false);
    finish_future('G', false);
    turn();
    observe_waits("after a second one");
    run_and_end();
}

static void
it_waits_for_nothing_while_it_runs(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "own, await F, own, pass, own, return 1");
    start('b', "catch 1, await F, own, return 2");
    start('c', "set F, await b, own, return 3");
    run_and_end();
}

static void
waking_hands_nothing_over(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "lend F, return 1");
    start('b', "sleep 1, set F, return 2");
    run_and_end();
}

// --- the current task ------------------------------------------------------

static void
the_current_task_is_the_one_that_runs(void **state)
{
    (void)state;
    begin();
    tells_current = true;
    start('a', "look, pass, look, sleep 1, look");
    start('b', "look, await a, look");
    start('c', "look, raise b");
    call_soon("between two tasks");
    tell_when_done('c');
    start('d', "pass, look");
    turn();
    observe_int("between two turns somebody runs", current() != '-');
    run_and_end();
}

static void
nobody_enters_while_another_runs(void **state)
{
    (void)state;
    begin();
    start('a', "enter b, look, pass, enter a, return 1");
    start('b', "pass, look, pass, return 2");
    run_and_end();
}

// --- nonsense --------------------------------------------------------------

static void
nonsense_is_thrown_in_at_the_next_step(void **state)
{
    (void)state;
    begin();
    start('a', "catch 1, odd, return 1");
    start('b', "odd, return 2");
    call_soon("queued after all");
    run_and_end();
}

static void
a_future_that_is_yielded_is_not_awaited(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "await F, catch 1, yield F, await F, return 1");
    start('b', "catch 1, yield F, sleep 1, set F, return 2");
    run_and_end();
}

static void
it_cannot_wait_for_itself(void **state)
{
    (void)state;
    begin();
    start('a', "catch 1, await a, pass, return 1");
    start('b', "await b, return 2");
    start('c', "catch 2, await c, await c, return 3");
    run_and_end();
}

static void
it_cannot_wait_in_another_loop(void **state)
{
    (void)state;
    begin();
    other_loop = new_loop();
    cast['F'].object = rt_future_new(other_loop);
    start('a', "catch 3, yield F, await F, await F, return 1");
    run();
    tell('a');
    leave();
}

// --- cancelling ------------------------------------------------------------

static void
observe_cancel(char letter, const char *message)
{
    char name[60];
    snprintf(name, sizeof(name), "cancel of %c with %s returns", letter,
             message != NULL ? message : "no message");
    observe_bool(name, cancel(letter, message));
    snprintf(name, sizeof(name), "and %c is done", letter);
    observe_bool(name, rt_future_is_done(cast[(int)letter].object));
}

static void
cancelling_cancels_what_it_waits_for(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "await F, return 1");
    tell_when_done('F');
    turn();
    tell_when_done('a');
    observe_cancel('a', "enough");
    observe_bool("F is cancelled", rt_future_is_cancelled(cast['F'].object));
    run_and_end();
}

static void
cancelled_before_it_began_it_never_begins(void **state)
{
    (void)state;
    begin();
    start('a', "look, return 1");
    start('b', "return 2");
    tell_when_done('a');
    observe_cancel('a', "too late");
    observe_cancel('b', NULL);
    run_and_end();
}

static void
cancelled_when_ready_it_gets_no_result(void **state)
{
    (void)state;
    begin();
    future('F');
    future('G');
    start('a', "await F, return 1");
    start('b', "catch 1, await G, pass, return 2");
    start('c', "pass, return 3");
    turn();
    finish_future('F', false);
    finish_future('G', true);
    observe_cancel('a', "the result was there");
    observe_cancel('b', "the error was there");
    observe_cancel('c', "it went around");
    run_and_end();
}

static void
a_cancelled_task_may_go_on(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "catch 1, await F, sleep 1, return 1");
    start('b', "catch 1, pass, pass, raise b");
    turn();
    observe_cancel('a', "once");
    observe_cancel('b', "once");
    run_and_end();
}

static void
it_cancels_itself_and_gets_it_where_it_waits(void **state)
{
    (void)state;
    begin();
    future('F');
    future('G');
    start('a', "catch 1, cancel a, await F, await G, return 1");
    start('b', "catch 1, cancel b, pass, pass, return 2");
    start('c', "sleep 1, set G");
    start('e', "catch 1, sleep 9, sleep 1, return 5"); // survives d's request
    start('d', "cancel d, await e, return 4");
    run_and_end();
}

/* A gather whose children are all done refuses. */
static void
a_request_that_is_refused_leaves_the_mark(void **state)
{
    (void)state;
    begin();
    future('F');
    struct rt_object *children = rt_list_new();
    (void)rt_list_append(children, cast['F'].object);
    cast['W'].object = rt_gather(loop, children, false);
    rt_decref(children);
    start('a', "catch 1, cancel a, set F, await W, pass, return 1");
    run_and_end();
}

static void
it_cancels_itself_and_returns(void **state)
{
    (void)state;
    begin();
    start('a', "cancel a, return 1");
    start('b', "cancel b, raise b");
    start('c', "catch 1, pass, cancel c, return 3");
    tell_when_done('a');
    run();
    observe_int("b is done, marked or not: a step returns",
                rt_task_step(cast['b'].object, rt_none));
    observe_string("with", take_error());
    end();
}

static void
one_that_is_done_cannot_be_cancelled(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "return 1");
    start('b', "raise b");
    start('c', "await F");
    turn();
    cancel('c', "c");
    turns(2);
    observe_cancel('a', "too late");
    observe_cancel('b', "too late");
    observe_cancel('c', "too late");
    end();
}

static void
an_error_that_nobody_asks_for_is_told_unless_cancelled(void **state)
{
    (void)state;
    begin();
    start('a', "raise a");
    start('b', "raise b");
    future('G');
    start('d', "await G");
    turn();
    finish_future('G', true);
    observe_cancel('d', "G's error was there");
    run();
    observe_cancel('b', NULL);
    leave();
}

static void
cancelling_goes_through_a_chain(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "await b, return 1");
    start('b', "await c, return 2");
    start('c', "await F, return 3");
    turn();
    observe_cancel('a', "from the top");
    observe_bool("F is cancelled", rt_future_is_cancelled(cast['F'].object));
    run_and_end();
}

static void
a_waiter_that_goes_on_can_be_cancelled_again(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "await b, return 1");
    start('b', "catch 2, await F, sleep 1, sleep 2, return 2");
    turn();
    observe_cancel('a', "first");
    turn();
    observe_cancel('a', "second");
    run_and_end();
}

static void
twice_before_it_hears_is_one_error(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "catch 2, await F, pass, pass, return 1");
    start('b', "catch 2, sleep 1, pass, pass, return 2");
    turns(1);
    observe_cancel('a', "first");
    observe_cancel('a', "second");
    observe_cancel('b', "first");
    observe_cancel('b', "second");
    run_and_end();
}

static void
the_last_message_of_a_mark_counts(void **state)
{
    (void)state;
    begin();
    start('a', "return 1");
    start('b', "return 2");
    start('c', "catch 1, pass, pass, return 3");
    observe_cancel('a', "first");
    observe_cancel('a', "second");
    observe_cancel('b', "first");
    observe_cancel('b', NULL);
    turn();
    observe_cancel('c', "first");
    observe_cancel('c', "second");
    run_and_end();
}

static void
a_future_that_others_cancel_ends_the_task_too(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "await F, return 1");
    start('b', "catch 1, await F, pass, return 2");
    start('c', "raise c");
    turn();
    observe_cancel('F', "not a's fault");
    run_and_end();
}

// --- requests --------------------------------------------------------------

static void
requests_are_counted_up_and_down(void **state)
{
    (void)state;
    begin();
    future('F');
    start('a', "catch 9, await F, sleep 1, sleep 1, return 1");
    struct rt_object *a = cast['a'].object;
    observe_int("requests at first", rt_task_cancelling(a));
    observe_int("taken back without any", rt_task_uncancel(a));
    observe_int("and then there are", rt_task_cancelling(a));
    turn();
    cancel('a', NULL);
    observe_int("after one", rt_task_cancelling(a));
    turn();
    cancel('a', NULL);
    cancel('a', NULL);
    observe_int("after three", rt_task_cancelling(a));
    observe_int("taken back one", rt_task_uncancel(a));
    observe_int("and then there are", rt_task_cancelling(a));
    observe_int("taken back another", rt_task_uncancel(a));
    observe_int("taken back the last", rt_task_uncancel(a));
    observe_int("taken back too many", rt_task_uncancel(a));
    run_and_end();
}

static void
observe_taken_back(void)
{
    begin();
    start('a', "return 1");
    start('b', "return 2");
    cancel('a', "a");
    cancel('b', "b");
    cancel('b', "b again");
    observe_int("taken back from a", rt_task_uncancel(cast['a'].object));
    observe_int("taken back from b", rt_task_uncancel(cast['b'].object));
    run_and_end();
}

static void
a_request_taken_back_leaves_the_mark(void **state)
{
    (void)state;
    observe_taken_back();
}

static void
from_3_13_on_the_last_one_takes_the_mark(void **state)
{
    (void)state;
    setenv("RT_COMPAT", "3.13", 1);
    observe_taken_back();
}

// --- exits and eager tasks -------------------------------------------------

static void
an_exit_ends_the_loop_too(void **state)
{
    (void)state;
    begin();
    start('a', "raise k");
    start('b', "return 2");
    tell_when_done('a');
    run();
    observe_int("afterwards somebody runs", current() != '-');
    start('e', "raise g"); // passes through much, but ends no loop
    start('c', "pass, raise s");
    run();
    start('d', "raise k");
    observe_int("a step that raises it returns",
                rt_task_step(cast['d'].object, rt_none));
    observe_string("with", take_error());
    run_and_end();
}

static void
an_eager_task_begins_at_once(void **state)
{
    (void)state;
    begin();
    rt_loop_set_eager(loop, true);
    future('F');
    prepare('b', "look, return 2");
    prepare('c', "look, await F, look, return 3");
    prepare('d', "raise d");
    prepare('e', "pass, look, return 5");
    start('a', "look, make b, look, make c, make d, look, make e, await b, "
               "set F, await c");
    run_and_end();
}

static void
an_eager_task_can_be_nested_and_cancelled(void **state)
{
    (void)state;
    begin();
    rt_loop_set_eager(loop, true);
    prepare('b', "look, make c, look, cancel c, pass, return 2");
    prepare('c', "look, make d, look, sleep 1, return 3");
    prepare('d', "look, catch 1, sleep 9, sleep 1, return 4");
    start('a', "make b, look, cancel b, cancel d, await b");
    run_and_end();
}

static void
an_eager_exit_goes_to_who_made_it(void **state)
{
    (void)state;
    begin();
    rt_loop_set_eager(loop, true);
    prepare('b', "raise k");
    start('a', "make b, look, return 1");
    run_and_end();
}

// --- memory ----------------------------------------------------------------

static void
references_are_given_back(void **state)
{
    (void)state;
    begin();
    future('F');
    future('G');
    start('a', "await F, await G, return 1000");
    start('b', "await F, raise b");
    start('c', "await a, await b, return 1000");
    start('d', "catch 2, await d, yield F, odd, return 1000");
    turn();
    finish_future('F', false);
    turns(2);
    finish_future('G', false);
    run();
    observe_int("references to F", cast['F'].object->ob_refcnt);
    observe_int("references to G", cast['G'].object->ob_refcnt);
    observe_int("references to a", cast['a'].object->ob_refcnt);
    observe_int("references to b", cast['b'].object->ob_refcnt);
    observe_int("references to c", cast['c'].object->ob_refcnt);
    observe_int("references to d", cast['d'].object->ob_refcnt);
    end();
}

/* The nth allocation of a turn fails. */
static void
fail_in_a_turn(int nth)
{
    turn(); // all are waiting now, and the queue has room
    finish_future('G', false);
    rt_alloc_fail_nth((size_t)nth);
    turn();
    rt_alloc_fail_nth(0);
}

/* Without memory for the complaint the loop hears of that, or the actor does:
 * that is a matter of taste. Nothing may be left in either case. */
static void
complain_without_memory(char letter)
{
    rt_loop_set_exception_handler(loop, keep_silent, NULL);
    start(letter, "await G, odd");
    rt_alloc_fail_nth(4); // after a list for e, its items, and the number
    turn();
    rt_alloc_fail_nth(0);
    ((struct rt_future *)cast[(int)letter].object)->is_quiet = true;
    rt_clear(&cast[(int)letter].object);
    turn();
    rt_loop_set_exception_handler(loop, tell_trouble, NULL);
}

static void
without_memory_it_says_so(void **state)
{
    (void)state;
    begin();
    future('F');
    future('G');
    start('a', "await F, return 1");
    is_silent = true;
    start('b', "await G, await F, return 2");
    fail_in_a_turn(1); // the list for a second callback of F
    observe_waits("without room for a callback");
    start('e', "await F");
    rt_alloc_fail_nth(1);
    observe_int("a step without room for a callback returns",
                rt_task_step(cast['e'].object, rt_none));
    rt_alloc_fail_nth(0);
    observe_string("with", take_error());
    complain_without_memory('c');
    finish_future('F', false);
    run_and_end();
}

// --- all together ----------------------------------------------------------

static void
append(char *text, const char *verb, char letter)
{
    size_t used = strlen(text);
    if (letter == '\0') {
        snprintf(text + used, TEXT - used, "%s, ", verb);
    }
    else {
        snprintf(text + used, TEXT - used, "%s %c, ", verb, letter);
    }
}

/* An order for one of `count` actors; it awaits only those that come after it,
 * because a ring of tasks that wait for each other is nobody's business. */
static void
add_order(char *text, int self, int count)
{
    char anybody = (char)('a' + lab_random_between(0, count - 1));
    char later = (char)('a' + lab_random_between(self, count - 1));
    char some_future = (char)('A' + lab_random_between(0, 3));
    int64_t kind = lab_random_between(0, 19);
    if (kind < 4) {
        append(text, "pass", '\0');
    }
    else if (kind < 7) {
        size_t used = strlen(text);
        snprintf(text + used, TEXT - used, "sleep %d, ",
                 (int)lab_random_between(0, 4));
    }
    else if (kind < 10) {
        append(text, "await", later);
    }
    else if (kind < 12) {
        append(text, "await", some_future);
    }
    else if (kind < 14) {
        append(text, "set", some_future);
    }
    else if (kind < 18) {
        append(text, "cancel", anybody);
    }
    else if (kind < 19) {
        append(text, "uncancel", anybody);
    }
    else {
        append(text, "odd", '\0');
    }
}

static void
write_part(char *text, int self, int count)
{
    size_t used = 0;
    text[0] = '\0';
    if (lab_random_between(0, 2) > 0) {
        snprintf(text, TEXT, "catch %d, ", (int)lab_random_between(1, 3));
    }
    for (int64_t orders = lab_random_between(2, 6); orders > 0; orders--) {
        add_order(text, self, count);
    }
    used = strlen(text);
    snprintf(text + used, TEXT - used,
             lab_random_between(0, 4) > 0 ? "return %d" : "raise b", self);
}

static void
a_random_crowd(void **state)
{
    (void)state;
    enum {
        ACTORS = 10
    };
    for (int round = 0; round < 6; round++) {
        char text[TEXT];
        begin();
        for (int letter = 'A'; letter <= 'D'; letter++) {
            future((char)letter);
        }
        for (int i = 0; i < ACTORS; i++) {
            write_part(text, i, ACTORS);
            start((char)('a' + i), text);
        }
        run_and_end();
    }
}

// --- many ------------------------------------------------------------------

static struct rt_object *many[MANY];
static int64_t done_count, failed_count;

static int
count_done(struct rt_object *task)
{
    done_count++;
    failed_count += rt_future_error(task) != RT_ERROR_NONE;
    return 0;
}

static struct rt_static_function counter = RT_STATIC_FUNCTION(count_done);

static void
start_many(int count, const char *text)
{
    is_silent = true;
    for (int i = 0; i < count; i++) {
        start('a', text);
        many[i] = cast['a'].object;
        rt_future_add_done_callback(many[i], &counter.head);
    }
    cast['a'].object = NULL;
}

static void
end_many(int count)
{
    run();
    for (int i = 0; i < count; i++) {
        rt_clear(&many[i]);
    }
    observe_int("tasks that are done", done_count);
    observe_int("of them failed or cancelled", failed_count);
    observe_int("turns", rt_loop_turns(loop));
    leave();
}

static void
very_many_wait_for_one_future(void **state)
{
    (void)state;
    begin();
    future('F');
    start_many(MANY, "pass, await F, return 1");
    turns(2);
    finish_future('F', false);
    end_many(MANY);
}

static void
very_many_are_cancelled(void **state)
{
    (void)state;
    begin();
    start_many(MANY / 2, "catch 1, sleep 5, sleep 1, return 1");
    turn();
    for (int i = 0; i < MANY / 2; i++) {
        rt_future_cancel(many[i], NULL);
        if (i % 2 == 0) {
            rt_future_cancel(many[i], NULL);
        }
    }
    end_many(MANY / 2);
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(the_first_step_comes_in_the_next_turn),
    cmocka_unit_test(what_it_returns_is_the_result),
    cmocka_unit_test(what_it_fails_with_is_kept),
    cmocka_unit_test(a_bare_yield_is_once_around_the_loop),
    cmocka_unit_test(a_step_of_one_that_is_done_is_an_error),
    cmocka_unit_test(it_waits_for_a_future),
    cmocka_unit_test(those_who_wait_go_on_in_their_order),
    cmocka_unit_test(the_error_of_what_it_waits_for_is_thrown_in),
    cmocka_unit_test(a_task_waits_for_a_task),
    cmocka_unit_test(nobody_waits_for_what_is_done),
    cmocka_unit_test(it_knows_for_what_it_waits),
    cmocka_unit_test(it_waits_for_nothing_while_it_runs),
    cmocka_unit_test(waking_hands_nothing_over),
    cmocka_unit_test(the_current_task_is_the_one_that_runs),
    cmocka_unit_test(nobody_enters_while_another_runs),
    cmocka_unit_test(nonsense_is_thrown_in_at_the_next_step),
    cmocka_unit_test(a_future_that_is_yielded_is_not_awaited),
    cmocka_unit_test(it_cannot_wait_for_itself),
    cmocka_unit_test(it_cannot_wait_in_another_loop),
    cmocka_unit_test(cancelling_cancels_what_it_waits_for),
    cmocka_unit_test(cancelled_before_it_began_it_never_begins),
    cmocka_unit_test(cancelled_when_ready_it_gets_no_result),
    cmocka_unit_test(a_cancelled_task_may_go_on),
    cmocka_unit_test(it_cancels_itself_and_gets_it_where_it_waits),
    cmocka_unit_test(a_request_that_is_refused_leaves_the_mark),
    cmocka_unit_test(it_cancels_itself_and_returns),
    cmocka_unit_test(one_that_is_done_cannot_be_cancelled),
    cmocka_unit_test(an_error_that_nobody_asks_for_is_told_unless_cancelled),
    cmocka_unit_test(cancelling_goes_through_a_chain),
    cmocka_unit_test(a_waiter_that_goes_on_can_be_cancelled_again),
    cmocka_unit_test(twice_before_it_hears_is_one_error),
    cmocka_unit_test(the_last_message_of_a_mark_counts),
    cmocka_unit_test(a_future_that_others_cancel_ends_the_task_too),
    cmocka_unit_test(requests_are_counted_up_and_down),
    cmocka_unit_test(a_request_taken_back_leaves_the_mark),
    cmocka_unit_test(from_3_13_on_the_last_one_takes_the_mark),
    cmocka_unit_test(an_exit_ends_the_loop_too),
    cmocka_unit_test(an_eager_task_begins_at_once),
    cmocka_unit_test(an_eager_task_can_be_nested_and_cancelled),
    cmocka_unit_test(an_eager_exit_goes_to_who_made_it),
    cmocka_unit_test(references_are_given_back),
    cmocka_unit_test(without_memory_it_says_so),
    cmocka_unit_test(a_random_crowd),
    cmocka_unit_test(very_many_wait_for_one_future),
    cmocka_unit_test(very_many_are_cancelled),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
