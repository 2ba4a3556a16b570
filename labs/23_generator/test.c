/* Lab 23: send, throw, close, and awaits that hand all of it on.
 *
 * The cast: actors, whose bodies follow a list of steps and tell what they
 * hear. Each record is one call from outside; its value is all that was told
 * meanwhile, and what came of the call. A small number of a case is counted
 * from where the dice say. */
#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/sleep.h"
#include "labs/runtime/task.h"
#include "labs/testing.h"

// --- what is told ----------------------------------------------------------

static struct {
    char text[900];
    size_t used;
} story;

static void __attribute__((format(printf, 1, 2))) tell(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof(story.text) - story.used;
    int length = vsnprintf(story.text + story.used, room, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < room) {
        story.used += (size_t)length;
    }
}

static void
observe_story(const char *name)
{
    observe_string(name, story.text);
    story.used = 0;
    story.text[0] = '\0';
}

static void
tell_value(const struct rt_object *value)
{
    if (value == NULL) {
        tell("nothing");
    }
    else if (value == rt_none) {
        tell("None");
    }
    else if (rt_int_check(value)) {
        tell("%lld", (long long)rt_int_value(value));
    }
    else {
        tell("something else");
    }
}

static void
tell_error(void)
{
    const char *text = rt_error_text();
    tell("%s%s%s",
         rt_error_occurred() == RT_ERROR_NONE
             ? "no error at all"
             : rt_error_name(rt_error_occurred()),
         text[0] == '\0' ? "" : ": ", text);
}

// --- actors ----------------------------------------------------------------

enum act {
    ACT_YIELD,  // the number; None for a negative one
    ACT_AWAIT,  // what it keeps there
    ACT_RETURN, // the number
    ACT_RAISE,  // an exception with the number as text
    ACT_STOP,   // raises a stop-iteration
    ACT_SEND,   // the number, to the other one
    ACT_THROW,  // an exception, into the other one
    ACT_CLOSE   // the other one
};

enum {
    CATCHES = 1, // goes on after an error
    MOST_STEPS = 6,
    MOST_KEPT = 3,
    SENDS_NONE = -1
};

struct step {
    enum act act;
    int number; // or the place of what it keeps
    int flags;
};

struct actor {
    struct rt_coroutine frame;
    struct rt_object *kept[MOST_KEPT];
    struct rt_object *other;           // borrowed; lives longer
    struct step steps[MOST_STEPS + 1]; // one that is never reached
    int count, at;
    char name;
};

static void
tell_result(const char *who, enum rt_sent how, struct rt_object *value)
{
    switch (how) {
    case RT_SENT_YIELD:
    case RT_SENT_RETURN:
        tell("%s %s ", who, how == RT_SENT_YIELD ? "hands out" : "returns");
        tell_value(value);
        rt_xdecref(value);
        if (rt_error_occurred() != RT_ERROR_NONE) {
            tell(" and leaves ");
            tell_error();
        }
        break;
    case RT_SENT_ERROR:
        tell("%s fails with ", who);
        tell_error();
        break;
    case RT_SENT_AWAIT:
    default:
        tell("%s gives no answer that there is", who);
    }
    rt_error_clear();
}

static enum rt_sent
throw_into(struct rt_object *object, enum rt_error error, const char *text,
           struct rt_object **result)
{
    char numbered[40];
    snprintf(numbered, sizeof(numbered), "%s %d", text, (int)lab_number(0));
    struct rt_object *exception =
        rt_exception_new(error, text[0] == '\0' ? text : numbered);
    enum rt_sent how = rt_coroutine_throw(object, exception, result);
    rt_decref(exception);
    return how;
}

static enum rt_sent
send_number(struct rt_object *object, int number, struct rt_object **result)
{
    struct rt_object *value =
        number == SENDS_NONE ? rt_none : rt_int_new(lab_number(number));
    enum rt_sent how = rt_coroutine_send(object, value, result);
    rt_decref(value);
    return how;
}

static void
tell_closed(const char *who, struct rt_object *object)
{
    int answer = rt_coroutine_close(object);
    if (answer == 0) {
        tell("%s lets itself be closed", who);
        if (rt_error_occurred() != RT_ERROR_NONE) {
            tell(" and leaves ");
            tell_error();
        }
    }
    else {
        tell("%s, when closed, fails%s with ", who,
             answer == -1 ? "" : " (not by -1)");
        tell_error();
    }
    rt_error_clear();
}

/* What an actor does to the other one, and what comes of it. */
static void
act_on_other(const struct actor *my, const struct step *step)
{
    char who[2] = {((struct actor *)my->other)->name, '\0'};
    struct rt_object *result = NULL;
    enum rt_sent how = RT_SENT_ERROR;
    tell("%c %s %s: [", my->name,
         step->act == ACT_SEND    ? "sends to"
         : step->act == ACT_THROW ? "throws into"
                                  : "closes",
         who);
    if (step->act == ACT_CLOSE) {
        tell_closed(who, my->other);
    }
    else {
        how = step->act == ACT_SEND
                  ? send_number(my->other, step->number, &result)
                  : throw_into(my->other, RT_ERROR_EXCEPTION, "Stab", &result);
        tell_result(who, how, result);
    }
    tell("]; ");
}

/* Takes note of what has come. False: it lets the error through. */
static bool
hears(const struct actor *my, const struct rt_object *sent)
{
    tell("%c hears ", my->name);
    if (sent != NULL) {
        tell_value(sent);
        tell("; ");
        return true;
    }
    tell_error();
    tell("; ");
    if ((my->steps[my->at].flags & CATCHES) == 0) {
        return false;
    }
    rt_error_clear();
    return true;
}

/* What it keeps there, which it does not keep any more. */
static struct rt_object *
take(struct actor *my, int place)
{
    struct rt_object *taken = my->kept[place];
    my->kept[place] = NULL;
    if (taken == NULL) {
        rt_error_set(RT_ERROR_KEY, "there is nothing to await");
    }
    return taken;
}

static const struct step *
step_of(const struct actor *my)
{
    return &my->steps[my->at];
}

static struct rt_object *
new_value(int number)
{
    return number == SENDS_NONE ? rt_new_ref(rt_none)
                                : rt_int_new(lab_number(number));
}

/* What an actor does without stopping. False: it has failed by that. */
static bool
acts(const struct actor *my)
{
    const struct step *step = step_of(my);
    if (step->act == ACT_RAISE) {
        rt_error_set(RT_ERROR_EXCEPTION, "%d", (int)lab_number(step->number));
        return false;
    }
    if (step->act == ACT_STOP) {
        rt_error_set(RT_ERROR_STOP_ITERATION, "%s", "");
        return false;
    }
    act_on_other(my, step);
    return true;
}

