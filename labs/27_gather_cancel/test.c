/* Lab 27: gather, seen through its header and those of futures and tasks.
 *
 * Children are plain futures, which the case ends by hand, turn by turn, or
 * workers: coroutines that sleep, and say what happens to them. The loop has a
 * virtual clock, so that seconds are exact and cost nothing. What is observed
 * is the order of events, and what has become of the futures after each turn;
 * looking at them does not count as asking for their errors. */
#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/shield.h"
#include "labs/runtime/sleep.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"
#include "labs/runtime/wait_for.h"
#include "labs/testing.h"

enum {
    MOST = 8,          // children of a small case
    MANY = 30000,      // children of a large one, and some more
    SHOWN = 400,       // bytes of a text
    MOST_FAILURES = 60 // allocations of one gather, at most
};

static struct rt_loop *loop;
static struct rt_object *children[MOST]; // ours
static struct rt_object *all;            // the gather: ours
static bool is_quiet;                    // no events
static int many;                         // children of a large one

// --- what there is to see --------------------------------------------------

struct line {
    size_t used;
    char text[SHOWN];
};

static void say(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct line *line, const char *format, ...)
{
    size_t room = sizeof(line->text) - line->used;
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line->text + line->used, room, format, arguments);
    va_end(arguments);
    line->used += size < (int)room ? (size_t)size : room - 1;
}

static void
say_exception(struct line *line, const struct rt_object *exception)
{
    say(line, "%s('%s')", rt_error_name(rt_exception_error(exception)),
        rt_exception_text(exception));
}

static void
say_object(struct line *line, struct rt_object *object)
{
    if (object == NULL) {
        say(line, "nothing");
    }
    else if (rt_int_check(object)) {
        say(line, "%d", (int)rt_int_value(object));
    }
    else if (rt_exception_check(object)) {
        say_exception(line, object);
    }
    else if (rt_list_check(object)) {
        say(line, "[");
        for (size_t i = 0; i < rt_list_size(object); i++) {
            say(line, i > 0 ? ", " : "");
            say_object(line, rt_list_at(object, i)); // NOLINT: not deep
        }
        say(line, "]");
    }
    else {
        say(line, "%s", object->ob_type->name);
    }
}

/* What has become of a future. */
static void
observe_future(const char *name, const struct rt_object *object)
{
    const struct rt_future *future = (const struct rt_future *)object;
    struct line line = {.used = 0};
    if (object == NULL) {
        say(&line, "there is none");
    }
    else if (future->state == RT_FUTURE_PENDING) {
        say(&line, "pending");
    }
    else if (future->state == RT_FUTURE_CANCELLED) {
        say(&line, "cancelled");
    }
    else {
        say(&line, future->is_failed ? "failed with " : "the result is ");
        say_object(&line, future->value);
    }
    observe_string(name, line.text);
}

static void
observe_gather(const char *when)
{
    char name[100];
    snprintf(name, sizeof(name), "gather %d, %s", (int)lab_number(0), when);
    observe_future(name, all);
}

static void
observe_children(const char *when)
{
    for (int i = 0; i < MOST; i++) {
        if (children[i] != NULL) {
            char name[100];
            snprintf(name, sizeof(name), "child %d, %s", (int)lab_number(i),
                     when);
            observe_future(name, children[i]);
        }
    }
}

/* The pending error, which is forgotten. */
static void
observe_error(const char *name)
{
    struct line line = {.used = 0};
    if (rt_error_occurred() == RT_ERROR_NONE) {
        say(&line, "none");
    }
    else {
        say(&line, "%s('%s')", rt_error_name(rt_error_occurred()),
            rt_error_text());
    }
    rt_error_clear();
    observe_string(name, line.text);
}

// --- the world of a case ---------------------------------------------------

static void
hear_trouble(struct rt_loop *where, const struct rt_loop_trouble *trouble,
             void *data)
{
    struct line line = {.used = 0};
    (void)where;
    (void)data;
    if (trouble->exception != NULL) {
        say(&line, ": ");
        say_exception(&line, trouble->exception);
    }
    if (!is_quiet) {
        observe_event("trouble", "%s%s", trouble->message, line.text);
    }
}

static void
ignore(const struct rt_code *code)
{
    (void)code;
}

static void
begin(void)
{
    rt_coroutine_set_never_awaited_hook(ignore);
    loop = rt_loop_new();
    rt_loop_use_virtual_clock(loop);
    rt_loop_set_exception_handler(loop, hear_trouble, NULL);
    many = MANY + (int)(lab_number(0) % 1000);
}

/* Has seen how the gather has ended. */
static void
see_gather(void)
{
    if (all != NULL && rt_future_is_done(all)) {
        rt_xdecref(rt_future_exception(all));
        rt_error_clear();
    }
}

static void
release_all(void)
{
    see_gather();
    rt_clear(&all);
    for (int i = 0; i < MOST; i++) {
        rt_clear(&children[i]);
    }
}

/* The end of a case, in which nothing is left. */
static void
finish(void)
{
    is_quiet = true;
    release_all();
    (void)rt_gc_collect(2);
    rt_loop_free(loop);
    loop = NULL;
    is_quiet = false;
}

/* Without the loop and what is kept for the next handles. */
static void
observe_blocks_in_the_end(void)
{
    rt_handle_clear_pool();
    observe_int("blocks left", (int64_t)rt_alloc_live_blocks());
}

static void
turn(void)
{
    rt_loop_stop(loop);
    if (rt_loop_run_forever(loop) != 0) {
        observe_error("the loop has ended with");
    }
}

static void
turns(int count)
{
    for (; count > 0; count--) {
        turn();
    }
}

/* Until it is over; without an end the loop says so. */
static void
run(struct rt_object *future)
{
    struct rt_object *result =
        rt_loop_run_until_complete(loop, rt_new_ref(future));
    rt_xdecref(result);
    rt_error_clear();
    rt_decref(future);
}

