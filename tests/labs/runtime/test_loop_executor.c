#include <pthread.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_executor.h"
#include "labs/runtime/pool_future.h"
#include "labs/runtime/runner.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_event.h"
#include "labs/runtime/thread_state.h"
#include "labs/runtime/wrap_future.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_loop *loop;
static struct rt_thread_event go, begun;
static size_t blocks_before;

// --- calls -----------------------------------------------------------------

static int
double_it(struct rt_object *argument, struct rt_object **result)
{
    *result = rt_int_new(2 * rt_int_value(argument));
    return 0;
}

static int
fail_on_purpose(struct rt_object *argument, struct rt_object **result)
{
    (void)argument;
    (void)result;
    return rt_error_set(RT_ERROR_VALUE, "on purpose");
}

static int
wait_for_go(struct rt_object *argument, struct rt_object **result)
{
    (void)argument;
    (void)result;
    rt_thread_event_set(&begun);
    rt_thread_event_wait(&go, RT_NO_TIMEOUT);
    return 0;
}

static struct rt_object *
submit(rt_executor_call *call, int64_t value)
{
    struct rt_object *argument = rt_int_new(value);
    struct rt_object *future =
        rt_loop_run_in_executor(loop, NULL, call, argument);
    rt_decref(argument);
    return future;
}

static struct rt_object *
complete(struct rt_object *future)
{
    struct rt_object *result = rt_loop_run_until_complete(loop, future);
    rt_decref(future);
    return result;
}

static void
expect_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

// --- results ---------------------------------------------------------------

/* As test_events.EventLoopTestsMixin.test_run_in_executor */
static void
the_result_of_a_call_comes_back_to_the_loop(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct rt_object *result = complete(submit(double_it, 1000 + i));
        assert_non_null(result);
        assert_number(rt_int_value(result), 2000 + 2 * i);
        rt_decref(result);
    }
}

static void
the_error_of_a_call_comes_back_to_the_loop(void **state)
{
    (void)state;
    assert_null(complete(submit(fail_on_purpose, 1)));
    expect_error(RT_ERROR_VALUE, "on purpose");
}

static void
another_executor_can_make_the_call(void **state)
{
    (void)state;
    struct rt_executor *executor = rt_executor_new(1, "mine", NULL, NULL);
    rt_thread_event_set(&go);
    struct rt_object *future =
        rt_loop_run_in_executor(loop, executor, wait_for_go, NULL);
    assert_ptr_equal(complete(future), rt_none);
    rt_executor_free(executor);
}

// --- cancelling ------------------------------------------------------------

/* As test_events.EventLoopTestsMixin.test_run_in_executor_cancel */
static void
cancelling_takes_back_a_call_that_has_not_begun(void **state)
{
    (void)state;
    struct rt_executor *executor = rt_executor_new(1, "one", NULL, NULL);
    struct rt_object *busy = rt_executor_submit(executor, wait_for_go, NULL);
    struct rt_object *waiting =
        rt_executor_submit(executor, fail_on_purpose, NULL);
    struct rt_object *future = rt_wrap_future(loop, waiting);
    assert_true(rt_future_cancel(future, NULL));
    assert_null(complete(future));
    expect_error(RT_ERROR_CANCELLED, "");
    rt_loop_stop(loop);
    rt_loop_run_forever(loop);
    assert_true(rt_pool_future_is_cancelled(waiting));
    rt_thread_event_set(&go);
    rt_decref(waiting);
    rt_decref(busy);
    rt_executor_free(executor);
}

static void
a_call_that_is_cancelled_in_the_pool_is_cancelled_in_the_loop(void **state)
{
    (void)state;
    struct rt_object *source = rt_pool_future_new();
    struct rt_object *future = rt_wrap_future(loop, source);
    assert_true(rt_pool_future_cancel(source));
    assert_null(complete(future));
    expect_error(RT_ERROR_CANCELLED, "");
    rt_decref(source);
}

static void
a_result_that_comes_after_the_cancellation_is_dropped(void **state)
{
    (void)state;
    struct rt_object *future = submit(wait_for_go, 1);
    rt_thread_event_wait(&begun, RT_NO_TIMEOUT);
    assert_true(rt_future_cancel(future, NULL));
    rt_thread_event_set(&go);
    assert_null(complete(future));
    expect_error(RT_ERROR_CANCELLED, "");
}

// --- the end ---------------------------------------------------------------