static enum rt_sent
actor_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct actor *my = (struct actor *)frame;
    RT_BEGIN;
    tell("%c begins; ", my->name);
    for (; my->at < my->count; my->at++) {
        if (step_of(my)->act == ACT_YIELD) {
            RT_YIELD(new_value(step_of(my)->number));
            if (!hears(my, sent)) {
                RT_FAIL;
            }
        }
        else if (step_of(my)->act == ACT_AWAIT) {
            RT_AWAIT(take(my, step_of(my)->number));
            if (!hears(my, sent)) {
                RT_FAIL;
            }
        }
        else if (step_of(my)->act == ACT_RETURN) {
            RT_RETURN(rt_int_new(lab_number(step_of(my)->number)));
        }
        else if (!acts(my)) {
            RT_FAIL;
        }
    }
    RT_END;
}

static const struct rt_code generator_code =
    RT_GENERATOR("actor", struct actor, MOST_KEPT, actor_body);
static const struct rt_code coroutine_code =
    RT_COROUTINE("actor", struct actor, MOST_KEPT, actor_body);

enum kind {
    GENERATOR,
    COROUTINE
};

static struct rt_object *
new_actor(enum kind kind, char name)
{
    struct actor *actor = rt_coroutine_new(
        kind == GENERATOR ? &generator_code : &coroutine_code);
    actor->name = name;
    return &actor->frame.head;
}

/* One more step. */
static void
then(struct rt_object *object, enum act act, int number, int flags)
{
    struct actor *actor = (struct actor *)object;
    actor->steps[actor->count++] =
        (struct step){.act = act, .number = number, .flags = flags};
}

/* One more step: it awaits this, stolen. */
static void
then_await(struct rt_object *object, struct rt_object *awaited, int flags)
{
    struct actor *actor = (struct actor *)object;
    int place = 0;
    while (actor->kept[place] != NULL) {
        place++;
    }
    actor->kept[place] = awaited;
    then(object, ACT_AWAIT, place, flags);
}

/* Yields the numbers from the first on, and returns the 100th. */
static struct rt_object *
new_counter(enum kind kind, char name, int values, int flags)
{
    struct rt_object *counter = new_actor(kind, name);
    for (int i = 1; i <= values; i++) {
        then(counter, ACT_YIELD, i, flags);
    }
    then(counter, ACT_RETURN, 100, 0);
    return counter;
}

/* A coroutine that awaits inner, stolen, and returns the 200th number. */
static struct rt_object *
new_waiter(char name, struct rt_object *inner, int flags)
{
    struct rt_object *waiter = new_actor(COROUTINE, name);
    then_await(waiter, inner, flags);
    then(waiter, ACT_RETURN, 200, 0);
    return waiter;
}

// --- an awaitable of another kind ------------------------------------------

/* Hands out what it is sent, plus 10, a few times; it is no coroutine. */
struct echo {
    struct rt_object head;
    int left;
    bool catches;
};

static void
echo_dealloc(struct rt_object *object)
{
    rt_free(object);
}

static enum rt_sent
echo_send(struct rt_object *object, struct rt_object *value,
          struct rt_object **result)
{
    struct echo *echo = (struct echo *)object;
    tell("the echo hears ");
    if (value == NULL) {
        tell_error();
        tell("; ");
        if (!echo->catches) {
            return RT_SENT_ERROR;
        }
        rt_error_clear();
    }
    else {
        tell_value(value);
        tell("; ");
    }
    bool is_number = value != NULL && rt_int_check(value);
    *result = rt_int_new(is_number ? rt_int_value(value) + 10 : 10);
    return echo->left-- > 0 ? RT_SENT_YIELD : RT_SENT_RETURN;
}

static const struct rt_type echo_type = {
    .name = "echo",
    .basicsize = sizeof(struct echo),
    .dealloc = echo_dealloc,
    .send = echo_send,
};

static struct rt_object *
new_echo(int values, bool catches)
{
    struct rt_object *object = rt_object_new(&echo_type);
    ((struct echo *)object)->left = values;
    ((struct echo *)object)->catches = catches;
    return object;
}

// --- something whose death is heard of -------------------------------------

static void
bell_dealloc(struct rt_object *object)
{
    tell("its variable %d is released; ", (int)lab_number(0));
    rt_free(object);
}

static const struct rt_type bell_type = {
    .name = "bell",
    .basicsize = sizeof(struct rt_object),
    .dealloc = bell_dealloc,
};

// --- calls from outside ----------------------------------------------------

static void
hear_never_awaited(const struct rt_code *code)
{
    (void)code;
    tell("one was never awaited; ");
}

static void
begin(void)
{
    rt_gc_disable();
    rt_coroutine_set_never_awaited_hook(hear_never_awaited);
}

static void
tell_state(const struct rt_object *object)
{
    static const char *const STATES[] = {
        [RT_COROUTINE_CREATED] = "has not begun",
        [RT_COROUTINE_SUSPENDED] = "is suspended",
        [RT_COROUTINE_RUNNING] = "is running",
        [RT_COROUTINE_CLOSED] = "is over",
    };
    unsigned state = ((const struct rt_coroutine *)object)->state;
    tell("; %c %s", ((const struct actor *)object)->name,
         state < sizeof(STATES) / sizeof(STATES[0]) ? STATES[state]
                                                    : "is lost");
}

static void
send_to(struct rt_object *object, int number)
{
    char name[40];
    char who[2] = {((struct actor *)object)->name, '\0'};
    struct rt_object *result = NULL;
    enum rt_sent how = send_number(object, number, &result);
    tell_result(who, how, result);
    tell_state(object);
    if (number == SENDS_NONE) {
        snprintf(name, sizeof(name), "None is sent to %s", who);
    }
    else {
        snprintf(name, sizeof(name), "%d is sent to %s",
                 (int)lab_number(number), who);
    }
    observe_story(name);
}

static void
throw_to(struct rt_object *object, enum rt_error error, const char *text)
{
    char name[60];
    char who[2] = {((struct actor *)object)->name, '\0'};
    struct rt_object *result = NULL;
    enum rt_sent how = throw_into(object, error, text, &result);
    tell_result(who, how, result);
    tell_state(object);
    snprintf(name, sizeof(name), "%s is thrown into %s", rt_error_name(error),
             who);
    observe_story(name);
}

static void
close_it(struct rt_object *object)
{
    char name[40];
    char who[2] = {((struct actor *)object)->name, '\0'};
    tell_closed(who, object);
    tell_state(object);
    snprintf(name, sizeof(name), "%s is closed", who);
    observe_story(name);
}