/* The loop has the memory that it keeps. */
static int64_t
blocks_at_first(void)
{
    run(rt_sleep(0));
    run(rt_sleep(1));
    return (int64_t)rt_alloc_live_blocks();
}

static int
now(void)
{
    return (int)(rt_loop_time(loop) + 0.5);
}

// --- children --------------------------------------------------------------

static void
new_futures(int count)
{
    for (int i = 0; i < count; i++) {
        children[i] = rt_future_new(loop);
    }
}

static void
set(int child, int value)
{
    struct rt_object *number = rt_int_new(lab_number(value));
    (void)rt_future_set_result(children[child], number);
    rt_decref(number);
}

static void
break_off(int child, const char *text)
{
    char numbered[60];
    snprintf(numbered, sizeof(numbered), "%s %d", text,
             (int)lab_number(child));
    struct rt_object *exception =
        rt_exception_new(RT_ERROR_EXCEPTION, numbered);
    (void)rt_future_set_exception(children[child], exception);
    rt_decref(exception);
}

/* Whether that was possible. */
static bool
cancel(struct rt_object *future, const char *text)
{
    struct rt_object *message = text != NULL ? rt_str_new(text) : NULL;
    bool is_possible = rt_future_cancel(future, message);
    rt_xdecref(message);
    return is_possible;
}

enum manner {
    WORKS,     // ends with ten times its number (lab_number)
    FAILS,     // ends with an error
    REFUSES,   // when it is cancelled, ends with its number
    CLEANS_UP, // when it is cancelled, sleeps once more
    FALLS      // when it is cancelled, ends with another error
};

struct worker {
    struct rt_coroutine frame;
    struct rt_object *cancelled; // the error
    double delay_s, cleanup_s;
    int id;
    enum manner manner;
};

static void
tell(const struct worker *worker, const char *what)
{
    if (!is_quiet) {
        observe_event("event", "%d s: worker %d %s", now(),
                      (int)lab_number(worker->id), what);
    }
}

static void
tell_cancelled(const struct worker *worker)
{
    struct line line = {.used = 0};
    say(&line, "is cancelled: %s('%s')", rt_error_name(rt_error_occurred()),
        rt_error_text());
    tell(worker, line.text);
}

static enum rt_sent
worker_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct worker *my = (struct worker *)frame;
    RT_BEGIN;
    tell(my, "begins");
    RT_AWAIT(rt_sleep(my->delay_s));
    if (sent != NULL && my->manner == FAILS) {
        tell(my, "fails");
        rt_error_set(RT_ERROR_EXCEPTION, "worker %d", (int)lab_number(my->id));
        RT_FAIL;
    }
    if (sent != NULL) {
        tell(my, "ends");
        RT_RETURN(rt_int_new(10 * lab_number(my->id)));
    }
    tell_cancelled(my);
    if (my->manner == REFUSES) {
        rt_error_clear();
        RT_RETURN(rt_int_new(lab_number(my->id)));
    }
    if (my->manner == FALLS) {
        rt_error_set(RT_ERROR_EXCEPTION, "fall of worker %d",
                     (int)lab_number(my->id));
    }
    if (my->manner == CLEANS_UP) {
        my->cancelled = rt_exception_catch();
        RT_AWAIT(rt_sleep(my->cleanup_s));
        if (sent == NULL) {
            tell(my, "is disturbed");
            RT_FAIL;
        }
        tell(my, "has cleaned up");
        rt_exception_raise(my->cancelled);
    }
    RT_FAIL;
    RT_END;
}

static const struct rt_code worker_code =
    RT_COROUTINE("worker", struct worker, 1, worker_body);

static struct rt_object *
new_worker(int id, double delay_s, enum manner manner)
{
    struct worker *worker = rt_coroutine_new(&worker_code);
    if (worker == NULL) {
        return NULL;
    }
    worker->id = id;
    worker->delay_s = delay_s;
    worker->cleanup_s = 5;
    worker->manner = manner;
    return &worker->frame.head;
}

/* A task that is a child. */
static void
new_task(int child, double delay_s, enum manner manner)
{
    children[child] = rt_task_new(loop, new_worker(child, delay_s, manner));
}

// --- gathers ---------------------------------------------------------------

/* Adds what is ours no more to a list. */
static void
append(struct rt_object *list, struct rt_object *item)
{
    (void)rt_list_append(list, item);
    rt_decref(item);
}

/* Makes `all` of a list, which is given back. Returns whether there is one;
 * if not, the case is over. */
static bool
gather_list(struct rt_object *list, bool return_exceptions)
{
    all = rt_gather(loop, list, return_exceptions);
    rt_decref(list);
    bool is_future = all != NULL && rt_future_check(all);
    observe_bool("the gather is a future", is_future);
    if (all == NULL && rt_error_occurred() != RT_ERROR_NONE) {
        observe_error("but there is an error");
    }
    return is_future;
}

/* The first children. */
static bool
gather(int count, bool return_exceptions)
{
    struct rt_object *list = rt_list_new();
    for (int i = 0; i < count; i++) {
        (void)rt_list_append(list, children[i]);
    }
    return gather_list(list, return_exceptions);
}

/* A coroutine that awaits the gather, and says how it ends. */
struct waiter {
    struct rt_coroutine frame;
    struct rt_object *awaited;
};

static enum rt_sent
waiter_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    struct waiter *my = (struct waiter *)frame;
    struct line line = {.used = 0};
    RT_BEGIN;
    RT_AWAIT(rt_new_ref(my->awaited));
    if (sent == NULL) {
        observe_event("event", "%d s: the waiter gets %s('%s')", now(),
                      rt_error_name(rt_error_occurred()), rt_error_text());
        RT_FAIL;
    }
    say_object(&line, sent);
    observe_event("event", "%d s: the waiter gets %s", now(), line.text);
    RT_END;
}

static const struct rt_code waiter_code =
    RT_COROUTINE("waiter", struct waiter, 1, waiter_body);

