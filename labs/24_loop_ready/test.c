/* Lab 24: the ready queue and one turn of the loop.
 *
 * Actors are what the loop calls: each says that it is called, in which turn
 * and at what time, and then does what the case tells it to. The clock is
 * virtual: it moves by as much as a turn waits. */
#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_state.h"
#include "labs/testing.h"

enum {
    MOST_TIMERS = 500, // whose handles are kept
    MANY = 100000,
    MANY_TIMERS = 20000,
    MANY_TURNS = 50000,
    NOISE_BYTES = 65536 // of memory, that say nothing
};

struct actor {
    struct rt_object head;
    char name[16];
    void (*act)(struct actor *self); // NULL: nothing more
    int more;                        // what act makes of it
};

static struct rt_loop *loop;
static struct rt_object *timers[MOST_TIMERS]; // ours, or NULL
static size_t timer_count;
static int living; // actors
static bool is_quiet;
static uint64_t calls, order; // in quiet cases: how many, and a sum of who

// --- actors ----------------------------------------------------------------

static void
say_call(const struct actor *self, const struct rt_object *argument)
{
    const char *with = argument != NULL ? " with " : "";
    const char *whom =
        argument != NULL ? ((const struct actor *)argument)->name : "";
    observe_event("called", "%s%s%s, turn %d, at %.10g s", self->name, with,
                  whom, (int)rt_loop_turns(loop), rt_loop_time(loop));
}

static int
actor_call(struct rt_object *object, struct rt_object *argument)
{
    struct actor *self = (struct actor *)object;
    if (is_quiet) {
        calls++;
        order = order * 31 + (uint64_t)self->more;
    }
    else {
        say_call(self, argument);
    }
    if (self->act != NULL) {
        self->act(self);
    }
    return rt_error_occurred() == RT_ERROR_NONE ? 0 : -1;
}

static void
actor_dealloc(struct rt_object *object)
{
    living--;
    rt_free(object);
}

static const struct rt_type actor_type = {
    .name = "actor",
    .basicsize = sizeof(struct actor),
    .dealloc = actor_dealloc,
    .call = actor_call,
};

static struct actor *
new_actor(const char *name, void (*act)(struct actor *self))
{
    struct actor *actor = rt_alloc(sizeof(*actor));
    *actor = (struct actor){.act = act};
    rt_object_init(&actor->head, &actor_type);
    snprintf(actor->name, sizeof(actor->name), "%s", name);
    living++;
    return actor;
}

// --- what a case does ------------------------------------------------------

/* A loop that has no descriptors: the sandbox of a lab gives none. How many
 * turns it has made before, the dice say. */
static void
begin(void)
{
    loop = rt_alloc(sizeof(*loop));
    *loop = (struct rt_loop){.poller = {.epoll_fd = -1, .wake_fd = -1},
                             .turns = lab_number(0)};
    pthread_mutex_init(&loop->lock, NULL);
    rt_loop_use_virtual_clock(loop);
    order = (uint64_t)lab_number(0);
}

/* Asks for a call in the next turn. The loop is the actor's only owner. */
static void
soon(const char *name, void (*act)(struct actor *self))
{
    struct actor *actor = new_actor(name, act);
    if (rt_loop_call_soon(loop, &actor->head, NULL) != 0) {
        observe_event("refused", "%s: %s", name,
                      rt_error_name(rt_error_occurred()));
        rt_error_clear();
    }
    rt_decref(&actor->head);
}

/* Keeps the handle of a timer. Its number, or -1. */
static int
keep(struct rt_object *timer)
{
    if (timer == NULL || timer_count == MOST_TIMERS) {
        observe_event("no timer", "%s", rt_error_name(rt_error_occurred()));
        rt_error_clear();
        rt_xdecref(timer);
        return -1;
    }
    timers[timer_count] = timer;
    return (int)timer_count++;
}

static int
at(double when_s, const char *name, void (*act)(struct actor *self))
{
    struct actor *actor = new_actor(name, act);
    int number = keep(rt_loop_call_at(loop, when_s, &actor->head, NULL));
    rt_decref(&actor->head);
    return number;
}

static int
later(double delay_s, const char *name, void (*act)(struct actor *self))
{
    struct actor *actor = new_actor(name, act);
    int number = keep(rt_loop_call_later(loop, delay_s, &actor->head, NULL));
    rt_decref(&actor->head);
    return number;
}

/* T0, T1 and so on, all for the same time. */
static void
many_at(double when_s, int count)
{
    char name[16];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "T%d", (int)timer_count);
        at(when_s, name, NULL);
    }
}