static void
ask_next(struct rt_object *object)
{
    char name[40];
    struct rt_object *value = rt_generator_next(object);
    tell_value(value);
    rt_xdecref(value);
    if (rt_error_occurred() != RT_ERROR_NONE) {
        tell(" and leaves ");
        tell_error();
        rt_error_clear();
    }
    tell_state(object);
    snprintf(name, sizeof(name), "the next value of %c",
             ((struct actor *)object)->name);
    observe_story(name);
}

/* Gives it back: what its death brings, and what is left. */
static void
drop(struct rt_object *object)
{
    rt_decref(object);
    if (story.used > 0) {
        observe_story("the last reference is given back");
    }
}

/* Leaves it suspended, so that nobody has to close it. */
static void
leave(struct rt_object *object)
{
    static struct {
        struct rt_object *left[4];
        int count;
    } stage;
    stage.left[stage.count++] = object;
}

static void
finish(void)
{
    observe_int("blocks left", (int64_t)rt_alloc_live_blocks());
}

// --- a body that runs ------------------------------------------------------

static void
the_body_runs_up_to_the_first_yield(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 2, 0);
    send_to(a, SENDS_NONE);
    leave(a);
    struct rt_object *b = new_counter(COROUTINE, 'b', 2, 0);
    send_to(b, SENDS_NONE);
    leave(b);
}

static void
what_is_sent_is_heard_at_the_yield(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 4, 0);
    send_to(a, SENDS_NONE);
    send_to(a, 7);
    send_to(a, SENDS_NONE);
    send_to(a, 1000); // not one of the small ones
    leave(a);
}

static void
the_end_brings_the_value_of_the_return(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 1, 0);
    send_to(a, SENDS_NONE);
    send_to(a, SENDS_NONE);
    drop(a);
    struct rt_object *b = new_actor(COROUTINE, 'b'); // an empty body
    send_to(b, SENDS_NONE);
    drop(b);
    finish();
}

static void
an_error_ends_it(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_actor(GENERATOR, 'a');
    then(a, ACT_YIELD, 1, 0);
    then(a, ACT_RAISE, 5, 0);
    then(a, ACT_YIELD, 2, 0);
    send_to(a, SENDS_NONE);
    send_to(a, SENDS_NONE);
    drop(a);
    finish();
}

static void
at_the_end_the_variables_are_released(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 2; i++) {
        struct rt_object *a = new_actor(GENERATOR, 'a');
        ((struct actor *)a)->kept[0] = rt_object_new(&bell_type);
        then(a, ACT_YIELD, 1, 0);
        if (i == 1) {
            then(a, ACT_RAISE, 2, 0);
        }
        send_to(a, SENDS_NONE);
        send_to(a, SENDS_NONE);
        drop(a);
    }
    finish();
}

static void
a_generator_that_is_over_returns_none(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 0, 0);
    send_to(a, SENDS_NONE);
    send_to(a, SENDS_NONE);
    send_to(a, 7);
    drop(a);
    finish();
}

static void
a_coroutine_cannot_be_used_twice(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(COROUTINE, 'a', 0, 0);
    send_to(a, SENDS_NONE);
    send_to(a, SENDS_NONE);
    send_to(a, SENDS_NONE);
    drop(a);
    finish();
}

static void
only_none_can_be_sent_before_the_beginning(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 1, 0);
    send_to(a, 7);
    send_to(a, 0);
    send_to(a, SENDS_NONE);
    leave(a);
    struct rt_object *b = new_counter(COROUTINE, 'b', 1, 0);
    send_to(b, 7);
    send_to(b, SENDS_NONE);
    leave(b);
}

/* An actor that does it to itself, and yields afterwards. */
static void
turn_to_itself(enum kind kind, enum act act)
{
    struct rt_object *a = new_actor(kind, 'a');
    ((struct actor *)a)->other = a;
    ((struct actor *)a)->kept[0] = rt_object_new(&bell_type);
    then(a, act, SENDS_NONE, 0);
    then(a, ACT_YIELD, 1, 0);
    send_to(a, SENDS_NONE);
    send_to(a, SENDS_NONE);
    drop(a);
}

static void
one_that_runs_is_already_executing(void **state)
{
    (void)state;
    begin();
    turn_to_itself(GENERATOR, ACT_SEND);
    turn_to_itself(COROUTINE, ACT_SEND);
    finish();
}

static void
a_stop_iteration_does_not_get_out(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_actor(GENERATOR, 'a');
    then(a, ACT_STOP, 0, 0);
    send_to(a, SENDS_NONE);
    drop(a);
    struct rt_object *b = new_actor(COROUTINE, 'b');
    then(b, ACT_YIELD, 1, 0);
    then(b, ACT_STOP, 0, 0);
    send_to(b, SENDS_NONE);
    send_to(b, SENDS_NONE);
    drop(b);
    finish();
}

static void
next_gives_values_and_then_nothing(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_actor(GENERATOR, 'a');
    then(a, ACT_YIELD, 1000, 0);
    then(a, ACT_YIELD, 2000, 0);
    then(a, ACT_RETURN, 3000, 0);
    for (int i = 0; i < 4; i++) {
        ask_next(a);
    }
    drop(a);
    struct rt_object *b = new_actor(GENERATOR, 'b');
    then(b, ACT_RAISE, 5, 0);
    ask_next(b);
    drop(b);
    struct rt_object *c = new_actor(GENERATOR, 'c');
    then(c, ACT_YIELD, SENDS_NONE, 0); // a value like others
    then(c, ACT_YIELD, 1000, 0);
    for (int i = 0; i < 3; i++) {
        ask_next(c);
    }
    drop(c);
    finish();
}

// --- throw -----------------------------------------------------------------

static void
an_error_is_thrown_in_where_it_stopped(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 2, 0);
    send_to(a, SENDS_NONE);
    throw_to(a, RT_ERROR_EXCEPTION, "Boom");
    drop(a);
    struct rt_object *b = new_counter(COROUTINE, 'b', 2, 0);
    send_to(b, SENDS_NONE);
    throw_to(b, RT_ERROR_STOP_ITERATION, "Boom");
    drop(b);
    finish();
}

static void
one_that_catches_it_goes_on(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 3, CATCHES);
    send_to(a, SENDS_NONE);
    throw_to(a, RT_ERROR_EXCEPTION, "Boom");
    send_to(a, 7);
    throw_to(a, RT_ERROR_CANCELLED, "");
    leave(a);
}

static void
no_error_enters_one_that_runs(void **state)
{
    (void)state;
    begin();
    turn_to_itself(GENERATOR, ACT_THROW);
    turn_to_itself(COROUTINE, ACT_THROW);
    finish();
}

