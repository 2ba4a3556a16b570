#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_debug.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"
#include "labs/runtime/task_extra.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"

static struct rt_loop *loop;
static char slow[512]; // what was heard of

static void
hear(const char *message, void *data)
{
    strncat(data, message, sizeof(slow) - strlen(slow) - 1);
    strncat(data, ";", sizeof(slow) - strlen(slow) - 1);
}

/* Takes as long as the clock says. */
static int
take_long(struct rt_object *argument)
{
    (void)argument;
    loop->now_s += 0.25;
    return 0;
}
static struct rt_static_function lazy = RT_STATIC_FUNCTION(take_long);

static int
stop(struct rt_object *argument)
{
    (void)argument;
    rt_loop_stop(loop);
    return 0;
}
static struct rt_static_function stopping = RT_STATIC_FUNCTION(stop);

static void
turn(void)
{
    assert_number(rt_loop_call_soon(loop, &stopping.head, NULL), 0);
    assert_number(rt_loop_run_forever(loop), 0);
}

static enum rt_sent
lazy_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    RT_BEGIN;
    take_long(NULL);
    RT_YIELD(rt_none);
    if (sent == NULL) {
        RT_FAIL;
    }
    take_long(NULL);
    RT_END;
}

static struct rt_object *
lazy_task(void)
{
    static const struct rt_code CODE =
        RT_COROUTINE("lazy", struct rt_coroutine, 0, lazy_body);
    struct rt_object *task = rt_task_new(loop, rt_coroutine_new(&CODE));
    assert_non_null(task);
    return task;
}

// --- slow callbacks --------------------------------------------------------

/* As test_base_events.BaseEventLoopWithSelectorTests
 * .test_log_slow_callbacks */
static void
slow_steps_of_a_task_are_named(void **state)
{
    (void)state;
    struct rt_object *task = lazy_task();
    assert_number(rt_task_set_name(task, "sloth"), 0);
    turn();
    assert_text(slow, "Executing <Task pending name='sloth' coro=<lazy()>> "
                      "took 0.250 seconds;");
    slow[0] = '\0';
    turn();
    assert_text(slow, "Executing <Task finished name='sloth' coro=<lazy()>> "
                      "took 0.250 seconds;");
    rt_decref(task);
}

static void
slow_callbacks_are_named_with_a_handle_and_without(void **state)
{
    (void)state;
    static const char ONE[] = "Executing <builtin_function_or_method> took "
                              "0.250 seconds;";
    rt_loop_call_soon(loop, &lazy.head, NULL);
    turn();
    assert_text(slow, ONE);
    slow[0] = '\0';
    rt_loop_call_soon(loop, &lazy.head, rt_none);
    turn();
    assert_text(slow, ONE);
}

static void
fast_ones_and_a_loop_that_is_not_strict_say_nothing(void **state)
{
    (void)state;
    rt_loop_set_slow_callback(loop, 0.5);
    rt_loop_call_soon(loop, &lazy.head, NULL);
    turn();
    rt_loop_set_debug(loop, false);
    assert_false(rt_loop_is_debug(loop));
    rt_loop_set_slow_callback(loop, 0.1);
    rt_loop_call_soon(loop, &lazy.head, NULL);
    turn();
    assert_text(slow, "");
}

// --- the wrong thread ------------------------------------------------------

static int
call_from_outside(void *unused)
{
    static const char TEXT[] = "Non-thread-safe operation invoked on an event "
                               "loop other than the current one";
    (void)unused;
    assert_number(rt_loop_call_soon(loop, &lazy.head, rt_none), -1);
    assert_text(rt_error_text(), TEXT);
    assert_null(rt_loop_call_later(loop, 1, &lazy.head, NULL));
    assert_text(rt_error_text(), TEXT);
    rt_error_clear();
    return 0;
}

static int
start_outside(struct rt_object *argument)
{
    (void)argument;
    struct rt_thread *thread = rt_thread_new(NULL, call_from_outside, NULL);
    assert_number(rt_thread_start(thread), 0);
    assert_number(rt_thread_join(thread, RT_NO_TIMEOUT), 0);
    rt_thread_free(thread);
    return 0;
}

/* As
 * test_base_events.BaseEventLoopTests.test_call_soon_non_threadsafe */
static void
a_call_from_another_thread_is_an_error(void **state)
{
    (void)state;
    static struct rt_static_function outside =
        RT_STATIC_FUNCTION(start_outside);
    rt_loop_call_soon(loop, &outside.head, NULL);
    turn();
    rt_thread_detach();
    assert_text(slow, "");
}

// --- names -----------------------------------------------------------------

static void
a_task_has_a_number_until_it_gets_a_name(void **state)
{
    (void)state;
    char name[RT_TASK_NAME_BYTES];
    char usual[RT_TASK_NAME_BYTES];
    struct rt_object *task = lazy_task();
    snprintf(usual, sizeof(usual), "Task-%u",
             ((struct rt_future *)task)->number);
    rt_task_copy_name(task, name);
    assert_text(name, usual);
    assert_number(rt_task_set_name(task, "first"), 0);
    assert_number(rt_task_set_name(task, "second"), 0);
    rt_task_copy_name(task, name);
    assert_text(name, "second");
    rt_loop_set_debug(loop, false);
    turn();
    turn();
    rt_task_copy_name(task, name);
    assert_text(name, "second");
    rt_decref(task);
}

static void
a_name_without_memory_is_an_error(void **state)
{
    (void)state;
    struct rt_object *task = lazy_task();
    rt_alloc_fail_nth(1);
    assert_number(rt_task_set_name(task, "nobody"), -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    assert_number(rt_task_set_name(task, "somebody"), 0);
    turn();
    turn();
    rt_decref(task);
}

// --- futures that nobody awaits --------------------------------------------

static void
going_on_before_a_future_is_done_is_an_error(void **state)
{
    (void)state;
    struct rt_object *future = rt_future_new(loop);
    struct rt_object *result = NULL;
    assert_number(rt_future_send(future, rt_none, &result), RT_SENT_YIELD);
    assert_ptr_equal(result, future);
    rt_decref(result);
    assert_number(rt_future_send(future, rt_none, &result), RT_SENT_ERROR);
    assert_text(rt_error_text(), "await wasn't used with future");
    rt_error_clear();
    rt_decref(future);
}

// --- all of them -----------------------------------------------------------

static int
begin(void **state)
{
    (void)state;
    slow[0] = '\0';
    rt_gc_disable();
    loop = rt_loop_new();
    assert_non_null(loop);
    rt_loop_use_virtual_clock(loop);
    rt_loop_set_debug(loop, true);
    rt_loop_set_slow_handler(loop, hear, slow);
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

#define DEBUG_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        DEBUG_TEST(slow_steps_of_a_task_are_named),
        DEBUG_TEST(slow_callbacks_are_named_with_a_handle_and_without),
        DEBUG_TEST(fast_ones_and_a_loop_that_is_not_strict_say_nothing),
        DEBUG_TEST(a_call_from_another_thread_is_an_error),
        DEBUG_TEST(a_task_has_a_number_until_it_gets_a_name),
        DEBUG_TEST(a_name_without_memory_is_an_error),
        DEBUG_TEST(going_on_before_a_future_is_done_is_an_error),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