static void
cancel(int number)
{
    if (number >= 0 && timers[number] != NULL) {
        rt_handle_cancel(timers[number]);
    }
}

static void
observe_pending_error(const char *name)
{
    observe_event(name, "%s: %s", rt_error_name(rt_error_occurred()),
                  rt_error_text());
    rt_error_clear();
}

static void
turn(void)
{
    int result = rt_loop_turn(loop);
    if (result != 0) {
        observe_int("the turn ended with", result);
        observe_pending_error("and the error");
    }
}

static void
turns(int count)
{
    for (int i = 0; i < count; i++) {
        turn();
    }
}

static void
observe_heap(const char *name)
{
    observe_event(name, "%d timers, %d of them cancelled",
                  (int)loop->timers.count, (int)loop->cancelled_timers);
}

static void
observe_calls(const char *name)
{
    observe_event(name, "%llu, in an order of %016llx",
                  (unsigned long long)calls, (unsigned long long)order);
}

static void
release_timers(void)
{
    for (size_t i = 0; i < timer_count; i++) {
        rt_xdecref(timers[i]);
    }
    timer_count = 0;
}

/* Whether the loop has given back all that it was lent. */
static void
end(void)
{
    release_timers();
    rt_loop_free(loop);
    rt_handle_clear_pool();
    observe_int("actors that still live", living);
    observe_int("blocks left", (int64_t)rt_alloc_live_blocks());
}

static void
stop(struct actor *self)
{
    (void)self;
    rt_loop_stop(loop);
}

// --- the queue -------------------------------------------------------------

static void
a_callback_is_called_in_the_next_turn(void **state)
{
    (void)state;
    begin();
    soon("A", NULL);
    observe_int("turns so far", rt_loop_turns(loop));
    turn();
    observe_int("turns so far", rt_loop_turns(loop));
    soon("B", NULL);
    turn();
    observe_int("turns so far", rt_loop_turns(loop));
}

static void
callbacks_are_called_in_the_order_of_asking(void **state)
{
    (void)state;
    begin();
    soon("A", NULL);
    soon("B", NULL);
    soon("C", NULL);
    turn();
    soon("D", NULL);
    soon("E", NULL);
    turn();
}

static void
the_argument_is_handed_over(void **state)
{
    (void)state;
    begin();
    struct actor *actor = new_actor("A", NULL);
    struct actor *one = new_actor("one", NULL);
    struct actor *two = new_actor("two", NULL);
    (void)rt_loop_call_soon(loop, &actor->head, &one->head);
    (void)rt_loop_call_soon(loop, &actor->head, NULL);
    (void)rt_loop_call_soon(loop, &actor->head, &two->head);
    rt_decref(&actor->head);
    rt_decref(&one->head);
    rt_decref(&two->head);
    turn();
}

static void
ask_for_one_more(struct actor *self)
{
    char name[16];
    snprintf(name, sizeof(name), "%.8s'", self->name);
    soon(name, strlen(name) < 4 ? ask_for_one_more : NULL);
}

static void
what_a_callback_asks_for_is_called_in_the_next_turn(void **state)
{
    (void)state;
    begin();
    soon("A", ask_for_one_more);
    soon("B", ask_for_one_more);
    soon("C", NULL);
    turns(4);
}

static void
ask_for_crowd(struct actor *self)
{
    char name[16];
    for (int i = 0; i < self->more; i++) {
        snprintf(name, sizeof(name), "%.4s%d", self->name, i);
        soon(name, NULL);
    }
}

static void
crowd(const char *name, int count)
{
    struct actor *actor = new_actor(name, ask_for_crowd);
    actor->more = count;
    (void)rt_loop_call_soon(loop, &actor->head, NULL);
    rt_decref(&actor->head);
}

static void
a_queue_grows_while_it_is_read(void **state)
{
    (void)state;
    begin();
    crowd("A", 50);
    crowd("B", 60);
    crowd("C", 70);
    turn();
    crowd("D", 40);
    turn();
    crowd("E", 150);
    soon("F", NULL);
    turns(2);
}

static void
the_same_callback_may_wait_more_than_once(void **state)
{
    (void)state;
    begin();
    struct actor *actor = new_actor("A", NULL);
    for (int i = 0; i < 3; i++) {
        (void)rt_loop_call_soon(loop, &actor->head, NULL);
    }
    rt_decref(&actor->head);
    turn();
}