/* A new task that awaits something, which is stolen. */
static struct rt_object *
new_waiter(struct rt_object *awaited)
{
    struct waiter *waiter = rt_coroutine_new(&waiter_code);
    waiter->awaited = awaited;
    return rt_task_new(loop, &waiter->frame.head);
}

// --- ensure ----------------------------------------------------------------

static void
a_future_stays_what_it_is(void **state)
{
    (void)state;
    begin();
    new_futures(1);
    struct rt_object *same = rt_ensure_future(loop, rt_new_ref(children[0]));
    const int64_t more = lab_random_between(1, 9999);
    observe_bool("it is the same future", same == children[0]);
    children[0]->ob_refcnt += more;
    observe_int("its references, raised by the case", children[0]->ob_refcnt);
    children[0]->ob_refcnt -= more;
    if (same != children[0]) {
        return;
    }
    rt_decref(same);
    observe_bool("NULL is passed on", rt_ensure_future(loop, NULL) == NULL);
    observe_error("pending error");
    finish();
}

static void
a_coroutine_becomes_a_task(void **state)
{
    (void)state;
    begin();
    children[0] = rt_ensure_future(loop, new_worker(0, 2, WORKS));
    observe_bool("there is a task",
                 children[0] != NULL && rt_task_check(children[0]));
    if (children[0] == NULL) {
        return;
    }
    turn();
    run(rt_new_ref(children[0]));
    observe_children("in the end");
    struct rt_object *number = rt_int_new(7);
    observe_bool("there is a task for a number",
                 rt_ensure_future(loop, number) != NULL);
    observe_error("pending error");
    finish();
}

// --- results ---------------------------------------------------------------

static void
a_gather_of_one_is_a_list_of_one(void **state)
{
    (void)state;
    begin();
    new_futures(1);
    if (!gather(1, false)) {
        return;
    }
    observe_gather("at first");
    turn();
    observe_gather("a turn later");
    set(0, 7);
    observe_gather("the child just having its result");
    turn();
    observe_gather("a turn after the child's end");
    finish();
}

static void
it_is_pending_until_the_last_child_is_done(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    if (!gather(3, false)) {
        return;
    }
    for (int i = 0; i < 3; i++) {
        char when[40];
        set(i, i + 1);
        turn();
        snprintf(when, sizeof(when), "%d of 3 done", i + 1);
        observe_gather(when);
    }
    finish();
}

static void
results_come_in_the_order_of_the_arguments(void **state)
{
    (void)state;
    static const int ORDER[] = {3, 1, 4, 0, 2};
    begin();
    new_futures(5);
    if (!gather(5, false)) {
        return;
    }
    for (int i = 0; i < 5; i++) {
        set(ORDER[i], 10 * ORDER[i]);
        turn();
    }
    observe_gather("done in the order 3 1 4 0 2");
    finish();
}

static void
coroutines_become_tasks_in_their_order(void **state)
{
    (void)state;
    begin();
    struct rt_object *list = rt_list_new();
    append(list, new_worker(1, 3, WORKS));
    append(list, new_worker(2, 1, WORKS));
    append(list, new_worker(3, 2, WORKS));
    if (!gather_list(list, false)) {
        return;
    }
    observe_event("event", "the gather is made");
    turn();
    run(rt_new_ref(all));
    observe_int("seconds", now());
    observe_gather("in the end");
    finish();
}

static void
the_list_remains_the_callers(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    struct rt_object *list = rt_list_new();
    for (int i = 0; i < 2; i++) {
        (void)rt_list_append(list, children[i]);
    }
    (void)rt_new_ref(list);
    if (!gather_list(list, false)) {
        return;
    }
    observe_int("items of the list", (int64_t)rt_list_size(list));
    observe_bool("the first is still the first",
                 rt_list_at(list, 0) == children[0]);
    (void)rt_list_set(list, 0, children[2]);
    (void)rt_list_append(list, children[2]);
    set(0, 1);
    set(1, 2);
    turn();
    observe_gather("the caller having changed the list");
    rt_decref(list);
    finish();
}

static void
an_empty_gather_is_done_at_once(void **state)
{
    (void)state;
    begin();
    if (!gather(0, false)) {
        return;
    }
    observe_gather("of nobody");
    observe_bool("it can be cancelled", cancel(all, NULL));
    rt_clear(&all);
    if (!gather(0, true)) {
        return;
    }
    observe_gather("of nobody, with errors among the results");
    finish();
}

static void
a_future_may_stand_there_twice(void **state)
{
    (void)state;
    begin();
    new_futures(2);
    struct rt_object *list = rt_list_new();
    (void)rt_list_append(list, children[0]);
    (void)rt_list_append(list, children[1]);
    (void)rt_list_append(list, children[0]);
    (void)rt_list_append(list, children[0]);
    if (!gather_list(list, false)) {
        return;
    }
    const struct rt_future *first = (struct rt_future *)children[0];
    observe_int("callbacks of child 0, which stands there three times",
                (int64_t)rt_callbacks_count(&first->callbacks));
    set(0, 1);
    turn();
    observe_gather("child 0 done, which stands there three times");
    set(1, 2);
    turn();
    observe_gather("child 1 done as well");

    release_all();
    new_futures(1);
    if (!gather(1, false)) {
        return;
    }
    struct rt_object *other = all;
    all = NULL;
    list = rt_list_new();
    (void)rt_list_append(list, children[0]);
    (void)rt_list_append(list, children[0]);
    if (!gather_list(list, false)) {
        rt_decref(other);
        return;
    }
    first = (struct rt_future *)children[0];
    observe_int("callbacks of a child for which another gather waits as well",
                (int64_t)rt_callbacks_count(&first->callbacks));
    rt_decref(other);
    finish();
}