static void
an_error_before_the_beginning_ends_it(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 2, CATCHES);
    throw_to(a, RT_ERROR_EXCEPTION, "Boom");
    send_to(a, SENDS_NONE);
    drop(a);
    struct rt_object *b = new_counter(COROUTINE, 'b', 2, CATCHES);
    throw_to(b, RT_ERROR_STOP_ITERATION, "");
    send_to(b, SENDS_NONE);
    drop(b);
    finish();
}

static void
an_error_after_the_end_comes_back(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 0, 0);
    send_to(a, SENDS_NONE);
    throw_to(a, RT_ERROR_EXCEPTION, "Boom");
    drop(a);
    struct rt_object *b = new_counter(COROUTINE, 'b', 0, 0);
    send_to(b, SENDS_NONE);
    throw_to(b, RT_ERROR_EXCEPTION, "Boom");
    drop(b);
    finish();
}

// --- close -----------------------------------------------------------------

static void
closing_throws_a_generator_exit(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 2, 0);
    ((struct actor *)a)->kept[0] = rt_object_new(&bell_type);
    send_to(a, SENDS_NONE);
    close_it(a);
    send_to(a, SENDS_NONE);
    drop(a);
    struct rt_object *b = new_counter(COROUTINE, 'b', 2, 0);
    send_to(b, SENDS_NONE);
    close_it(b);
    send_to(b, SENDS_NONE);
    drop(b);
    finish();
}

static void
closing_before_the_beginning_runs_nothing(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(COROUTINE, 'a', 2, 0);
    ((struct actor *)a)->kept[0] = rt_object_new(&bell_type);
    close_it(a);
    send_to(a, SENDS_NONE);
    drop(a);
    finish();
}

static void
closing_what_is_over_does_nothing(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 1, 0);
    send_to(a, SENDS_NONE);
    close_it(a);
    close_it(a);
    drop(a);
    struct rt_object *b = new_counter(COROUTINE, 'b', 0, 0);
    send_to(b, SENDS_NONE);
    close_it(b);
    close_it(b);
    drop(b);
    finish();
}

static void
a_return_is_a_good_answer_to_closing(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_actor(GENERATOR, 'a');
    then(a, ACT_YIELD, 1, CATCHES);
    then(a, ACT_RETURN, 1000, 0);
    send_to(a, SENDS_NONE);
    close_it(a);
    drop(a);
    finish();
}

static void
another_error_comes_out_of_closing(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_actor(GENERATOR, 'a');
    then(a, ACT_YIELD, 1, CATCHES);
    then(a, ACT_RAISE, 5, 0);
    send_to(a, SENDS_NONE);
    close_it(a);
    close_it(a);
    drop(a);
    turn_to_itself(COROUTINE, ACT_CLOSE);
    finish();
}

static void
a_yield_is_no_answer_to_closing(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_actor(GENERATOR, 'a');
    then(a, ACT_YIELD, 1, CATCHES);
    then(a, ACT_YIELD, 2000, 0);
    send_to(a, SENDS_NONE);
    close_it(a);
    close_it(a);
    drop(a);
    struct rt_object *b = new_actor(COROUTINE, 'b');
    then(b, ACT_YIELD, 1, CATCHES);
    then(b, ACT_YIELD, 2, 0);
    send_to(b, SENDS_NONE);
    close_it(b);
    drop(b);
    finish();
}

/* Whether there was nothing to be had, and nothing has happened; or nothing
 * was asked for, and it is closed. */
static bool
is_closed_or_as_before(const struct rt_object *object, int answer)
{
    unsigned state = ((const struct rt_coroutine *)object)->state;
    enum rt_error error = rt_error_occurred();
    rt_error_clear();
    return answer == 0 ? state == RT_COROUTINE_CLOSED && story.used > 0 &&
                             error == RT_ERROR_NONE
                       : state == RT_COROUTINE_SUSPENDED && story.used == 0 &&
                             error == RT_ERROR_MEMORY;
}

static void
closing_without_memory_is_an_error(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_counter(GENERATOR, 'a', 1, 0);
    send_to(a, SENDS_NONE);
    rt_alloc_fail_nth(1);
    int answer = rt_coroutine_close(a);
    rt_alloc_fail_nth(0);
    observe_that("it fails with a memory error and is as before, or is closed",
                 is_closed_or_as_before(a, answer));
    story.used = 0;
    tell_closed("a", a);
    tell_state(a);
    story.used = 0;
    drop(a);
    finish();
}

// --- await -----------------------------------------------------------------

static void
what_the_awaited_hands_out_goes_to_the_caller(void **state)
{
    (void)state;
    begin();
    struct rt_object *a =
        new_waiter('a', new_counter(COROUTINE, 'b', 3, 0), 0);
    send_to(a, SENDS_NONE);
    send_to(a, SENDS_NONE);
    leave(a);
}

static void
what_is_sent_goes_to_the_awaited(void **state)
{
    (void)state;
    begin();
    struct rt_object *a =
        new_waiter('a', new_counter(COROUTINE, 'b', 3, 0), 0);
    send_to(a, SENDS_NONE);
    send_to(a, 7);
    send_to(a, 1000);
    leave(a);
}

static void
the_value_of_the_awaited_is_heard_at_the_await(void **state)
{
    (void)state;
    begin();
    struct rt_object *b = new_actor(COROUTINE, 'b');
    then(b, ACT_YIELD, 1, 0);
    then(b, ACT_RETURN, 1000, 0);
    struct rt_object *a = new_waiter('a', b, 0);
    send_to(a, SENDS_NONE);
    send_to(a, 7);
    drop(a);
    finish();
}

static void
several_awaits_follow_each_other(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_actor(COROUTINE, 'a');
    then_await(a, new_counter(COROUTINE, 'b', 1, 0), 0);
    then_await(a, new_counter(COROUTINE, 'c', 0, 0), 0);
    then_await(a, new_counter(COROUTINE, 'd', 1, 0), 0);
    then(a, ACT_YIELD, 9, 0);
    send_to(a, SENDS_NONE);
    send_to(a, 7);
    send_to(a, 8);
    send_to(a, 9);
    drop(a);
    finish();
}

static void
an_await_first_sends_none(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_actor(COROUTINE, 'a');
    then(a, ACT_YIELD, 1, 0);
    then_await(a, new_counter(COROUTINE, 'b', 1, 0), 0);
    send_to(a, SENDS_NONE);
    send_to(a, 7); // is for a, not for b
    leave(a);
}

static void
whatever_has_a_send_slot_can_be_awaited(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_waiter('a', new_echo(2, false), 0);
    send_to(a, SENDS_NONE);
    send_to(a, 7);
    send_to(a, 1000);
    drop(a);
    finish();
}

