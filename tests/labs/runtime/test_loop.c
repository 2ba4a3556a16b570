#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/runner.h"
#include "labs/runtime/sleep.h"
#include "labs/runtime/task.h"
#include "labs/testing.h"

static struct rt_loop *loop;
static char events[128];     // a letter for each thing that happened
static char last_error[128]; // that the handler heard of

static void
happened(char letter)
{
    size_t length = strlen(events);
    assert_true(length + 1 < sizeof(events));
    events[length] = letter;
    events[length + 1] = '\0';
}

static void
expect_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

// --- callbacks -------------------------------------------------------------

static int
note(struct rt_object *argument)
{
    (void)argument;
    happened('a');
    return 0;
}
static struct rt_static_function noting = RT_STATIC_FUNCTION(note);

static int
raise_error(struct rt_object *argument)
{
    (void)argument;
    happened('f');
    return rt_error_set(RT_ERROR_VALUE, "on purpose");
}
static struct rt_static_function failing = RT_STATIC_FUNCTION(raise_error);

static int
stop(struct rt_object *argument)
{
    (void)argument;
    happened('s');
    rt_loop_stop(loop);
    return 0;
}
static struct rt_static_function stopping = RT_STATIC_FUNCTION(stop);

static int
interrupt(struct rt_object *argument)
{
    (void)argument;
    return rt_error_set(RT_ERROR_KEYBOARD_INTERRUPT, "%s", "");
}
static struct rt_static_function interrupting = RT_STATIC_FUNCTION(interrupt);

static void
soon(struct rt_static_function *function)
{
    assert_number(rt_loop_call_soon(loop, &function->head, NULL), 0);
}

/* A timer that is borrowed: the loop holds it. */
static struct rt_object *
later(double delay_s)
{
    struct rt_object *timer =
        rt_loop_call_later(loop, delay_s, &noting.head, NULL);
    assert_non_null(timer);
    rt_decref(timer);
    return timer;
}

static void
turn(void)
{
    soon(&stopping);
    assert_number(rt_loop_run_forever(loop), 0);
}

// --- coroutines ------------------------------------------------------------

struct naps {
    struct rt_coroutine frame;
    int left;
    double delay_s;
};

static enum rt_sent
naps_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct naps *my = (struct naps *)frame;
    RT_BEGIN;
    for (; my->left > 0; my->left--) {
        RT_AWAIT(rt_sleep(my->delay_s));
        if (sent == NULL) {
            happened('c');
            RT_FAIL;
        }
    }
    RT_END;
}

static struct rt_object *
naps(int count, double delay_s)
{
    static const struct rt_code CODE =
        RT_COROUTINE("naps", struct naps, 0, naps_body);
    struct naps *naps = rt_coroutine_new(&CODE);
    assert_non_null(naps);
    naps->left = count;
    naps->delay_s = delay_s;
    return &naps->frame.head;
}

// --- timers ----------------------------------------------------------------

/* row: EL06
 * test_base_events.BaseEventLoopTests.test__run_once_cancelled_event_cleanup
 */
static void
cancelled_timers_leave_at_the_top_of_the_heap(void **state)
{
    (void)state;
    struct rt_object *first = later(10);
    struct rt_object *second = later(20);
    later(30);
    rt_handle_cancel(second);
    turn();
    assert_number(loop->timers.count, 3); // it is not at the top
    rt_handle_cancel(first);
    turn();
    assert_number(loop->timers.count, 1);
    assert_number(loop->cancelled_timers, 0);
}

static void
cancelled_timers_leave_together_when_they_are_many(void **state)
{
    (void)state;
    struct rt_object *timers[101];
    for (int i = 0; i < 101; i++) {
        timers[i] = later(10 + i);
    }
    for (int i = 50; i < 100; i++) {
        rt_handle_cancel(timers[i]);
    }
    turn();
    assert_number(loop->timers.count, 101); // just under one half
    rt_handle_cancel(timers[100]);
    turn();
    assert_number(loop->timers.count, 50);
    assert_number(loop->cancelled_timers, 0);
}

static void
few_cancelled_timers_stay_where_they_are(void **state)
{
    (void)state;
    struct rt_object *timers[100];
    for (int i = 0; i < 100; i++) {
        timers[i] = later(10 + i);
    }
    for (int i = 1; i < 100; i++) {
        rt_handle_cancel(timers[i]);
    }
    turn();
    assert_number(loop->timers.count, 100); // a hundred are not more than that
    assert_number(loop->cancelled_timers, 99);
}

static void
a_cancelled_timer_lets_its_callback_go(void **state)
{
    (void)state;
    struct rt_object *future = rt_future_new(loop);
    struct rt_object *timer =
        rt_loop_call_later(loop, 10, &noting.head, future);
    assert_number(future->ob_refcnt, 2);
    rt_handle_cancel(timer);
    assert_number(future->ob_refcnt, 1);
    rt_decref(timer);
    rt_decref(future);
}