static void
children_that_are_done_count_at_once(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    set(0, 1);
    set(2, 3);
    if (!gather(3, false)) {
        return;
    }
    observe_gather("of two that are done and one that is not");
    set(1, 2);
    turn();
    observe_gather("the last one done");
    rt_clear(&all);
    if (!gather(3, false)) {
        return;
    }
    observe_gather("of three that are done");
    turn();
    rt_clear(&all);
    rt_set_ref(&children[1], rt_future_new(loop));
    struct rt_object *list = rt_list_new();
    (void)rt_list_append(list, children[2]);
    (void)rt_list_append(list, children[2]);
    (void)rt_list_append(list, children[1]);
    if (!gather_list(list, false)) {
        return;
    }
    turn();
    observe_gather("of one that is done, twice, and one that is not");
    set(1, 2);
    turn();
    observe_gather("that one done as well");
    finish();
}

// --- errors ----------------------------------------------------------------

static void
the_first_error_ends_it(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    if (!gather(3, false)) {
        return;
    }
    set(0, 1);
    turn();
    break_off(1, "boom");
    observe_gather("child 1 just having failed");
    turn();
    observe_gather("a turn later");
    observe_children("a turn later");
    finish();
}

static void
what_comes_after_the_end_changes_nothing(void **state)
{
    (void)state;
    begin();
    new_futures(5);
    if (!gather(5, false)) {
        return;
    }
    break_off(3, "the first");
    turn();
    set(0, 1);
    turn();
    break_off(1, "the second");
    turn();
    (void)cancel(children[2], NULL);
    set(4, 5);
    turn();
    observe_gather("all children being done");
    finish();
}

static void
late_errors_count_as_seen(void **state)
{
    (void)state;
    begin();
    new_futures(4);
    if (!gather(4, false)) {
        return;
    }
    break_off(0, "the first");
    turn();
    break_off(1, "the second");
    break_off(2, "the third");
    turn();
    (void)cancel(children[3], "late");
    turn();
    observe_error("an error is left pending");
    observe_children("all having failed");
    for (int i = 0; i < 4; i++) {
        rt_clear(&children[i]);
    }
    see_gather();
    rt_clear(&all);
    observe_event("event", "all is released");
    finish();
}

static void
the_others_go_on(void **state)
{
    (void)state;
    begin();
    new_task(0, 3, WORKS);
    new_task(1, 1, FAILS);
    new_task(2, 2, WORKS);
    if (!gather(3, false)) {
        return;
    }
    struct rt_object *waiter = new_waiter(rt_new_ref(all));
    run(rt_new_ref(waiter));
    observe_children("at the end of the gather");
    run(rt_new_ref(children[0]));
    observe_children("after all");
    observe_gather("after all");
    rt_decref(waiter);
    finish();
}

static void
an_error_that_nobody_asks_for_is_told(void **state)
{
    (void)state;
    begin();
    new_futures(2);
    if (!gather(2, false)) {
        return;
    }
    break_off(1, "boom");
    turn();
    set(0, 1);
    turn();
    observe_event("event", "the gather is released");
    rt_clear(&all);
    finish();
}

static void
of_children_that_have_failed_before_the_first_counts(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    break_off(2, "third");
    break_off(1, "second");
    if (!gather(3, false)) {
        return;
    }
    observe_gather("of two that have failed");
    turn();
    set(0, 1);
    turn();
    observe_gather("the other one having a result");
    observe_event("event", "the children are released");
    for (int i = 0; i < 3; i++) {
        rt_clear(&children[i]);
    }
    see_gather();
    rt_clear(&all);
    finish();
}

static void
errors_may_take_their_places(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    if (!gather(3, true)) {
        return;
    }
    break_off(2, "boom");
    turn();
    observe_gather("child 2 having failed");
    set(0, 1);
    turn();
    break_off(1, "bang");
    turn();
    observe_gather("all children being done");
    const struct rt_future *future = (struct rt_future *)all;
    if (future->state == RT_FUTURE_FINISHED && !future->is_failed &&
        rt_list_size(future->value) == 3) {
        observe_bool("the third is the exception of child 2 itself",
                     rt_list_at(future->value, 2) ==
                         ((struct rt_future *)children[2])->value);
    }
    observe_event("event", "all is released");
    rt_clear(&all);
    for (int i = 0; i < 3; i++) {
        rt_clear(&children[i]);
    }
    finish();
}

// --- a child is cancelled --------------------------------------------------

static void
a_cancelled_child_counts_as_an_error(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    if (!gather(3, false)) {
        return;
    }
    (void)cancel(children[1], "enough");
    turn();
    observe_gather("the second child being cancelled");
    observe_bool("the gather counts as cancelled",
                 rt_future_is_cancelled(all));
    observe_children("the second child being cancelled");
    finish();
}

static void
a_cancelled_child_may_take_its_place(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    new_task(3, 9, WORKS);
    if (!gather(4, true)) {
        return;
    }
    turn();
    (void)cancel(children[0], "enough");
    (void)cancel(children[1], NULL);
    (void)cancel(children[3], "a task");
    turns(3);
    observe_gather("three being cancelled");
    set(2, 3);
    turn();
    observe_gather("all being done");
    finish();
}

static void
a_cancelled_task_is_an_error_for_the_waiter(void **state)
{
    (void)state;
    begin();
    new_task(0, 2, WORKS);
    new_task(1, 9, WORKS);
    if (!gather(2, false)) {
        return;
    }
    struct rt_object *waiter = new_waiter(rt_new_ref(all));
    turns(2);
    (void)cancel(children[1], "enough");
    run(rt_new_ref(waiter));
    observe_future("the waiter", waiter);
    run(rt_new_ref(children[0]));
    observe_children("after all");
    rt_decref(waiter);
    finish();
}

// --- the gather is cancelled -----------------------------------------------

static void
cancelling_reaches_all_children(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    if (!gather(3, false)) {
        return;
    }
    observe_bool("it can be cancelled", cancel(all, NULL));
    observe_children("at once");
    observe_gather("at once");
    turn();
    observe_gather("a turn later");
    observe_bool("it counts as cancelled", rt_future_is_cancelled(all));
    finish();
}