static void
the_loop_holds_what_it_will_call_and_then_lets_go(void **state)
{
    (void)state;
    begin();
    soon("A", ask_for_one_more);
    soon("B", NULL);
    observe_int("actors that live before the turn", living);
    turns(4);
    observe_int("actors that live after the last call", living);
    struct actor *argument = new_actor("argument", NULL);
    struct actor *actor = new_actor("C", NULL);
    (void)rt_loop_call_soon(loop, &actor->head, &argument->head);
    rt_decref(&actor->head);
    rt_decref(&argument->head);
    observe_int("with an argument, before the turn", living);
    turn();
    observe_int("with an argument, after the turn", living);
    end();
}

// --- what goes wrong -------------------------------------------------------

static void
a_closed_loop_refuses(void **state)
{
    (void)state;
    begin();
    (void)rt_loop_close(loop);
    struct actor *actor = new_actor("A", NULL);
    observe_int("call_soon", rt_loop_call_soon(loop, &actor->head, NULL));
    observe_pending_error("with");
    observe_int("call_soon with an argument",
                rt_loop_call_soon(loop, &actor->head, &actor->head));
    observe_pending_error("with");
    struct rt_object *timer = rt_loop_call_at(loop, 1, &actor->head, NULL);
    observe_bool("call_at gives a handle", timer != NULL);
    observe_pending_error("with");
    timer = rt_loop_call_later(loop, 1, &actor->head, NULL);
    observe_bool("call_later gives a handle", timer != NULL);
    observe_pending_error("with");
    actor->head.ob_refcnt += lab_number(0);
    observe_int("references to the callback, raised by the case",
                actor->head.ob_refcnt);
    actor->head.ob_refcnt -= lab_number(0);
    rt_decref(&actor->head);
    end();
}

static void
fail_on_purpose(struct actor *self)
{
    (void)rt_error_set(RT_ERROR_VALUE, "%s on purpose", self->name);
}

static void
exit_program(struct actor *self)
{
    (void)rt_error_set(RT_ERROR_SYSTEM_EXIT, "%s has had enough", self->name);
}

static void
tell(struct rt_loop *where, const struct rt_loop_trouble *trouble, void *data)
{
    (void)where;
    (void)data;
    observe_event("reported", "%s: %s", trouble->message,
                  trouble->exception != NULL
                      ? rt_exception_text(trouble->exception)
                      : "");
    bool is_timer = timer_count > 0 && trouble->source == timers[0];
    observe_bool("the source is the first timer", is_timer);
    observe_string("the source is of the type",
                   trouble->source != NULL ? trouble->source->ob_type->name
                                           : NULL);
}

static void
a_callback_that_fails_is_reported_and_the_rest_is_called(void **state)
{
    (void)state;
    begin();
    rt_loop_set_exception_handler(loop, tell, NULL);
    later(0, "T", fail_on_purpose);
    soon("A", NULL);
    soon("B", fail_on_purpose);
    soon("C", NULL);
    turn();
    soon("D", NULL);
    turn();
    end();
}

static void
an_exit_ends_the_turn_and_loses_nothing(void **state)
{
    (void)state;
    begin();
    rt_loop_set_exception_handler(loop, tell, NULL);
    soon("A", NULL);
    soon("B", exit_program);
    soon("C", NULL);
    soon("D", NULL);
    later(0, "T", NULL);
    turn();
    soon("E", NULL);
    turn();
    end();
}

static bool
is_memory_error(void)
{
    bool is_it = rt_error_occurred() == RT_ERROR_MEMORY;
    rt_error_clear();
    return is_it;
}

/* Whether all refusals were memory errors. */
static bool
ask_until_there_is_memory(struct actor *actor, struct rt_object *argument)
{
    int result = -1;
    bool is_honest = true;
    for (size_t nth = 1; result != 0 && nth < 9; nth++) {
        rt_alloc_fail_nth(nth);
        result = rt_loop_call_soon(loop, &actor->head, argument);
        rt_alloc_fail_nth(0);
        is_honest =
            is_honest && (result == 0 || (result == -1 && is_memory_error()));
    }
    return is_honest;
}

static void
without_memory_nothing_is_lost(void **state)
{
    (void)state;
    bool is_honest = true;
    begin();
    is_quiet = true;
    struct actor *argument = new_actor("argument", NULL);
    for (int i = 0; i < 300; i++) {
        struct actor *actor = new_actor("A", NULL);
        actor->more = i;
        is_honest = ask_until_there_is_memory(
                        actor, i % 3 == 0 ? &argument->head : NULL) &&
                    is_honest;
        rt_decref(&actor->head);
    }
    rt_decref(&argument->head);
    observe_that("without memory, call_soon says so", is_honest);
    turn();
    observe_calls("calls");
    end();
}