/* row: EL15 test_events.EventLoopTestsMixin.test_timeout_rounding */
static void
tiny_sleeps_need_few_turns(void **state)
{
    (void)state;
    struct rt_loop *real = rt_loop_new();
    assert_non_null(real);
    struct rt_object *task = rt_task_new(real, naps(5, 1e-5));
    struct rt_object *result = rt_loop_run_until_complete(real, task);
    assert_ptr_equal(result, rt_none);
    assert_true(rt_loop_turns(real) <= 20);
    rt_decref(task);
    rt_loop_free(real);
}

// --- running and closing ---------------------------------------------------

/* row: EL08 test_base_events.BaseEventLoopTests.test_close */
static void
closing_twice_is_fine_and_running_after_it_is_not(void **state)
{
    (void)state;
    soon(&noting);
    later(10);
    assert_false(rt_loop_is_closed(loop));
    assert_number(rt_loop_close(loop), 0);
    assert_true(rt_loop_is_closed(loop));
    assert_number(rt_loop_close(loop), 0);
    assert_number(rt_loop_run_forever(loop), -1);
    expect_error(RT_ERROR_RUNTIME, "Event loop is closed");
    assert_number(rt_loop_call_soon(loop, &noting.head, NULL), -1);
    expect_error(RT_ERROR_RUNTIME, "Event loop is closed");
    assert_null(rt_loop_call_later(loop, 1, &noting.head, NULL));
    expect_error(RT_ERROR_RUNTIME, "Event loop is closed");
    assert_number(rt_loop_call_soon_threadsafe(loop, &noting.head), -1);
    expect_error(RT_ERROR_RUNTIME, "Event loop is closed");
    assert_text(events, "");
}

static int
close_running(struct rt_object *argument)
{
    (void)argument;
    assert_number(rt_loop_close(loop), -1);
    expect_error(RT_ERROR_RUNTIME, "Cannot close a running event loop");
    return 0;
}

static void
a_running_loop_cannot_be_closed(void **state)
{
    (void)state;
    static struct rt_static_function closing =
        RT_STATIC_FUNCTION(close_running);
    soon(&closing);
    turn();
    assert_false(rt_loop_is_closed(loop));
}

/* row: EL09 test_base_events.BaseEventLoopTests.test_run_forever_pre_stopped
 */
static void
a_stop_before_the_run_gives_one_turn_without_waiting(void **state)
{
    (void)state;
    later(10);
    rt_loop_stop(loop);
    assert_number(rt_loop_run_forever(loop), 0);
    assert_number(rt_loop_turns(loop), 1);
    assert_true(rt_loop_time(loop) == 0);
}

static void
a_turn_that_stops_is_finished(void **state)
{
    (void)state;
    soon(&stopping);
    soon(&noting);
    assert_number(rt_loop_run_forever(loop), 0);
    assert_text(events, "sa");
}

static int
run_again(struct rt_object *argument)
{
    (void)argument;
    struct rt_loop *other = rt_loop_new();
    assert_number(rt_loop_run_forever(loop), -1);
    expect_error(RT_ERROR_RUNTIME, "This event loop is already running");
    assert_number(rt_loop_run_forever(other), -1);
    expect_error(RT_ERROR_RUNTIME, "Cannot run the event loop while another "
                                   "loop is running");
    assert_null(rt_loop_run_until_complete(loop, naps(1, 0)));
    expect_error(RT_ERROR_RUNTIME, "This event loop is already running");
    rt_loop_free(other);
    return 0;
}

/* row: EL11 test_events.EventLoopTestsMixin.test_run_until_complete_nesting */
static void
a_running_loop_cannot_be_run(void **state)
{
    (void)state;
    static struct rt_static_function again = RT_STATIC_FUNCTION(run_again);
    soon(&again);
    turn();
}

/* row: EL12 test_events.EventLoopTestsMixin.test_run_until_complete_stopped */
static void
a_stop_before_the_future_is_done_is_an_error(void **state)
{
    (void)state;
    struct rt_object *future = rt_future_new(loop);
    soon(&stopping);
    assert_null(rt_loop_run_until_complete(loop, future));
    expect_error(RT_ERROR_RUNTIME,
                 "Event loop stopped before Future completed.");
    rt_decref(future);
}

static void
waiting_for_nothing_is_an_error_of_the_virtual_clock(void **state)
{
    (void)state;
    struct rt_object *future = rt_future_new(loop);
    assert_null(rt_loop_run_until_complete(loop, future));
    expect_error(RT_ERROR_RUNTIME, "nothing is ready and no timer is set");
    assert_false(rt_loop_is_running(loop));
    rt_decref(future);
}

// --- what goes wrong -------------------------------------------------------