static void
errors_among_the_results_do_not_hide_it(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    if (!gather(3, true)) {
        return;
    }
    (void)cancel(all, NULL);
    turn();
    observe_gather("cancelled, with errors among the results");
    finish();
}

static void
children_that_are_done_are_left_out(void **state)
{
    (void)state;
    begin();
    new_futures(4);
    if (!gather(4, true)) {
        return;
    }
    set(0, 1);
    break_off(3, "boom");
    turn();
    observe_bool("it can be cancelled", cancel(all, NULL));
    observe_children("at once");
    turn();
    observe_gather("a turn later");
    finish();
}

static void
the_message_goes_there_and_back(void **state)
{
    (void)state;
    begin();
    new_task(0, 9, WORKS);
    new_task(1, 9, WORKS);
    if (!gather(2, true)) {
        return;
    }
    turn();
    observe_bool("it can be cancelled", cancel(all, "lunch"));
    turns(3);
    observe_gather("in the end");
    release_all();
    new_futures(2);
    if (!gather(2, false)) {
        return;
    }
    observe_bool("another one can be cancelled", cancel(all, "dinner"));
    turn();
    observe_gather("in the end");
    finish();
}

static void
the_last_child_has_the_last_word(void **state)
{
    (void)state;
    begin();
    for (int early = 0; early < 3; early += 2) {
        new_futures(3);
        if (!gather(3, true)) {
            return;
        }
        (void)cancel(children[early], "its own");
        turn();
        set(2 - early, 1);
        turn();
        observe_bool("it can be cancelled", cancel(all, "lunch"));
        turn();
        observe_gather(early == 0
                           ? "the first child cancelled before, 'its own'"
                           : "the last child cancelled before, 'its own'");
        release_all();
    }
    finish();
}

static void
it_ends_when_they_have_ended(void **state)
{
    (void)state;
    begin();
    new_task(0, 9, CLEANS_UP);
    new_task(1, 9, WORKS);
    new_task(2, 9, CLEANS_UP);
    if (!gather(3, true)) {
        return;
    }
    struct rt_object *waiter = new_waiter(rt_new_ref(all));
    turns(2);
    ((struct worker *)((struct rt_task *)children[2])->coroutine)->cleanup_s =
        7;
    (void)cancel(all, "enough");
    turns(4);
    observe_gather("four turns later");
    run(rt_new_ref(waiter));
    observe_int("seconds", now());
    observe_gather("in the end");
    rt_decref(waiter);
    finish();
}

static void
without_errors_among_the_results_the_first_to_end_is_enough(void **state)
{
    (void)state;
    begin();
    new_task(0, 9, CLEANS_UP);
    new_task(1, 9, WORKS);
    if (!gather(2, false)) {
        return;
    }
    struct rt_object *waiter = new_waiter(rt_new_ref(all));
    turns(2);
    (void)cancel(all, "enough");
    run(rt_new_ref(waiter));
    observe_children("at the end of the gather");
    run(rt_new_ref(children[0]));
    rt_decref(waiter);
    finish();
}

static void
children_may_refuse_but_the_caller_is_told(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 2; i++) {
        new_task(0, 9, REFUSES);
        new_task(1, 9, REFUSES);
        if (!gather(2, i == 1)) {
            return;
        }
        turn();
        observe_bool("it can be cancelled", cancel(all, "enough"));
        turns(2);
        observe_children("after two turns");
        turn();
        observe_gather("both having refused");
        release_all();
    }
    finish();
}

static void
a_child_may_end_with_another_error(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 2; i++) {
        new_task(0, 9, FALLS);
        new_task(1, 9, FALLS);
        if (!gather(2, i == 1)) {
            return;
        }
        turn();
        (void)cancel(all, NULL);
        turns(4);
        observe_gather(i == 0 ? "both having failed meanwhile"
                              : "and with errors among the results");
        release_all();
    }
    finish();
}

static void
whose_children_are_done_it_refuses(void **state)
{
    (void)state;
    begin();
    new_futures(2);
    if (!gather(2, false)) {
        return;
    }
    set(0, 1);
    set(1, 2);
    observe_gather("both children just having their results");
    observe_bool("it can be cancelled", cancel(all, NULL));
    turn();
    observe_gather("a turn later");
    release_all();
    new_futures(2);
    if (!gather(2, true)) {
        return;
    }
    set(0, 1);
    (void)cancel(children[1], NULL);
    observe_bool("and another one", cancel(all, NULL));
    turn();
    observe_gather("a turn later");
    finish();
}

static void
once_over_it_cancels_nobody(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    if (!gather(3, false)) {
        return;
    }
    break_off(1, "boom");
    turn();
    observe_bool("it can be cancelled", cancel(all, NULL));
    observe_children("afterwards");
    finish();
}

static void
it_may_be_cancelled_again(void **state)
{
    (void)state;
    begin();
    new_futures(1);
    new_task(1, 9, CLEANS_UP);
    if (!gather(2, true)) {
        return;
    }
    turns(2);
    observe_bool("the first time", cancel(all, "one"));
    turns(3);
    observe_bool("the second time", cancel(all, "two"));
    turns(3);
    observe_gather("after that");
    observe_bool("the third time", cancel(all, "three"));
    release_all();
    new_futures(2);
    if (!gather(2, true)) {
        return;
    }
    observe_bool("another one", cancel(all, "one"));
    observe_bool("and again at once", cancel(all, "two"));
    turn();
    observe_gather("a turn later");
    finish();
}

// --- together with others --------------------------------------------------