static void
a_timer_without_memory_is_not_set(void **state)
{
    (void)state;
    bool is_honest = true;
    int set = 0;
    begin();
    is_quiet = true;
    struct actor *actor = new_actor("A", NULL);
    for (int i = 0; i < 100; i++) {
        struct rt_object *timer = NULL;
        for (size_t nth = 1; timer == NULL && nth < 9; nth++) {
            rt_alloc_fail_nth(nth);
            timer = rt_loop_call_at(loop, 0, &actor->head, NULL);
            rt_alloc_fail_nth(0);
            is_honest = is_honest && (timer != NULL || is_memory_error());
        }
        set += timer != NULL;
        rt_xdecref(timer);
    }
    rt_decref(&actor->head);
    observe_that("without memory, call_at says so", is_honest);
    observe_int("timers that were set", set);
    observe_heap("the heap has");
    turn();
    observe_calls("calls");
    end();
}

static void
a_turn_without_memory_says_so(void **state)
{
    (void)state;
    bool is_honest = true;
    bool is_lost = false;
    begin();
    is_quiet = true;
    for (int count = 1; count <= 300 && is_honest; count += 13) {
        uint64_t called = calls + (uint64_t)count;
        struct actor *actor = new_actor("A", NULL);
        for (int i = 0; i < count; i++) {
            rt_xdecref(rt_loop_call_at(loop, 0, &actor->head, NULL));
        }
        rt_decref(&actor->head);
        rt_alloc_fail_nth(1);
        int result = rt_loop_turn(loop);
        rt_alloc_fail_nth(0);
        enum rt_error error = rt_error_occurred();
        is_honest = result == 0    ? error == RT_ERROR_NONE
                    : result == -1 ? error == RT_ERROR_MEMORY
                                   : false;
        is_lost |= result == 0 && calls < called;
        rt_error_clear();
    }
    observe_that("a turn fails with a memory error, or does not fail",
                 is_honest);
    observe_bool("a turn did not fail and left out a timer that was due",
                 is_lost);
    end();
}

static void
closing_cancels_what_is_in_the_queue(void **state)
{
    (void)state;
    begin();
    struct actor *actor = new_actor("A", NULL);
    struct rt_object *handle = rt_handle_new(loop, &actor->head, NULL);
    rt_decref(&actor->head);
    (void)rt_loop_call_soon(loop, handle, NULL);
    soon("B", NULL);
    crowd("C", 1);
    for (int64_t i = lab_random_between(1, 999); i > 0; i--) {
        soon("D", NULL);
    }
    observe_int("actors that live in the queue", living);
    (void)rt_loop_close(loop);
    observe_bool("the handle is cancelled", rt_handle_is_cancelled(handle));
    observe_int("actors that still live", living);
    rt_decref(handle);
    end();
}

static void
an_emptied_queue_can_be_used_again(void **state)
{
    (void)state;
    struct rt_ready *ready = &(struct rt_ready){0};
    begin();
    for (int round = 0; round < 3; round++) {
        for (int64_t i = lab_random_between(30, 130); i > 0; i--) {
            (void)rt_ready_push(ready, &new_actor("A", NULL)->head);
        }
        observe_int("actors that live in the queue", living);
        rt_ready_clear(ready);
        observe_int("actors that live when all is cleared", living);
    }
    rt_ready_clear(ready);
    end();
}

// --- timers ----------------------------------------------------------------

static void
a_timer_is_called_at_its_time(void **state)
{
    (void)state;
    begin();
    at(5, "T", NULL);
    turn();
    at(7.5, "U", NULL);
    turn();
    observe_heap("after both the heap has");
}

static void
later_is_counted_from_now(void **state)
{
    (void)state;
    begin();
    later(5, "T", NULL);
    turn();
    later(2, "U", NULL);
    turn();
    later(0, "V", NULL);
    turn();
    later(-3, "W", NULL);
    turn();
}

static void
the_argument_of_a_timer_is_handed_over(void **state)
{
    (void)state;
    begin();
    struct actor *actor = new_actor("A", NULL);
    struct actor *one = new_actor("one", NULL);
    struct actor *two = new_actor("two", NULL);
    keep(rt_loop_call_later(loop, 1, &actor->head, &one->head));
    keep(rt_loop_call_at(loop, 2, &actor->head, &two->head));
    keep(rt_loop_call_at(loop, 3, &actor->head, NULL));
    rt_decref(&actor->head);
    rt_decref(&one->head);
    rt_decref(&two->head);
    turns(3);
}