static void
an_error_of_the_awaited_is_raised_at_the_await(void **state)
{
    (void)state;
    begin();
    for (int flags = 0; flags <= CATCHES; flags++) {
        struct rt_object *b = new_actor(COROUTINE, 'b');
        then(b, ACT_YIELD, 1, 0);
        then(b, ACT_RAISE, 5, 0);
        struct rt_object *a = new_waiter('a', b, flags);
        send_to(a, SENDS_NONE);
        send_to(a, SENDS_NONE);
        drop(a);
    }
    struct rt_object *c = new_actor(COROUTINE, 'c');
    then(c, ACT_RAISE, 6, 0); // before it hands out anything
    struct rt_object *a = new_waiter('a', c, CATCHES);
    send_to(a, SENDS_NONE);
    drop(a);
    // One that is over is followed by one that fails, in the same send.
    struct rt_object *e = new_actor(COROUTINE, 'e');
    then(e, ACT_RETURN, 1000, 0);
    struct rt_object *f = new_actor(COROUTINE, 'f');
    then(f, ACT_RAISE, 7, 0);
    struct rt_object *d = new_waiter('d', e, 0);
    ((struct actor *)d)->count = 1;
    then_await(d, f, CATCHES);
    then(d, ACT_RETURN, 300, 0);
    send_to(d, SENDS_NONE);
    drop(d);
    finish();
}

static void
an_await_that_fails_is_an_error_at_the_await(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_waiter('a', rt_int_new(1000), CATCHES);
    send_to(a, SENDS_NONE);
    drop(a);
    struct rt_object *b = new_waiter('b', NULL, CATCHES);
    send_to(b, SENDS_NONE);
    drop(b);
    struct rt_object *used = new_counter(COROUTINE, 'u', 0, 0);
    send_to(used, SENDS_NONE);
    struct rt_object *c = new_waiter('c', used, 0);
    send_to(c, SENDS_NONE);
    drop(c);
    struct rt_object *d = new_waiter('d', rt_int_new(1000), 0);
    send_to(d, SENDS_NONE);
    drop(d);
    finish();
}

static void
a_coroutine_has_one_waiter(void **state)
{
    (void)state;
    begin();
    struct rt_object *c = new_counter(COROUTINE, 'c', 3, 0);
    struct rt_object *b = new_waiter('b', c, 0);
    struct rt_object *a = new_waiter('a', rt_new_ref(b), 0);
    struct rt_object *d = new_waiter('d', rt_new_ref(b), CATCHES);
    send_to(a, SENDS_NONE);
    send_to(d, SENDS_NONE);
    for (int i = 0; i < 3; i++) {
        send_to(a, SENDS_NONE);
    }
    drop(d);
    drop(a);
    drop(b);
    finish();
}

static void
a_coroutine_that_has_yielded_can_be_awaited(void **state)
{
    (void)state;
    begin();
    struct rt_object *c = new_counter(COROUTINE, 'c', 2, 0);
    send_to(c, SENDS_NONE);
    struct rt_object *a = new_waiter('a', c, 0);
    send_to(a, SENDS_NONE);
    send_to(a, 7);
    drop(a);
    finish();
}

static void
a_generator_may_have_several(void **state)
{
    (void)state;
    begin();
    struct rt_object *b = new_actor(GENERATOR, 'b');
    then_await(b, new_counter(GENERATOR, 'c', 3, 0), 0);
    struct rt_object *a = new_actor(GENERATOR, 'a');
    then_await(a, rt_new_ref(b), 0);
    struct rt_object *d = new_actor(GENERATOR, 'd');
    then_await(d, rt_new_ref(b), 0);
    send_to(a, SENDS_NONE);
    send_to(d, SENDS_NONE);
    send_to(a, 7);
    send_to(d, 8); // the end of b, whose value d gets
    send_to(a, 9); // and a finds it over
    drop(d);
    drop(a);
    drop(b);
    finish();
}

static void
who_waits_is_executing_while_the_awaited_runs(void **state)
{
    (void)state;
    static const enum act ACTS[] = {ACT_SEND, ACT_THROW, ACT_CLOSE};
    begin();
    for (int i = 0; i < 3; i++) {
        struct rt_object *c = new_actor(COROUTINE, 'c');
        struct rt_object *a = new_waiter('a', new_waiter('b', c, 0), 0);
        ((struct actor *)c)->other = a;
        then(c, ACTS[i], SENDS_NONE, 0);
        then(c, ACT_YIELD, 1, 0);
        then(c, ACTS[i], SENDS_NONE, 0);
        then(c, ACT_YIELD, 2, 0);
        send_to(a, SENDS_NONE);
        send_to(a, SENDS_NONE);
        send_to(a, SENDS_NONE);
        drop(a);
    }
    struct rt_object *c = new_actor(COROUTINE, 'c');
    struct rt_object *a = new_waiter('a', new_waiter('b', c, 0), 0);
    then_await(c, rt_new_ref(a), CATCHES);
    then(c, ACT_YIELD, 1, 0);
    send_to(a, SENDS_NONE);
    send_to(a, SENDS_NONE);
    drop(a);
    finish();
}

// --- errors and closing through awaits -------------------------------------

static void
the_innermost_hears_of_an_error_first(void **state)
{
    (void)state;
    begin();
    struct rt_object *b =
        new_waiter('b', new_counter(COROUTINE, 'c', 2, 0), 0);
    struct rt_object *a = new_waiter('a', b, 0);
    send_to(a, SENDS_NONE);
    throw_to(a, RT_ERROR_EXCEPTION, "Boom");
    drop(a);
    struct rt_object *d = new_waiter('d', new_echo(2, false), 0);
    send_to(d, SENDS_NONE);
    throw_to(d, RT_ERROR_CANCELLED, "");
    drop(d);
    finish();
}

static void
what_comes_out_is_the_exception_that_went_in(void **state)
{
    (void)state;
    begin();
    struct rt_object *a =
        new_waiter('a', new_counter(COROUTINE, 'b', 2, 0), 0);
    struct rt_object *boom = rt_exception_new(RT_ERROR_EXCEPTION, "Boom");
    struct rt_object *result = NULL;
    send_to(a, SENDS_NONE);
    enum rt_sent how = rt_coroutine_throw(a, boom, &result);
    bool is_error =
        how == RT_SENT_ERROR && rt_error_occurred() != RT_ERROR_NONE;
    observe_bool("an error comes out", is_error);
    if (is_error) {
        struct rt_object *caught = rt_exception_catch();
        observe_bool("it is the same object", caught == boom);
        rt_decref(caught);
    }
    rt_decref(boom);
    drop(a);
    finish();
}

