#include <signal.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_signal.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"

static struct rt_loop *loop;
static int heard;

static int
hear(struct rt_object *number)
{
    heard += (int)rt_int_value(number);
    rt_loop_stop(loop);
    return 0;
}
static struct rt_static_function hearing = RT_STATIC_FUNCTION(hear);

static int
add(struct rt_loop *where, int number)
{
    struct rt_object *argument = rt_int_new(number);
    int result =
        rt_loop_add_signal_handler(where, number, &hearing.head, argument);
    rt_decref(argument);
    return result;
}

static void
expect_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

static void
run(void)
{
    assert_number(rt_loop_run_forever(loop), 0);
}

/* As test_events.UnixEventLoopTestsMixin.test_add_signal_handler */
static void
a_signal_ends_a_wait_without_limit(void **state)
{
    (void)state;
    assert_number(add(loop, SIGUSR1), 0);
    raise(SIGUSR1);
    run();
    assert_number(heard, SIGUSR1);
}

static int
raise_both(struct rt_object *argument)
{
    (void)argument;
    raise(SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR1);
    return 0;
}

static void
each_signal_has_its_callback_as_often_as_it_came(void **state)
{
    (void)state;
    static struct rt_static_function raising = RT_STATIC_FUNCTION(raise_both);
    assert_number(add(loop, SIGUSR1), 0);
    assert_number(add(loop, SIGUSR2), 0);
    rt_loop_call_soon(loop, &raising.head, NULL);
    run();
    assert_number(heard, 2 * SIGUSR1 + SIGUSR2);
}

static void
a_signal_comes_through_under_the_virtual_clock(void **state)
{
    (void)state;
    rt_loop_use_virtual_clock(loop);
    assert_number(add(loop, SIGUSR1), 0);
    raise(SIGUSR1);
    run();
    assert_number(heard, SIGUSR1);
}

static void
a_handler_that_is_removed_hears_nothing(void **state)
{
    (void)state;
    struct sigaction action;
    assert_number(add(loop, SIGUSR1), 0);
    assert_number(add(loop, SIGUSR2), 0);
    raise(SIGUSR2);
    assert_true(rt_loop_remove_signal_handler(loop, SIGUSR2));
    assert_false(rt_loop_remove_signal_handler(loop, SIGUSR2));
    assert_false(rt_loop_remove_signal_handler(loop, -1));
    sigaction(SIGUSR2, NULL, &action);
    assert_true(action.sa_handler == SIG_DFL);
    raise(SIGUSR1);
    run();
    assert_number(heard, SIGUSR1);
}

static void
closing_gives_the_signals_back(void **state)
{
    (void)state;
    struct sigaction action;
    assert_number(add(loop, SIGUSR1), 0);
    assert_number(rt_loop_close(loop), 0);
    sigaction(SIGUSR1, NULL, &action);
    assert_true(action.sa_handler == SIG_DFL);
    assert_number(add(loop, SIGUSR1), -1);
    expect_error(RT_ERROR_RUNTIME, "Event loop is closed");
}

/* As test_unix_events.SelectorEventLoopSignalTests
 * .test_add_signal_handler_install_error3 */
static void
what_cannot_be_caught_is_refused(void **state)
{
    (void)state;
    assert_number(add(loop, SIGKILL), -1);
    expect_error(RT_ERROR_RUNTIME, "sig 9 cannot be caught");
    assert_number(add(loop, 0), -1);
    expect_error(RT_ERROR_VALUE, "invalid signal number 0");
    assert_number(add(loop, 65), -1);
    expect_error(RT_ERROR_VALUE, "invalid signal number 65");
}

static int
add_outside(void *unused)
{
    (void)unused;
    assert_number(add(loop, SIGUSR1), -1);
    assert_contains(rt_error_text(), "only works in main thread");
    rt_error_clear();
    return 0;
}

static void
only_the_main_thread_may_ask(void **state)
{
    (void)state;
    struct rt_thread *thread = rt_thread_new(NULL, add_outside, NULL);
    assert_number(rt_thread_start(thread), 0);
    assert_number(rt_thread_join(thread, RT_NO_TIMEOUT), 0);
    rt_thread_free(thread);
    rt_thread_detach();
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    size_t nth = 0;
    int result = -1;
    while (result != 0) {
        rt_alloc_fail_nth(++nth);
        result =
            rt_loop_add_signal_handler(loop, SIGUSR1, &hearing.head, NULL);
        if (result != 0) {
            expect_error(RT_ERROR_MEMORY, "");
        }
    }
    assert_number(nth, 3); // the table, the handle
    rt_alloc_fail_nth(0);
}

static int
begin(void **state)
{
    (void)state;
    heard = 0;
    rt_gc_disable();
    loop = rt_loop_new();
    assert_non_null(loop);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_loop_free(loop);
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_alloc_live_blocks(), 0);
    return 0;
}

#define SIGNAL_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        SIGNAL_TEST(a_signal_ends_a_wait_without_limit),
        SIGNAL_TEST(each_signal_has_its_callback_as_often_as_it_came),
        SIGNAL_TEST(a_signal_comes_through_under_the_virtual_clock),
        SIGNAL_TEST(a_handler_that_is_removed_hears_nothing),
        SIGNAL_TEST(closing_gives_the_signals_back),
        SIGNAL_TEST(what_cannot_be_caught_is_refused),
        SIGNAL_TEST(only_the_main_thread_may_ask),
        SIGNAL_TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