static void
the_handle_of_a_timer_knows_its_time(void **state)
{
    (void)state;
    begin();
    const int numbers[] = {at(3, "T", NULL), later(4.25, "U", NULL)};
    turn();
    const int last = later(4.25, "V", NULL);
    const int all[] = {numbers[0], numbers[1], last};
    for (size_t i = 0; i < 3; i++) {
        const struct rt_object *timer = all[i] < 0 ? NULL : timers[all[i]];
        if (timer != NULL && rt_handle_check(timer)) {
            observe_event("when_s", "%.10g",
                          ((const struct rt_handle *)timer)->when_s);
        }
    }
    // Only the one that was called is out of the heap.
    for (size_t i = 0; i < 3; i++) {
        const struct rt_object *timer = all[i] < 0 ? NULL : timers[all[i]];
        if (timer != NULL && rt_handle_check(timer)) {
            observe_bool("is_scheduled",
                         ((const struct rt_handle *)timer)->is_scheduled);
        }
    }
}

static void
the_earliest_timer_is_called_first(void **state)
{
    (void)state;
    begin();
    at(3, "T", NULL);
    at(1, "U", NULL);
    at(2, "V", NULL);
    at(0.5, "W", NULL);
    turns(4);
}

static void
nobody_waits_while_something_is_ready(void **state)
{
    (void)state;
    begin();
    at(5, "T", NULL);
    soon("A", ask_for_one_more);
    turns(5);
}

static void
due_timers_join_behind_what_is_ready(void **state)
{
    (void)state;
    begin();
    at(0, "T", ask_for_one_more);
    soon("A", NULL);
    at(0, "U", NULL);
    soon("B", ask_for_one_more);
    turns(2);
}

static void
what_others_ask_for_comes_before_the_timers(void **state)
{
    (void)state;
    begin();
    at(0, "T", NULL);
    (void)rt_loop_call_soon_threadsafe(loop, &new_actor("L", NULL)->head);
    soon("A", NULL);
    (void)rt_loop_call_soon_threadsafe(loop, &new_actor("M", NULL)->head);
    turn();
}

static void
set_timers_that_are_due(struct actor *self)
{
    (void)self;
    later(0, "T", NULL);
    later(-1, "U", NULL);
}

static void
a_timer_that_is_due_at_once_waits_for_the_next_turn(void **state)
{
    (void)state;
    begin();
    soon("A", set_timers_that_are_due);
    soon("B", NULL);
    turns(2);
}

static void
go_on(struct actor *self)
{
    if (self->more-- > 0) {
        (void)rt_loop_call_soon(loop, &self->head, NULL);
    }
}

static void
a_busy_queue_does_not_keep_timers_waiting(void **state)
{
    (void)state;
    begin();
    struct actor *actor = new_actor("A", go_on);
    actor->more = 3;
    (void)rt_loop_call_soon(loop, &actor->head, NULL);
    rt_decref(&actor->head);
    turn();
    later(0, "T", NULL);
    turns(3);
}

static void
due_is_what_is_less_than_a_nanosecond_away(void **state)
{
    (void)state;
    begin();
    at(0, "T", NULL);
    at(0.25e-9, "U", NULL);
    at(0.75e-9, "V", NULL);
    at(1e-9, "W", NULL);
    at(2e-9, "X", NULL);
    turns(3);
}

static void
equal_deadlines_come_out_as_the_heap_gives_them(void **state)
{
    (void)state;
    begin();
    many_at(1, 7);
    at(0.5, "early", NULL);
    turns(2);
    many_at(2, 12);
    turn();
}

static void
without_anything_to_wait_for_the_turn_fails(void **state)
{
    (void)state;
    begin();
    turn();
    soon("A", NULL);
    turn();
    turn();
    observe_int("turns", rt_loop_turns(loop));
}

// --- taking it back --------------------------------------------------------

static void
cancel_first(struct actor *self)
{
    (void)self;
    cancel(0);
}

static void
a_cancelled_timer_is_not_called(void **state)
{
    (void)state;
    begin();
    at(1, "T", NULL);
    cancel(at(2, "U", NULL));
    at(2, "V", NULL);
    observe_int("actors that live", living);
    turns(2);
    observe_int("actors that live", living);
}

static void
cancelling_works_until_the_very_call(void **state)
{
    (void)state;
    begin();
    soon("A", cancel_first);
    at(0, "T", NULL); // in the queue already when A cancels it
    at(0, "U", NULL);
    turn();
    observe_heap("the heap has");
    end();
}