static void
an_error_goes_no_further_than_to_who_catches_it(void **state)
{
    (void)state;
    begin();
    struct rt_object *b =
        new_waiter('b', new_counter(COROUTINE, 'c', 3, CATCHES), 0);
    struct rt_object *a = new_waiter('a', b, 0);
    send_to(a, SENDS_NONE);
    throw_to(a, RT_ERROR_EXCEPTION, "Boom");
    send_to(a, 7);
    leave(a);
    struct rt_object *e =
        new_waiter('e', new_counter(COROUTINE, 'f', 3, 0), CATCHES);
    struct rt_object *d = new_waiter('d', e, 0);
    send_to(d, SENDS_NONE);
    throw_to(d, RT_ERROR_EXCEPTION, "Boom");
    drop(d);
}

static void
closing_closes_the_innermost_first(void **state)
{
    (void)state;
    begin();
    struct rt_object *b =
        new_waiter('b', new_counter(COROUTINE, 'c', 2, 0), 0);
    struct rt_object *a = new_waiter('a', b, 0);
    send_to(a, SENDS_NONE);
    close_it(a);
    drop(a);
    finish();
}

static void
the_awaited_is_closed_not_thrown_at(void **state)
{
    (void)state;
    begin();
    struct rt_object *c = new_actor(COROUTINE, 'c');
    then(c, ACT_YIELD, 1, CATCHES);
    then(c, ACT_RETURN, 1000, 0); // not the value of the await
    struct rt_object *a = new_waiter('a', c, 0);
    send_to(a, SENDS_NONE);
    throw_to(a, RT_ERROR_GENERATOR_EXIT, "leave");
    drop(a);
    struct rt_object *e =
        new_waiter('e', new_counter(COROUTINE, 'f', 1, CATCHES), CATCHES);
    struct rt_object *d = new_waiter('d', e, 0);
    send_to(d, SENDS_NONE);
    close_it(d);
    drop(d);
    struct rt_object *h = new_actor(GENERATOR, 'h');
    then_await(h, new_counter(GENERATOR, 'g', 1, CATCHES), 0);
    send_to(h, SENDS_NONE);
    throw_to(h, RT_ERROR_GENERATOR_EXIT, "leave");
    drop(h);
    finish();
}

static void
who_goes_on_yielding_is_an_error_for_the_waiter(void **state)
{
    (void)state;
    begin();
    for (int flags = 0; flags <= CATCHES; flags++) {
        struct rt_object *b = new_actor(COROUTINE, 'b');
        then(b, ACT_YIELD, 1, CATCHES);
        then(b, ACT_YIELD, 2000, 0);
        struct rt_object *a = new_waiter('a', rt_new_ref(b), flags);
        send_to(a, SENDS_NONE);
        close_it(a);
        close_it(b);
        drop(a);
        drop(b);
    }
    finish();
}

static void
an_error_while_closing_takes_the_place_of_the_exit(void **state)
{
    (void)state;
    begin();
    for (int flags = 0; flags <= CATCHES; flags++) {
        struct rt_object *b = new_actor(COROUTINE, 'b');
        then(b, ACT_YIELD, 1, CATCHES);
        then(b, ACT_RAISE, 5, 0);
        struct rt_object *a = new_waiter('a', b, flags);
        send_to(a, SENDS_NONE);
        throw_to(a, RT_ERROR_GENERATOR_EXIT, "leave");
        drop(a);
    }
    finish();
}

static void
others_hear_the_exit_like_any_error(void **state)
{
    (void)state;
    begin();
    struct rt_object *a = new_waiter('a', new_echo(2, false), 0);
    send_to(a, SENDS_NONE);
    throw_to(a, RT_ERROR_GENERATOR_EXIT, "leave");
    drop(a);
    struct rt_object *b = new_waiter('b', new_echo(2, true), 0);
    send_to(b, SENDS_NONE);
    close_it(b);
    drop(b);
    finish();
}

static void
one_that_dies_is_closed(void **state)
{
    (void)state;
    begin();
    struct rt_object *a =
        new_waiter('a', new_counter(COROUTINE, 'b', 3, 0), 0);
    send_to(a, SENDS_NONE);
    drop(a);
    struct rt_object *c = new_counter(GENERATOR, 'c', 3, 0);
    ((struct actor *)c)->kept[0] = rt_new_ref(c); // only the collector helps
    send_to(c, SENDS_NONE);
    rt_decref(c);
    (void)rt_gc_collect(2);
    observe_story("the collector finds c");
    finish();
}

// --- random plays ----------------------------------------------------------

enum {
    PLAYS = 40,
    CALLS = 9,
    MOST_ACTORS = 8
};

struct play {
    struct rt_object *cast[MOST_ACTORS]; // ours
    int count;
};

/* What is awaited: mostly a new actor from deeper down. */
static struct rt_object *random_actor(struct play *play, int depth);

static struct rt_object *
random_awaited(struct play *play, int depth)
{
    int64_t what = lab_random_between(1, 10);
    if (what == 1) {
        return rt_int_new(1000);
    }
    if (what == 2) {
        return new_echo((int)lab_random_between(0, 2),
                        lab_random_between(0, 1) == 1);
    }
    if (what == 3 || depth == 0 || play->count == MOST_ACTORS) {
        return rt_new_ref(play->cast[lab_random_between(0, play->count - 1)]);
    }
    return rt_new_ref(random_actor(play, depth - 1));
}

static void
random_step(struct play *play, struct rt_object *actor, int depth)
{
    int flags = lab_random_between(1, 5) <= 2 ? CATCHES : 0;
    int64_t what = lab_random_between(1, 20);
    if (what <= 7) {
        then(actor, ACT_YIELD, (int)lab_random_between(1, 1000), flags);
    }
    else if (what <= 14 && ((struct actor *)actor)->count < MOST_KEPT) {
        then_await(actor, random_awaited(play, depth), flags);
    }
    else if (what <= 17) {
        static const enum act ACTS[] = {ACT_SEND, ACT_THROW, ACT_CLOSE};
        then(actor, ACTS[lab_random_between(0, 2)],
             lab_random_between(0, 3) == 0 ? 7 : SENDS_NONE, 0);
    }
    else {
        static const enum act ACTS[] = {ACT_RAISE, ACT_STOP, ACT_RETURN};
        then(actor, ACTS[lab_random_between(0, 2)],
             (int)lab_random_between(1, 1000), 0);
    }
}

static struct rt_object *
random_actor(struct play *play, int depth)
{
    enum kind kind = lab_random_between(0, 1) == 0 ? GENERATOR : COROUTINE;
    struct rt_object *actor = new_actor(kind, (char)('a' + play->count));
    play->cast[play->count++] = actor;
    for (int steps = (int)lab_random_between(2, MOST_STEPS); steps > 0;
         steps--) {
        random_step(play, actor, depth);
    }
    return actor;
}