static void
who_waits_is_cancelled(void **state)
{
    (void)state;
    begin();
    new_task(0, 2, WORKS);
    new_task(1, 9, WORKS);
    new_task(2, 9, CLEANS_UP);
    if (!gather(3, true)) {
        return;
    }
    struct rt_object *waiter = new_waiter(rt_new_ref(all));
    run(rt_new_ref(children[0]));
    observe_bool("the waiter can be cancelled", cancel(waiter, "enough"));
    run(rt_new_ref(waiter));
    observe_future("the waiter", waiter);
    observe_children("in the end");
    rt_decref(waiter);
    finish();
}

static void
the_time_is_over(void **state)
{
    (void)state;
    begin();
    new_task(0, 1, WORKS);
    new_task(1, 9, CLEANS_UP);
    if (!gather(2, true)) {
        return;
    }
    struct rt_object *waiter = new_waiter(rt_wait_for(rt_new_ref(all), 3));
    run(rt_new_ref(waiter));
    observe_int("seconds", now());
    observe_children("in the end");
    rt_decref(waiter);
    finish();
}

static void
a_shielded_child_goes_on(void **state)
{
    (void)state;
    begin();
    new_task(0, 4, WORKS);
    new_task(1, 4, WORKS);
    struct rt_object *list = rt_list_new();
    append(list, rt_shield(loop, rt_new_ref(children[0])));
    (void)rt_list_append(list, children[1]);
    if (!gather_list(list, true)) {
        return;
    }
    struct rt_object *waiter = new_waiter(rt_new_ref(all));
    turns(2);
    (void)cancel(waiter, NULL);
    run(rt_new_ref(waiter));
    observe_children("at the end of the gather");
    run(rt_new_ref(children[0]));
    observe_children("after all");
    rt_decref(waiter);
    finish();
}

static void
a_shielded_gather_goes_on(void **state)
{
    (void)state;
    begin();
    new_task(0, 4, WORKS);
    new_task(1, 2, WORKS);
    if (!gather(2, false)) {
        return;
    }
    struct rt_object *waiter =
        new_waiter(rt_wait_for(rt_shield(loop, rt_new_ref(all)), 1));
    run(rt_new_ref(waiter));
    observe_gather("the waiter having gone");
    run(rt_new_ref(all));
    observe_gather("in the end");
    rt_decref(waiter);
    finish();
}

static void
gathers_may_be_children(void **state)
{
    (void)state;
    begin();
    new_futures(4);
    if (!gather(2, false)) {
        return;
    }
    struct rt_object *inner = all;
    all = NULL;
    struct rt_object *list = rt_list_new();
    (void)rt_list_append(list, children[2]);
    append(list, inner);
    (void)rt_list_append(list, children[3]);
    if (!gather_list(list, true)) {
        return;
    }
    set(2, 3);
    set(0, 1);
    turn();
    observe_bool("it can be cancelled", cancel(all, "enough"));
    observe_children("at once");
    turns(2);
    observe_gather("two turns later");
    turn();
    observe_gather("three turns later");
    finish();
}

static void
two_gathers_share_a_child(void **state)
{
    (void)state;
    begin();
    new_futures(3);
    if (!gather(2, false)) {
        return;
    }
    struct rt_object *first = all;
    struct rt_object *list = rt_list_new();
    (void)rt_list_append(list, children[1]);
    (void)rt_list_append(list, children[2]);
    if (!gather_list(list, true)) {
        rt_decref(first);
        return;
    }
    (void)cancel(first, NULL);
    turn();
    observe_future("the first gather, cancelled", first);
    observe_gather("the other one");
    set(2, 3);
    turn();
    observe_gather("the other one, its other child having a result");
    rt_decref(first);
    finish();
}

// --- memory ----------------------------------------------------------------

static void
nothing_is_left(void **state)
{
    (void)state;
    begin();
    rt_gc_disable();
    int64_t before = blocks_at_first();
    for (int i = 0; i < 4; i++) {
        new_futures(3);
        if (i == 0) {
            set(2, 1003); // done before
        }
        if (!gather(3, i == 1)) {
            return;
        }
        set(0, 1001);
        i == 2 ? break_off(1, "boom") : set(1, 1002);
        if (i == 3) {
            (void)cancel(all, "enough");
        }
        turn();
        i == 2 ? break_off(2, "late") : set(2, 1003);
        rt_error_clear(); // it may be cancelled
        turn();
        observe_gather("all children being done");
        release_all();
        observe_int("blocks left after a gather",
                    (int64_t)rt_alloc_live_blocks() - before);
    }
    finish();
}

static void
the_collector_finds_forgotten_ones(void **state)
{
    (void)state;
    begin();
    int64_t before = blocks_at_first();
    new_futures(3);
    if (!gather(3, false)) {
        return;
    }
    set(0, 1);
    turn();
    observe_gather("one child being done");
    release_all();
    (void)rt_gc_collect(2);
    observe_int("blocks left", (int64_t)rt_alloc_live_blocks() - before);
    finish();
}

static void
tasks_of_its_own_die_quietly(void **state)
{
    (void)state;
    begin();
    struct rt_object *list = rt_list_new();
    struct rt_object *pending = rt_future_new(loop);
    append(list, new_waiter(rt_new_ref(pending)));
    if (!gather_list(list, false)) {
        return;
    }
    turns(2);
    observe_gather("of the caller's task");
    observe_event("event", "a gather of the caller's task is forgotten");
    rt_clear(&all);
    rt_clear(&pending);
    (void)rt_gc_collect(2);

    struct waiter *waiter = rt_coroutine_new(&waiter_code);
    waiter->awaited = rt_future_new(loop);
    list = rt_list_new();
    append(list, &waiter->frame.head);
    if (!gather_list(list, false)) {
        return;
    }
    turns(2);
    observe_event("event", "a gather of a coroutine is forgotten");
    rt_clear(&all);
    (void)rt_gc_collect(2);
    finish();
}

/* Two that are done, one of them twice, and one that is not. */
static struct rt_object *
mixed_list(void)
{
    struct rt_object *list = rt_list_new();
    new_futures(3);
    set(0, 1);
    set(1, 2);
    for (int i = 0; i < 3; i++) {
        (void)rt_list_append(list, children[i]);
    }
    (void)rt_list_append(list, children[0]);
    append(list, new_worker(5, 1, WORKS));
    return list;
}