static void
nobody_waits_for_a_cancelled_timer(void **state)
{
    (void)state;
    begin();
    cancel(at(1, "T", NULL));
    cancel(at(2, "U", NULL));
    at(4, "V", NULL);
    turn();
    cancel(at(5, "W", NULL));
    turn();
    observe_int("turns", rt_loop_turns(loop));
}

static void
cancelled_timers_leave_at_the_top_of_the_heap(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 6; i++) {
        at(10 + i, "T", NULL);
    }
    cancel(0);
    cancel(1);
    cancel(3);
    observe_heap("before the turn");
    soon("A", NULL);
    turn();
    observe_heap("those at the top have left");
    cancel(2);
    soon("B", NULL);
    turn();
    observe_heap("and now the next, and the one behind it");
    end();
}

static void
what_has_left_the_heap_is_not_counted(void **state)
{
    (void)state;
    begin();
    at(1, "T", NULL);
    at(5, "U", NULL);
    turn();
    cancel(0);
    observe_heap("cancelled after its call");
    at(1, "V", NULL);
    at(1, "W", NULL);
    cancel(2);
    soon("A", NULL);
    turn();
    cancel(2);
    cancel(3);
    observe_heap("one cancelled before, one after its call");
}

static void
set_and_cancel(int count, int cancelled)
{
    char name[60];
    release_timers();
    begin();
    for (int i = 0; i < count; i++) {
        at(10 + i, "T", NULL);
    }
    // The one at the top stays.
    for (int i = 0; i < cancelled; i++) {
        cancel(count - 1 - i);
    }
    soon("A", NULL);
    turn();
    snprintf(name, sizeof(name), "of %d, %d cancelled: the heap has", count,
             cancelled);
    observe_heap(name);
    end();
}

static void
up_to_a_hundred_timers_nobody_looks_for_cancelled_ones(void **state)
{
    (void)state;
    set_and_cancel(40, 39);
    set_and_cancel(100, 99);
}

static void
when_most_are_cancelled_all_leave_together(void **state)
{
    (void)state;
    set_and_cancel(101, 50);
    set_and_cancel(101, 51);
    set_and_cancel(102, 51);
    set_and_cancel(102, 52);
    set_and_cancel(300, 299);
}

static void
when_many_have_left_the_rest_is_in_order(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 150; i++) {
        at(1 + (i * 37) % 5, "T", NULL);
    }
    for (int i = 0; i < 150; i++) {
        if (i % 8 != 3) {
            cancel(i);
        }
    }
    soon("A", NULL);
    turn();
    observe_heap("the heap has");
    int kept = 0;
    for (int i = 3; i < 150; i += 8) {
        struct rt_handle *handle =
            i < (int)timer_count ? (struct rt_handle *)timers[i] : NULL;
        if (handle != NULL && handle->callback != NULL) {
            snprintf(((struct actor *)handle->callback)->name, 16, "T%d", i);
            kept++;
        }
    }
    observe_int("timers that are left", kept);
    turns(5);
    at(20, "U", NULL);
    cancel(150);
    observe_heap("one more, and cancelled");
    end();
}

// --- stopping --------------------------------------------------------------

static void
run(void)
{
    if (rt_loop_run_forever(loop) != 0) {
        observe_pending_error("the run ended with");
    }
}

static void
a_stop_finishes_the_turn(void **state)
{
    (void)state;
    begin();
    soon("A", NULL);
    soon("B", stop);
    soon("C", ask_for_one_more);
    later(0, "T", NULL);
    run();
    observe_int("turns", rt_loop_turns(loop));
    soon("D", stop);
    run();
    observe_int("turns", rt_loop_turns(loop));
    end();
}

static void
who_is_to_stop_does_not_wait(void **state)
{
    (void)state;
    begin();
    at(5, "T", stop);
    rt_loop_stop(loop);
    run();
    observe_event("time", "%.10g", rt_loop_time(loop));
    run();
    end();
}

// --- together --------------------------------------------------------------

enum {
    SLOTS = 40,
    RANDOM_TIMERS = 400
};

static int actor_number;
static int calls_left;

static void act_at_random(struct actor *self);

static void
set_in_slot(int slot, double delay_s)
{
    char name[16];
    snprintf(name, sizeof(name), "T%d", actor_number++);
    struct actor *actor = new_actor(name, act_at_random);
    rt_xdecref(timers[slot]);
    timers[slot] = rt_loop_call_later(loop, delay_s, &actor->head, NULL);
    rt_decref(&actor->head);
}