static void
random_call(struct rt_object *object)
{
    int64_t what = lab_random_between(1, 20);
    if (what <= 13) {
        send_to(object, what <= 9 ? SENDS_NONE : (int)what * 100);
    }
    else if (what <= 15) {
        throw_to(object, RT_ERROR_EXCEPTION, "Boom");
    }
    else if (what <= 17) {
        throw_to(object, RT_ERROR_GENERATOR_EXIT, "leave");
    }
    else if (what == 18) {
        throw_to(object, RT_ERROR_STOP_ITERATION, "");
    }
    else {
        close_it(object);
    }
}

static void
random_plays(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < PLAYS; i++) {
        struct play play = {.count = 0};
        random_actor(&play, 4);
        for (int j = 0; j < play.count; j++) {
            ((struct actor *)play.cast[j])->other =
                play.cast[lab_random_between(0, play.count - 1)];
        }
        for (int j = 0; j < CALLS; j++) {
            // Mostly the outermost, now and then somebody else.
            bool is_first = lab_random_between(1, 4) > 1;
            random_call(
                play.cast[is_first ? 0
                                   : lab_random_between(0, play.count - 1)]);
        }
        for (int j = 0; j < play.count; j++) {
            (void)rt_coroutine_close(play.cast[j]); // no more last words
            rt_error_clear();
        }
        observe_story("the curtain falls");
        for (int j = 0; j < play.count; j++) {
            struct actor *actor = (struct actor *)play.cast[j];
            actor->other = play.cast[j]; // the others may be gone before it
        }
        for (int j = 0; j < play.count; j++) {
            rt_decref(play.cast[j]);
        }
        (void)rt_gc_collect(2);
        observe_story("the cast goes home");
        finish();
    }
}

// --- in the event loop -----------------------------------------------------

struct worker {
    struct rt_coroutine frame;
    struct rt_object *tasks[3]; // of the first one
    int number, round;
};

static enum rt_sent
worker_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct worker *my = (struct worker *)frame;
    RT_BEGIN;
    for (; my->round < 3; my->round++) {
        tell("%d: round %d; ", my->number, my->round);
        RT_AWAIT(rt_sleep(my->number == 1 ? 0 : my->number));
        if (sent == NULL) {
            tell("%d: ", my->number);
            tell_error();
            tell("; ");
            RT_FAIL;
        }
        RT_YIELD(rt_none); // once around the loop
        if (sent == NULL) {
            RT_FAIL;
        }
    }
    RT_RETURN(rt_int_new(lab_number(my->number) * 1000));
    RT_END;
}

static const struct rt_code worker_code =
    RT_COROUTINE("worker", struct worker, 3, worker_body);

static enum rt_sent
boss_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct worker *my = (struct worker *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_sleep(1.5));
    tell("2 is cancelled; ");
    (void)rt_future_cancel(my->tasks[1], NULL);
    for (; my->round < 3; my->round++) {
        RT_AWAIT(rt_new_ref(my->tasks[my->round]));
        tell("worker %d: ", my->round + 1);
        if (sent != NULL) {
            tell_value(sent);
        }
        else {
            tell_error();
            rt_error_clear();
        }
        tell("; ");
    }
    RT_RETURN(rt_int_new(5000));
    RT_END;
}

static const struct rt_code boss_code =
    RT_COROUTINE("boss", struct worker, 3, boss_body);

static void
the_event_loop_runs_on_it(void **state)
{
    (void)state;
    begin();
    struct rt_loop *loop = rt_loop_new();
    rt_loop_use_virtual_clock(loop);
    struct worker *boss = rt_coroutine_new(&boss_code);
    for (int i = 0; i < 3; i++) {
        struct worker *worker = rt_coroutine_new(&worker_code);
        worker->number = i + 1;
        boss->tasks[i] = rt_task_new(loop, &worker->frame.head);
    }
    struct rt_object *result =
        rt_loop_run_until_complete(loop, &boss->frame.head);
    tell("and the boss gets ");
    tell_value(result);
    rt_xdecref(result);
    rt_error_clear();
    observe_story("three workers and a boss");
    (void)rt_loop_close(loop);
    (void)rt_gc_collect(2);
    rt_loop_free(loop);
    rt_handle_clear_pool();
    finish();
}

// --- many ------------------------------------------------------------------

enum {
    MANY_VALUES = 200000,
    MANY_AWAITS = 200000,
    CHAIN = 3000,
    MANY_SENDS = 600
};

/* A frame that counts instead of telling. */
struct quiet {
    struct rt_coroutine frame;
    struct rt_object *kept;
    int64_t left, heard;
    int place;
};

static int64_t order[CHAIN + 1]; // in which the chain has heard of an error
static size_t order_count;

static void
note(const struct quiet *my)
{
    if (order_count <= CHAIN) {
        order[order_count++] = my->place;
    }
}

static enum rt_sent
numbers_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct quiet *my = (struct quiet *)frame;
    RT_BEGIN;
    while (my->left-- > 0) {
        RT_YIELD(rt_int_new(1000 + my->left));
        if (sent == NULL) {
            note(my);
            RT_FAIL;
        }
        my->heard += sent == rt_none ? 1 : rt_int_value(sent);
    }
    RT_RETURN(rt_int_new(my->heard));
    RT_END;
}

static enum rt_sent
link_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct quiet *my = (struct quiet *)frame;
    RT_BEGIN;
    RT_AWAIT(rt_new_ref(my->kept));
    if (sent == NULL) {
        note(my);
        RT_FAIL;
    }
    RT_RETURN(rt_new_ref(sent));
    RT_END;
}

/* Awaits the same over and over, which is over each time. */
static enum rt_sent
impatient_body(struct rt_coroutine *frame, struct rt_object *sent,
               struct rt_object **result)
{
    struct quiet *my = (struct quiet *)frame;
    RT_BEGIN;
    while (my->left-- > 0) {
        RT_AWAIT(rt_new_ref(my->kept));
        if (sent != NULL) {
            my->heard++;
        }
    }
    RT_RETURN(rt_int_new(my->heard));
    RT_END;
}

static const struct rt_code numbers_code =
    RT_GENERATOR("numbers", struct quiet, 1, numbers_body);
static const struct rt_code link_code =
    RT_GENERATOR("link", struct quiet, 1, link_body);
static const struct rt_code impatient_code =
    RT_GENERATOR("impatient", struct quiet, 1, impatient_body);

static struct rt_object *
new_quiet(const struct rt_code *code, struct rt_object *kept, int64_t left)
{
    struct quiet *quiet = rt_coroutine_new(code);
    quiet->kept = kept;
    quiet->left = left;
    return &quiet->frame.head;
}