static void
memory_may_run_out_while_it_is_made(void **state)
{
    (void)state;
    bool is_all_right = true;
    bool is_made = false;
    begin();
    is_quiet = true;
    for (size_t n = 1; n <= MOST_FAILURES && !is_made; n++) {
        struct rt_object *list = mixed_list();
        rt_alloc_fail_nth(n);
        all = rt_gather(loop, list, false);
        rt_alloc_fail_nth(0);
        is_made = all != NULL;
        is_all_right =
            is_all_right &&
            rt_error_occurred() == (is_made ? RT_ERROR_NONE : RT_ERROR_MEMORY);
        rt_error_clear();
        rt_decref(list);
        rt_loop_stop(loop);
        (void)rt_loop_run_forever(loop);
        release_all();
        (void)rt_gc_collect(2);
        turns(3);
    }
    observe_that("a gather, or NULL with a memory error", is_all_right);
    observe_bool("with enough memory it is made", is_made);
    run(rt_sleep(5)); // timers of what was forgotten
    is_quiet = false;
    finish();
    observe_blocks_in_the_end();
}

static void
memory_may_run_out_at_the_end(void **state)
{
    (void)state;
    bool is_all_right = true;
    bool has_result = false;
    begin();
    is_quiet = true;
    for (size_t n = 1; n <= MOST_FAILURES && !has_result; n++) {
        new_futures(3);
        struct rt_object *list = rt_list_new();
        for (int i = 0; i < 3; i++) {
            (void)rt_list_append(list, children[i]);
        }
        all = rt_gather(loop, list, true);
        rt_decref(list);
        if (all == NULL) {
            observe_error("there is no gather");
            return;
        }
        set(0, 1);
        break_off(1, "boom");
        (void)cancel(children[2], NULL);
        rt_alloc_fail_nth(n);
        turn();
        rt_alloc_fail_nth(0);
        enum rt_error error = rt_future_error(all);
        has_result = rt_future_is_done(all) && error == RT_ERROR_NONE;
        is_all_right =
            is_all_right && (has_result || error == RT_ERROR_MEMORY);
        if (has_result) {
            observe_gather("with enough memory");
        }
        release_all();
    }
    is_quiet = false;
    observe_that("a result, or a memory error as the gather's", is_all_right);
    observe_bool("with enough memory there is a result", has_result);
    finish();
    observe_blocks_in_the_end();
}

static void
what_cannot_be_awaited_refuses_it(void **state)
{
    (void)state;
    begin();
    new_futures(2);
    struct rt_object *list = rt_list_new();
    for (int i = 0; i < 2; i++) {
        (void)rt_list_append(list, children[i]);
    }
    append(list, rt_int_new(1000));
    all = rt_gather(loop, list, false);
    rt_decref(list);
    observe_bool("there is a gather", all != NULL);
    observe_error("pending error");
    observe_children("there being no gather");
    set(0, 1);
    set(1, 2);
    turns(2);
    observe_children("in the end");
    finish();
    observe_blocks_in_the_end();
}

// --- everything together ---------------------------------------------------

/* Ends a future somehow. */
static void
end_somehow(int child)
{
    switch (lab_random_between(0, 3)) {
    case 0:
        break_off(child, "by lot");
        break;
    case 1:
        (void)cancel(children[child], "by lot");
        break;
    default:
        set(child, 100 + child);
        break;
    }
    rt_error_clear(); // it may have been done
}

static void
new_random_children(struct rt_object *list, int count)
{
    for (int i = 0; i < count; i++) {
        if (lab_random_between(0, 1) == 0) {
            new_task(i, (double)lab_random_between(0, 6),
                     (enum manner)lab_random_between(WORKS, FALLS));
        }
        else {
            children[i] = rt_future_new(loop);
            if (lab_random_between(0, 3) == 0) {
                end_somehow(i);
            }
        }
    }
    for (int i = 0; i < count + 2; i++) {
        (void)rt_list_append(list, children[lab_random_between(0, count - 1)]);
    }
}

static void
end_if_future(int child)
{
    if (!rt_task_check(children[child])) {
        end_somehow(child);
    }
}

/* Something happens, from outside. */
static void
disturb(int count)
{
    int child = (int)lab_random_between(0, count - 1);
    int64_t what = lab_random_between(0, 11);
    if (what == 0) {
        observe_bool("the gather can be cancelled", cancel(all, "by lot"));
    }
    else if (what <= 2 && rt_task_check(children[child])) {
        observe_bool("a task can be cancelled",
                     cancel(children[child], "alone"));
    }
    else if (what <= 6) {
        end_if_future(child);
    }
    else if (what <= 9) {
        run(rt_sleep(1));
    }
}

static void
a_random_life(void **state)
{
    (void)state;
    begin();
    for (int round = 0; round < 30; round++) {
        int count = (int)lab_random_between(1, MOST - 1);
        struct rt_object *list = rt_list_new();
        new_random_children(list, count);
        if (!gather_list(list, lab_random_between(0, 1) == 1)) {
            return;
        }
        for (int step = 0; step < 20 && !rt_future_is_done(all); step++) {
            disturb(count);
            if (step > 6 && step < count + 6) {
                end_if_future(step - 6);
            }
            turn();
            observe_gather("after a turn");
        }
        observe_children("at the end of a round");
        is_quiet = true;
        run(rt_sleep(30)); // of those whom nobody waits for
        release_all();
        (void)rt_gc_collect(2);
        is_quiet = false;
    }
    finish();
}

// --- many ------------------------------------------------------------------