static void
act_at_random(struct actor *self)
{
    static const double DELAYS_S[] = {0, 0.5, 1, 1, 1.5, 2, 2, 3};
    (void)self;
    if (--calls_left <= 0) {
        rt_loop_stop(loop);
        return;
    }
    int timers_now = (int)loop->timers.count;
    int set = timers_now < 12 ? 2 : timers_now > 70 ? 0 : 1;
    for (int i = 0; i < set; i++) {
        set_in_slot((int)lab_random_between(0, SLOTS - 1),
                    DELAYS_S[lab_random_between(0, 7)]);
    }
    if (lab_random_between(1, 3) == 1) {
        cancel((int)lab_random_between(0, SLOTS - 1));
    }
    if (lab_random_between(1, 3) == 1) {
        char name[16];
        snprintf(name, sizeof(name), "A%d", actor_number++);
        soon(name, lab_random_between(1, 2) == 1 ? act_at_random : NULL);
    }
}

static void
a_random_life(void **state)
{
    (void)state;
    begin();
    timer_count = SLOTS;
    calls_left = 350;
    for (int i = 0; i < 10; i++) {
        set_in_slot(i, (double)lab_random_between(0, 3));
    }
    soon("A", act_at_random);
    run();
    observe_int("timers in the heap", (int64_t)loop->timers.count);
    end();
}

/* More than a hundred timers, no two for the same time, most of them cancelled
 * in the end. */
static void
a_random_life_of_many_timers(void **state)
{
    (void)state;
    int places[RANDOM_TIMERS] = {0};
    begin();
    for (int i = 0; i < RANDOM_TIMERS; i++) {
        int other = (int)lab_random_between(0, i);
        places[i] = places[other];
        places[other] = i;
    }
    for (int i = 0; i < RANDOM_TIMERS; i++) {
        char name[16];
        snprintf(name, sizeof(name), "T%d", places[i]);
        at(1 + places[i], name, NULL);
    }
    for (int step = 0; step < 60; step++) {
        for (int i = 0; i < 9; i++) {
            cancel((int)lab_random_between(0, RANDOM_TIMERS - 1));
        }
        soon("A", NULL);
        turn();
        if (step % 3 == 0) {
            at(1000 + step, "U", NULL);
            turn();
        }
    }
    end();
}

// --- many ------------------------------------------------------------------

static void
a_hundred_thousand_callbacks(void **state)
{
    (void)state;
    begin();
    is_quiet = true;
    for (int i = 0; i < MANY; i++) {
        struct actor *actor = new_actor("A", go_on);
        actor->more = i % 4;
        (void)rt_loop_call_soon(loop, &actor->head, NULL);
        rt_decref(&actor->head);
    }
    for (int i = 0; i < 4; i++) {
        turn();
        observe_calls("calls after one turn more");
    }
    end();
}

/* First they only wait, for many turns. */
static void
very_many_timers(void **state)
{
    (void)state;
    begin();
    is_quiet = true;
    for (int i = 0; i < MANY_TIMERS; i++) {
        struct actor *actor = new_actor("T", NULL);
        actor->more = i;
        double when_s = (double)lab_random_between(1, MANY_TIMERS / 2);
        rt_xdecref(rt_loop_call_at(loop, when_s, &actor->head, NULL));
        rt_decref(&actor->head);
    }
    struct actor *busy = new_actor("A", go_on);
    busy->more = MANY_TURNS;
    (void)rt_loop_call_soon(loop, &busy->head, NULL);
    rt_decref(&busy->head);
    while (loop->timers.count > 0 && rt_loop_turn(loop) == 0) {
    }
    observe_calls("calls of all timers");
    end();
}

static size_t bytes_before, bytes_behind;

static void
go_on_with_a_timeout(struct actor *self)
{
    cancel(0);
    release_timers();
    keep(rt_loop_call_later(loop, 600, &self->head, NULL));
    go_on(self);
}

/* What most timers are: set, and cancelled long before their time. */
static void
very_many_timeouts_never_come(void **state)
{
    (void)state;
    begin();
    is_quiet = true;
    for (int i = 0; i < 200; i++) {
        at(10 + i, "T", NULL);
    }
    for (size_t i = 0; i < timer_count; i++) {
        rt_decref(timers[i]);
    }
    timer_count = 0;
    struct actor *actor = new_actor("A", go_on_with_a_timeout);
    const int count = MANY_TURNS + (int)lab_random_between(0, 9999);
    actor->more = count;
    (void)rt_loop_call_soon(loop, &actor->head, NULL);
    rt_decref(&actor->head);
    for (int i = 0; i < count; i++) {
        turn();
    }
    observe_int("calls", (int64_t)calls);
    observe_heap("the heap has");
    cancel(0);
    end();
}