static struct rt_object *
new_chain(int64_t values)
{
    struct rt_object *chain = new_quiet(&numbers_code, NULL, values);
    for (int i = 1; i <= CHAIN; i++) {
        chain = new_quiet(&link_code, chain, 0);
        ((struct quiet *)chain)->place = i;
    }
    return chain;
}

static void
very_many_values(void **state)
{
    (void)state;
    begin();
    struct rt_object *numbers = new_quiet(
        &numbers_code, NULL, MANY_VALUES + (int)lab_random_between(0, 9999));
    int64_t sum = 0;
    int64_t count = 0;
    struct rt_object *value = NULL;
    while ((value = rt_generator_next(numbers)) != NULL) {
        sum += rt_int_value(value);
        count++;
        rt_decref(value);
    }
    observe_int("values", count);
    observe_int("their sum", sum);
    rt_decref(numbers);
    finish();
}

static void
many_awaits_that_are_over_at_once(void **state)
{
    (void)state;
    begin();
    struct rt_object *over = new_quiet(&numbers_code, NULL, 0);
    observe_bool("there is no value", rt_generator_next(over) == NULL);
    struct rt_object *a = new_quiet(
        &impatient_code, over, MANY_AWAITS + (int)lab_random_between(0, 9999));
    struct rt_object *result = NULL;
    enum rt_sent how = rt_coroutine_send(a, rt_none, &result);
    tell_result("it", how, result);
    observe_story("so many awaits in one send");
    rt_decref(a);
    finish();
}

static void
a_chain_of_three_thousand(void **state)
{
    (void)state;
    begin();
    struct rt_object *chain = new_chain(MANY_SENDS);
    int64_t sum = 0;
    for (int i = 0; i <= MANY_SENDS; i++) {
        struct rt_object *result = NULL;
        enum rt_sent how =
            send_number(chain, i == 0 ? SENDS_NONE : i, &result);
        if (how == RT_SENT_YIELD && result != NULL && rt_int_check(result)) {
            sum += rt_int_value(result);
            rt_decref(result);
        }
        else {
            tell_result("it", how, result);
        }
    }
    observe_int("sum of what was handed out", sum);
    observe_story("and at the end");
    rt_decref(chain);
    finish();
}

/* How many of the chain have heard when it was their turn. */
static int64_t
in_their_turn(void)
{
    int64_t count = 0;
    for (size_t i = 0; i < order_count; i++) {
        count += order[i] == (int64_t)i;
    }
    return count;
}

static void
an_error_through_three_thousand(void **state)
{
    (void)state;
    begin();
    for (int is_exit = 0; is_exit < 2; is_exit++) {
        struct rt_object *chain = new_chain(5);
        struct rt_object *result = NULL;
        enum rt_sent how = rt_coroutine_send(chain, rt_none, &result);
        tell_result("it", how, result);
        order_count = 0;
        if (is_exit) {
            tell_closed(", and then it", chain);
        }
        else {
            how = throw_into(chain, RT_ERROR_EXCEPTION, "Boom", &result);
            tell_result(", and then it", how, result);
        }
        observe_story(is_exit ? "a chain is closed" : "Boom is thrown in");
        observe_int("so many have heard of it", (int64_t)order_count);
        observe_int("so many in their turn, from the inside", in_their_turn());
        rt_decref(chain);
    }
    finish();
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(the_body_runs_up_to_the_first_yield),
    cmocka_unit_test(what_is_sent_is_heard_at_the_yield),
    cmocka_unit_test(the_end_brings_the_value_of_the_return),
    cmocka_unit_test(an_error_ends_it),
    cmocka_unit_test(at_the_end_the_variables_are_released),
    cmocka_unit_test(a_generator_that_is_over_returns_none),
    cmocka_unit_test(a_coroutine_cannot_be_used_twice),
    cmocka_unit_test(only_none_can_be_sent_before_the_beginning),
    cmocka_unit_test(one_that_runs_is_already_executing),
    cmocka_unit_test(a_stop_iteration_does_not_get_out),
    cmocka_unit_test(next_gives_values_and_then_nothing),
    cmocka_unit_test(an_error_is_thrown_in_where_it_stopped),
    cmocka_unit_test(one_that_catches_it_goes_on),
    cmocka_unit_test(no_error_enters_one_that_runs),
    cmocka_unit_test(an_error_before_the_beginning_ends_it),
    cmocka_unit_test(an_error_after_the_end_comes_back),
    cmocka_unit_test(closing_throws_a_generator_exit),
    cmocka_unit_test(closing_before_the_beginning_runs_nothing),
    cmocka_unit_test(closing_what_is_over_does_nothing),
    cmocka_unit_test(a_return_is_a_good_answer_to_closing),
    cmocka_unit_test(another_error_comes_out_of_closing),
    cmocka_unit_test(a_yield_is_no_answer_to_closing),
    cmocka_unit_test(closing_without_memory_is_an_error),
    cmocka_unit_test(what_the_awaited_hands_out_goes_to_the_caller),
    cmocka_unit_test(what_is_sent_goes_to_the_awaited),
    cmocka_unit_test(the_value_of_the_awaited_is_heard_at_the_await),
    cmocka_unit_test(an_await_first_sends_none),
    cmocka_unit_test(several_awaits_follow_each_other),
    cmocka_unit_test(whatever_has_a_send_slot_can_be_awaited),
    cmocka_unit_test(an_error_of_the_awaited_is_raised_at_the_await),
    cmocka_unit_test(an_await_that_fails_is_an_error_at_the_await),
    cmocka_unit_test(a_coroutine_has_one_waiter),
    cmocka_unit_test(a_coroutine_that_has_yielded_can_be_awaited),
    cmocka_unit_test(a_generator_may_have_several),
    cmocka_unit_test(who_waits_is_executing_while_the_awaited_runs),
    cmocka_unit_test(the_innermost_hears_of_an_error_first),
    cmocka_unit_test(what_comes_out_is_the_exception_that_went_in),
    cmocka_unit_test(an_error_goes_no_further_than_to_who_catches_it),
    cmocka_unit_test(closing_closes_the_innermost_first),
    cmocka_unit_test(the_awaited_is_closed_not_thrown_at),
    cmocka_unit_test(who_goes_on_yielding_is_an_error_for_the_waiter),
    cmocka_unit_test(an_error_while_closing_takes_the_place_of_the_exit),
    cmocka_unit_test(others_hear_the_exit_like_any_error),
    cmocka_unit_test(one_that_dies_is_closed),
    cmocka_unit_test(random_plays),
    cmocka_unit_test(the_event_loop_runs_on_it),
    cmocka_unit_test(very_many_values),
    cmocka_unit_test(many_awaits_that_are_over_at_once),
    cmocka_unit_test(a_chain_of_three_thousand),
    cmocka_unit_test(an_error_through_three_thousand),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