/* The sum of a list of numbers, or what there is instead. */
static void
observe_sum(const char *name)
{
    const struct rt_future *future = (struct rt_future *)all;
    int64_t sum = 0;
    if (future->state != RT_FUTURE_FINISHED || future->is_failed ||
        !rt_list_check(future->value)) {
        observe_gather(name);
        return;
    }
    for (size_t i = 0; i < rt_list_size(future->value); i++) {
        struct rt_object *item = rt_list_at(future->value, i);
        sum += rt_int_check(item) ? rt_int_value(item) * (int64_t)(i % 7) : 0;
    }
    observe_int("results", (int64_t)rt_list_size(future->value));
    observe_int(name, sum);
}

/* A list of futures. */
static struct rt_object *
many_futures(void)
{
    struct rt_object *list = rt_list_new();
    for (int i = 0; i < many; i++) {
        append(list, rt_future_new(loop));
    }
    return list;
}

static void
set_many(struct rt_object *list)
{
    for (int i = many - 1; i >= 0; i--) {
        struct rt_object *number = rt_int_new(i);
        (void)rt_future_set_result(rt_list_at(list, (size_t)i), number);
        rt_decref(number);
    }
}

/* All of them have a result before the gather hears of the first: who looks at
 * all each time finds everybody done. */
static void
very_many_end_in_one_turn(void **state)
{
    (void)state;
    begin();
    struct rt_object *list = many_futures();
    (void)rt_new_ref(list);
    if (!gather_list(list, false)) {
        return;
    }
    set_many(list);
    turn();
    observe_sum("a sum of the results");
    rt_decref(list);
    finish();
}

static void
very_many_that_are_done(void **state)
{
    (void)state;
    begin();
    struct rt_object *list = many_futures();
    set_many(list);
    if (!gather_list(list, false)) {
        return;
    }
    observe_sum("a sum of the results");
    finish();
}

static void
very_many_are_cancelled(void **state)
{
    (void)state;
    begin();
    struct rt_object *list = many_futures();
    (void)rt_new_ref(list);
    if (!gather_list(list, true)) {
        return;
    }
    observe_bool("they can be cancelled", cancel(all, NULL));
    int64_t cancelled = 0;
    for (size_t i = 0; i < (size_t)many; i++) {
        cancelled += rt_future_is_cancelled(rt_list_at(list, i));
    }
    observe_int("cancelled children", cancelled);
    turn();
    observe_gather("a turn later");
    rt_decref(list);
    finish();
}

static void
the_same_very_many_times(void **state)
{
    (void)state;
    begin();
    new_futures(1);
    struct rt_object *list = rt_list_new();
    for (int i = 0; i < many; i++) {
        (void)rt_list_append(list, children[0]);
    }
    if (!gather_list(list, false)) {
        return;
    }
    set(0, 1);
    turn();
    observe_sum("a sum of the results");
    finish();
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(a_future_stays_what_it_is),
    cmocka_unit_test(a_coroutine_becomes_a_task),
    cmocka_unit_test(a_gather_of_one_is_a_list_of_one),
    cmocka_unit_test(it_is_pending_until_the_last_child_is_done),
    cmocka_unit_test(results_come_in_the_order_of_the_arguments),
    cmocka_unit_test(coroutines_become_tasks_in_their_order),
    cmocka_unit_test(the_list_remains_the_callers),
    cmocka_unit_test(an_empty_gather_is_done_at_once),
    cmocka_unit_test(a_future_may_stand_there_twice),
    cmocka_unit_test(children_that_are_done_count_at_once),
    cmocka_unit_test(the_first_error_ends_it),
    cmocka_unit_test(what_comes_after_the_end_changes_nothing),
    cmocka_unit_test(late_errors_count_as_seen),
    cmocka_unit_test(the_others_go_on),
    cmocka_unit_test(an_error_that_nobody_asks_for_is_told),
    cmocka_unit_test(of_children_that_have_failed_before_the_first_counts),
    cmocka_unit_test(errors_may_take_their_places),
    cmocka_unit_test(a_cancelled_child_counts_as_an_error),
    cmocka_unit_test(a_cancelled_child_may_take_its_place),
    cmocka_unit_test(a_cancelled_task_is_an_error_for_the_waiter),
    cmocka_unit_test(cancelling_reaches_all_children),
    cmocka_unit_test(errors_among_the_results_do_not_hide_it),
    cmocka_unit_test(children_that_are_done_are_left_out),
    cmocka_unit_test(the_message_goes_there_and_back),
    cmocka_unit_test(the_last_child_has_the_last_word),
    cmocka_unit_test(it_ends_when_they_have_ended),
    cmocka_unit_test(
        without_errors_among_the_results_the_first_to_end_is_enough),
    cmocka_unit_test(children_may_refuse_but_the_caller_is_told),
    cmocka_unit_test(a_child_may_end_with_another_error),
    cmocka_unit_test(whose_children_are_done_it_refuses),
    cmocka_unit_test(once_over_it_cancels_nobody),
    cmocka_unit_test(it_may_be_cancelled_again),
    cmocka_unit_test(who_waits_is_cancelled),
    cmocka_unit_test(the_time_is_over),
    cmocka_unit_test(a_shielded_child_goes_on),
    cmocka_unit_test(a_shielded_gather_goes_on),
    cmocka_unit_test(gathers_may_be_children),
    cmocka_unit_test(two_gathers_share_a_child),
    cmocka_unit_test(nothing_is_left),
    cmocka_unit_test(the_collector_finds_forgotten_ones),
    cmocka_unit_test(tasks_of_its_own_die_quietly),
    cmocka_unit_test(memory_may_run_out_while_it_is_made),
    cmocka_unit_test(memory_may_run_out_at_the_end),
    cmocka_unit_test(what_cannot_be_awaited_refuses_it),
    cmocka_unit_test(a_random_life),
    cmocka_unit_test(very_many_end_in_one_turn),
    cmocka_unit_test(very_many_that_are_done),
    cmocka_unit_test(very_many_are_cancelled),
    cmocka_unit_test(the_same_very_many_times),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