static void
weigh(struct actor *self)
{
    if (calls == 1000) {
        bytes_before = rt_alloc_live_bytes();
    }
    bytes_behind = rt_alloc_live_bytes();
    go_on(self);
}

static void
a_long_run_needs_no_more_memory(void **state)
{
    (void)state;
    begin();
    is_quiet = true;
    const int count = 3 + (int)lab_random_between(0, 3);
    for (int i = 0; i < count; i++) {
        struct actor *actor = new_actor("A", weigh);
        actor->more = MANY_TURNS;
        (void)rt_loop_call_soon(loop, &actor->head, NULL);
        rt_decref(&actor->head);
    }
    for (int i = 0; i < MANY_TURNS; i++) {
        turn();
    }
    observe_int("calls", (int64_t)calls);
    observe_that("the last turns need as much memory as the first",
                 bytes_behind < bytes_before + NOISE_BYTES);
    end();
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(a_callback_is_called_in_the_next_turn),
    cmocka_unit_test(callbacks_are_called_in_the_order_of_asking),
    cmocka_unit_test(the_argument_is_handed_over),
    cmocka_unit_test(what_a_callback_asks_for_is_called_in_the_next_turn),
    cmocka_unit_test(the_same_callback_may_wait_more_than_once),
    cmocka_unit_test(a_queue_grows_while_it_is_read),
    cmocka_unit_test(the_loop_holds_what_it_will_call_and_then_lets_go),
    cmocka_unit_test(a_timer_is_called_at_its_time),
    cmocka_unit_test(later_is_counted_from_now),
    cmocka_unit_test(the_argument_of_a_timer_is_handed_over),
    cmocka_unit_test(the_handle_of_a_timer_knows_its_time),
    cmocka_unit_test(the_earliest_timer_is_called_first),
    cmocka_unit_test(nobody_waits_while_something_is_ready),
    cmocka_unit_test(without_anything_to_wait_for_the_turn_fails),
    cmocka_unit_test(due_timers_join_behind_what_is_ready),
    cmocka_unit_test(what_others_ask_for_comes_before_the_timers),
    cmocka_unit_test(a_timer_that_is_due_at_once_waits_for_the_next_turn),
    cmocka_unit_test(a_busy_queue_does_not_keep_timers_waiting),
    cmocka_unit_test(due_is_what_is_less_than_a_nanosecond_away),
    cmocka_unit_test(equal_deadlines_come_out_as_the_heap_gives_them),
    cmocka_unit_test(a_cancelled_timer_is_not_called),
    cmocka_unit_test(cancelling_works_until_the_very_call),
    cmocka_unit_test(nobody_waits_for_a_cancelled_timer),
    cmocka_unit_test(cancelled_timers_leave_at_the_top_of_the_heap),
    cmocka_unit_test(what_has_left_the_heap_is_not_counted),
    cmocka_unit_test(up_to_a_hundred_timers_nobody_looks_for_cancelled_ones),
    cmocka_unit_test(when_most_are_cancelled_all_leave_together),
    cmocka_unit_test(when_many_have_left_the_rest_is_in_order),
    cmocka_unit_test(closing_cancels_what_is_in_the_queue),
    cmocka_unit_test(an_emptied_queue_can_be_used_again),
    cmocka_unit_test(a_stop_finishes_the_turn),
    cmocka_unit_test(who_is_to_stop_does_not_wait),
    cmocka_unit_test(a_callback_that_fails_is_reported_and_the_rest_is_called),
    cmocka_unit_test(an_exit_ends_the_turn_and_loses_nothing),
    cmocka_unit_test(a_closed_loop_refuses),
    cmocka_unit_test(without_memory_nothing_is_lost),
    cmocka_unit_test(a_timer_without_memory_is_not_set),
    cmocka_unit_test(a_turn_without_memory_says_so),
    cmocka_unit_test(a_random_life),
    cmocka_unit_test(a_random_life_of_many_timers),
    cmocka_unit_test(a_hundred_thousand_callbacks),
    cmocka_unit_test(very_many_timers),
    cmocka_unit_test(very_many_timeouts_never_come),
    cmocka_unit_test(a_long_run_needs_no_more_memory),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