/* As test_base_events.BaseEventLoopTests
 * .test_shutdown_default_executor */
static void
the_end_of_the_executor_can_be_awaited(void **state)
{
    (void)state;
    rt_thread_event_set(&go);
    struct rt_object *future = submit(wait_for_go, 1);
    struct rt_object *none = rt_loop_run_until_complete(
        loop, rt_loop_shutdown_default_executor(loop));
    assert_ptr_equal(none, rt_none);
    assert_ptr_equal(complete(future), rt_none);
    assert_null(submit(double_it, 1));
    expect_error(RT_ERROR_RUNTIME, "Executor shutdown has been called");
    none = rt_loop_run_until_complete(loop,
                                      rt_loop_shutdown_default_executor(loop));
    assert_ptr_equal(none, rt_none); // twice
}

static void
a_call_may_outlive_its_loop(void **state)
{
    (void)state;
    struct rt_object *future = submit(wait_for_go, 1);
    rt_thread_event_wait(&begun, RT_NO_TIMEOUT);
    rt_decref(future);
    rt_loop_free(loop);
    loop = NULL;
    rt_thread_event_set(&go);
    rt_thread_shutdown();
}

static void
a_closed_loop_makes_no_calls(void **state)
{
    (void)state;
    assert_number(rt_loop_close(loop), 0);
    assert_null(submit(double_it, 1));
    expect_error(RT_ERROR_RUNTIME, "Event loop is closed");
}

static enum rt_sent
program_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    RT_BEGIN;
    RT_AWAIT(
        rt_loop_run_in_executor(rt_loop_running(), NULL, wait_for_go, NULL));
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

static void
count_worker(struct rt_thread *thread, void *data)
{
    *(int *)data += strncmp(rt_thread_name(thread), "asyncio_", 8) == 0;
}

static void
a_program_ends_after_its_threads(void **state)
{
    (void)state;
    static const struct rt_code CODE =
        RT_COROUTINE("program", struct rt_coroutine, 0, program_body);
    rt_thread_event_set(&go);
    assert_ptr_equal(rt_run(rt_coroutine_new(&CODE)), rt_none);
    int workers = 0;
    rt_thread_each(count_worker, &workers);
    assert_number(workers, 0);
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    struct rt_object *source = rt_pool_future_new();
    struct rt_object *future = NULL;
    size_t nth = 0;
    while (future == NULL) {
        rt_alloc_fail_nth(++nth);
        future = rt_wrap_future(loop, source);
        if (future == NULL) {
            expect_error(RT_ERROR_MEMORY, "");
        }
    }
    rt_alloc_fail_nth(0);
    assert_number(nth, 4); // the future, the link, the pool's callback
    struct rt_object *value = rt_int_new(1234);
    assert_number(rt_pool_future_set_result(source, value), 0);
    assert_ptr_equal(complete(future), value);
    rt_decref(value);
    rt_decref(value);
    rt_decref(source);
}

// --- all of them -----------------------------------------------------------

static int
begin(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_thread_attach();
    rt_thread_event_init(&go);
    rt_thread_event_init(&begun);
    blocks_before = rt_alloc_live_blocks();
    loop = rt_loop_new();
    assert_non_null(loop);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_loop_free(loop);
    rt_thread_shutdown();
    rt_gc_collect(2);
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    bunch_await(rt_alloc_live_blocks() == blocks_before);
    rt_thread_event_destroy(&go);
    rt_thread_event_destroy(&begun);
    return 0;
}

#define EXECUTOR_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        EXECUTOR_TEST(the_result_of_a_call_comes_back_to_the_loop),
        EXECUTOR_TEST(the_error_of_a_call_comes_back_to_the_loop),
        EXECUTOR_TEST(another_executor_can_make_the_call),
        EXECUTOR_TEST(cancelling_takes_back_a_call_that_has_not_begun),
        EXECUTOR_TEST(
            a_call_that_is_cancelled_in_the_pool_is_cancelled_in_the_loop),
        EXECUTOR_TEST(a_result_that_comes_after_the_cancellation_is_dropped),
        EXECUTOR_TEST(the_end_of_the_executor_can_be_awaited),
        EXECUTOR_TEST(a_call_may_outlive_its_loop),
        EXECUTOR_TEST(a_closed_loop_makes_no_calls),
        EXECUTOR_TEST(a_program_ends_after_its_threads),
        EXECUTOR_TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