/* row: EL10
 * test_base_events.BaseEventLoopTests.test_default_exc_handler_callback */
static void
an_error_in_a_callback_goes_to_the_handler_and_the_loop_runs_on(void **state)
{
    (void)state;
    soon(&failing);
    soon(&noting);
    turn();
    assert_text(events, "fas");
    assert_text(last_error, "Exception in callback: on purpose");
}

static void
what_ends_the_program_ends_the_run(void **state)
{
    (void)state;
    soon(&interrupting);
    soon(&noting);
    assert_number(rt_loop_run_forever(loop), -1);
    expect_error(RT_ERROR_KEYBOARD_INTERRUPT, "");
    assert_text(events, "");
    turn(); // what was ready still is
    assert_text(events, "as");
}

// --- the runner ------------------------------------------------------------

static enum rt_sent
leave_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    RT_BEGIN;
    struct rt_object *task = rt_task_new(rt_loop_running(), naps(1, 1000));
    assert_non_null(task);
    rt_decref(task);
    RT_YIELD(rt_none);
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

static void
a_run_ends_the_tasks_that_are_left(void **state)
{
    (void)state;
    static const struct rt_code CODE =
        RT_COROUTINE("leave", struct naps, 0, leave_body);
    assert_ptr_equal(rt_run(rt_coroutine_new(&CODE)), rt_none);
    assert_text(events, "c");
}

static int
run_inside(struct rt_object *argument)
{
    (void)argument;
    assert_null(rt_run(naps(1, 0)));
    expect_error(RT_ERROR_RUNTIME,
                 "run() cannot be called from a running event loop");
    return 0;
}

static void
ignore_never_awaited(const struct rt_code *code)
{
    assert_text(code->name, "naps");
}

/* row: EL18 test_runners.RunTests.test_asyncio_run_from_running_loop */
static void
a_run_inside_of_a_running_loop_is_an_error(void **state)
{
    (void)state;
    static struct rt_static_function inside = RT_STATIC_FUNCTION(run_inside);
    soon(&inside);
    turn();
}

// --- all of them -----------------------------------------------------------

static void
hear(struct rt_loop *where, const struct rt_loop_trouble *trouble, void *data)
{
    (void)where;
    (void)data;
    snprintf(last_error, sizeof(last_error), "%s: %s", trouble->message,
             rt_exception_text(trouble->exception));
}

static int
begin(void **state)
{
    (void)state;
    events[0] = last_error[0] = '\0';
    rt_gc_disable();
    rt_coroutine_set_never_awaited_hook(ignore_never_awaited);
    loop = rt_loop_new();
    assert_non_null(loop);
    rt_loop_use_virtual_clock(loop);
    rt_loop_set_exception_handler(loop, hear, NULL);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_loop_free(loop);
    rt_gc_collect(2);
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_alloc_live_blocks(), 0);
    return 0;
}

static void
there_may_be_4096_loops_at_once(void **state)
{
    (void)state;
    static struct rt_loop others[RT_LOOP_MOST]; // with a number, no more
    for (int i = 1; i < RT_LOOP_MOST; i++) {
        assert_number(rt_loop_take_number(&others[i]), 0);
        assert_ptr_equal(rt_loops[others[i].number], &others[i]);
    }
    assert_null(rt_loop_new());
    assert_text(rt_error_text(), "more than 4096 event loops");
    rt_error_clear();
    for (int i = 1; i < RT_LOOP_MOST; i++) {
        rt_loops[others[i].number] = NULL;
    }
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        LOOP_TEST(cancelled_timers_leave_at_the_top_of_the_heap),
        LOOP_TEST(cancelled_timers_leave_together_when_they_are_many),
        LOOP_TEST(few_cancelled_timers_stay_where_they_are),
        LOOP_TEST(a_cancelled_timer_lets_its_callback_go),
        LOOP_TEST(tiny_sleeps_need_few_turns),
        LOOP_TEST(closing_twice_is_fine_and_running_after_it_is_not),
        LOOP_TEST(a_running_loop_cannot_be_closed),
        LOOP_TEST(a_stop_before_the_run_gives_one_turn_without_waiting),
        LOOP_TEST(a_turn_that_stops_is_finished),
        LOOP_TEST(a_running_loop_cannot_be_run),
        LOOP_TEST(a_stop_before_the_future_is_done_is_an_error),
        LOOP_TEST(waiting_for_nothing_is_an_error_of_the_virtual_clock),
        LOOP_TEST(
            an_error_in_a_callback_goes_to_the_handler_and_the_loop_runs_on),
        LOOP_TEST(what_ends_the_program_ends_the_run),
        LOOP_TEST(a_run_ends_the_tasks_that_are_left),
        LOOP_TEST(a_run_inside_of_a_running_loop_is_an_error),
        LOOP_TEST(there_may_be_4096_loops_at_once),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
