#include <pthread.h>

#include "labs/runtime/error.h"
#include "labs/runtime/pending_calls.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/thread.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static int calls[64];
static int call_count;

static int
start_clean(void **state)
{
    (void)state;
    call_count = 0;
    rt_error_clear();
    return 0;
}

static int
note(void *argument)
{
    assert_true(call_count < 64);
    calls[call_count++] = (int)(intptr_t)argument;
    return 0;
}

static void
calls_are_made_in_order_at_the_next_safe_point(void **state)
{
    (void)state;
    for (intptr_t i = 0; i < 5; i++) {
        assert_number(rt_pending_calls_add(note, (void *)i), 0);
    }
    assert_number(call_count, 0);
    assert_number(rt_safe_point(), 0);
    assert_number(call_count, 5);
    for (int i = 0; i < 5; i++) {
        assert_number(calls[i], i);
    }
    assert_number(rt_safe_point(), 0);
    assert_number(call_count, 5);
}

static void
the_ring_holds_32(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        call_count = 0;
        for (intptr_t i = 0; i < 32; i++) {
            assert_number(rt_pending_calls_add(note, (void *)i), 0);
        }
        assert_number(rt_pending_calls_add(note, NULL), -1);
        assert_number(rt_error_occurred(), RT_ERROR_NONE);
        assert_number(rt_pending_calls_run(), 0);
        assert_number(call_count, 32);
        assert_number(calls[31], 31);
    }
}

static int
fail_on_purpose(void *argument)
{
    note(argument);
    return rt_error_set(RT_ERROR_VALUE, "on purpose");
}

static void
a_call_that_fails_stops_the_round_and_not_the_next(void **state)
{
    (void)state;
    rt_pending_calls_add(note, (void *)1);
    rt_pending_calls_add(fail_on_purpose, (void *)2);
    rt_pending_calls_add(note, (void *)3);
    assert_number(rt_safe_point(), -1);
    assert_text(rt_error_text(), "on purpose");
    rt_error_clear();
    assert_number(call_count, 2);
    assert_number(rt_safe_point(), 0);
    assert_number(call_count, 3);
}

static int
add_itself(void *argument)
{
    note(argument);
    rt_pending_calls_run(); // does nothing, it is running
    return call_count < 40 ? rt_pending_calls_add(add_itself, argument) : 0;
}

static void
a_call_that_adds_itself_does_not_go_on_for_ever(void **state)
{
    (void)state;
    rt_pending_calls_add(add_itself, NULL);
    assert_number(rt_pending_calls_run(), 0);
    assert_number(call_count, 32);
    assert_number(rt_pending_calls_run(), 0);
    assert_number(call_count, 40);
}

static pthread_t caller;

static int
note_the_thread(void *argument)
{
    caller = pthread_self();
    return note(argument);
}

static int
ask_and_pass_safe_points(void *data)
{
    (void)data;
    rt_pending_calls_add(note_the_thread, NULL);
    for (int i = 0; i < 1000; i++) {
        rt_safe_point();
    }
    return 0;
}

static void
only_the_main_thread_makes_them(void **state)
{
    (void)state;
    struct bunch bunch;
    bunch_start(&bunch, 3, ask_and_pass_safe_points, NULL);
    bunch_finish(&bunch);
    assert_number(call_count, 0);
    assert_number(rt_safe_point(), 0);
    assert_number(call_count, 3);
    assert_true(pthread_equal(caller, pthread_self()));
}

static void *
ask_without_gil(void *data)
{
    for (int i = 0; i < 1000; i++) {
        while (rt_pending_calls_add(note_the_thread, NULL) != 0) {
        }
    }
    atomic_store((atomic_bool *)data, true);
    return NULL;
}

static void
calls_of_threads_without_the_gil_are_not_lost(void **state)
{
    (void)state;
    atomic_bool done = false;
    pthread_t thread;
    int made = 0;
    pthread_create(&thread, NULL, ask_without_gil, &done);
    while (!atomic_load(&done) || atomic_load(&rt_pending_calls_there)) {
        call_count = 0;
        assert_number(rt_safe_point(), 0);
        made += call_count;
    }
    pthread_join(thread, NULL);
    assert_number(made, 1000);
}

#define CASE(name) cmocka_unit_test_setup(name, start_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(calls_are_made_in_order_at_the_next_safe_point),
        CASE(the_ring_holds_32),
        CASE(a_call_that_fails_stops_the_round_and_not_the_next),
        CASE(a_call_that_adds_itself_does_not_go_on_for_ever),
        CASE(only_the_main_thread_makes_them),
        CASE(calls_of_threads_without_the_gil_are_not_lost),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
