#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/executor.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/object.h"
#include "labs/runtime/pool_as_completed.h"
#include "labs/runtime/pool_future.h"
#include "labs/runtime/pool_wait.h"
#include "labs/runtime/process_pool.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

enum {
    COUNT = 4,
    SHORT_US = 1000,
    MANY = 64
};

static struct rt_object *futures[COUNT];
static bool is_done[COUNT];
static size_t blocks_before;

static int
start_clean(void **state)
{
    (void)state;
    rt_error_clear();
    rt_thread_attach();
    blocks_before = rt_alloc_live_blocks();
    for (int i = 0; i < COUNT; i++) {
        futures[i] = rt_pool_future_new();
    }
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        rt_decref(futures[i]);
    }
    rt_thread_shutdown();
    bunch_await(rt_alloc_live_blocks() == blocks_before);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    return 0;
}

// --- how futures end -------------------------------------------------------

static int
finish(void *data)
{
    return rt_pool_future_set_result(data, NULL);
}

static int
end_badly(void *data)
{
    struct rt_object *exception = rt_exception_new(RT_ERROR_VALUE, "x");
    int result = rt_pool_future_set_exception(data, exception);
    rt_decref(exception);
    return result;
}

static int
cancel(void *data)
{
    return rt_pool_future_cancel(data) ? 0 : -1;
}

static int
cancel_and_notify(void *data)
{
    return cancel(data) == 0 ? rt_pool_future_set_running(data) : -1;
}

/* In another thread, while this one waits or before. */
static struct bunch
meanwhile(int (*how)(void *data), struct rt_object *future)
{
    struct bunch bunch;
    bunch_start(&bunch, 1, how, future);
    return bunch;
}

/* Waits, and says as a number of digits 1 and 0 which of them are done. */
static int
wait_until(enum rt_pool_wait_until until, int64_t timeout_us)
{
    int digits = 0;
    assert_number(rt_pool_wait(futures, COUNT, timeout_us, until, is_done), 0);
    for (int i = 0; i < COUNT; i++) {
        digits = 10 * digits + (is_done[i] ? 1 : 0);
    }
    return digits;
}

// --- wait ------------------------------------------------------------------

static void
the_first_completed_is_enough(void **state)
{
    (void)state;
    assert_number(wait_until(RT_POOL_WAIT_FIRST_COMPLETED, SHORT_US), 0);
    struct bunch bunch = meanwhile(finish, futures[2]);
    assert_number(wait_until(RT_POOL_WAIT_FIRST_COMPLETED, RT_NO_TIMEOUT), 10);
    assert_number(wait_until(RT_POOL_WAIT_FIRST_COMPLETED, RT_NO_TIMEOUT), 10);
    bunch_finish(&bunch);
}

static void
the_first_exception_is_enough_but_no_result_is(void **state)
{
    (void)state;
    finish(futures[0]);
    assert_number(wait_until(RT_POOL_WAIT_FIRST_EXCEPTION, SHORT_US), 1000);
    cancel_and_notify(futures[1]); // is none
    assert_number(wait_until(RT_POOL_WAIT_FIRST_EXCEPTION, SHORT_US), 1100);
    struct bunch bunch = meanwhile(end_badly, futures[3]);
    assert_number(wait_until(RT_POOL_WAIT_FIRST_EXCEPTION, RT_NO_TIMEOUT),
                  1101);
    bunch_finish(&bunch);
}

static void
without_an_exception_all_are_waited_for(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT - 1; i++) {
        finish(futures[i]);
    }
    struct bunch bunch = meanwhile(finish, futures[COUNT - 1]);
    assert_number(wait_until(RT_POOL_WAIT_FIRST_EXCEPTION, RT_NO_TIMEOUT),
                  1111);
    bunch_finish(&bunch);
}

static void
all_completed_are_all(void **state)
{
    (void)state;
    end_badly(futures[0]);
    cancel_and_notify(futures[1]);
    finish(futures[2]);
    assert_number(wait_until(RT_POOL_WAIT_ALL_COMPLETED, 0), 1110);
    assert_number(wait_until(RT_POOL_WAIT_ALL_COMPLETED, SHORT_US), 1110);
    struct bunch bunch = meanwhile(finish, futures[3]);
    assert_number(wait_until(RT_POOL_WAIT_ALL_COMPLETED, RT_NO_TIMEOUT), 1111);
    bunch_finish(&bunch);
}

/* As in CPython: its executor must have heard of it. */
static void
one_that_is_only_cancelled_is_not_done(void **state)
{
    (void)state;
    cancel(futures[0]);
    assert_number(wait_until(RT_POOL_WAIT_FIRST_COMPLETED, SHORT_US), 0);
    rt_pool_future_set_running(futures[0]);
    assert_number(wait_until(RT_POOL_WAIT_FIRST_COMPLETED, SHORT_US), 1000);
}

static void
one_that_is_named_twice_counts_once(void **state)
{
    (void)state;
    struct rt_object *twice[] = {futures[0], futures[0], futures[1],
                                 futures[0]};
    bool done[4];
    finish(futures[0]);
    assert_number(
        rt_pool_wait(twice, 4, SHORT_US, RT_POOL_WAIT_ALL_COMPLETED, done), 0);
    assert_true(done[0] && done[1] && !done[2] && done[3]);
    finish(futures[1]);
    assert_number(rt_pool_wait(twice, 4, RT_NO_TIMEOUT,
                               RT_POOL_WAIT_ALL_COMPLETED, done),
                  0);
    assert_true(done[2]);
}

static void
none_at_all_are_done_at_once(void **state)
{
    (void)state;
    for (int until = RT_POOL_WAIT_FIRST_COMPLETED;
         until <= RT_POOL_WAIT_ALL_COMPLETED; until++) {
        assert_number(rt_pool_wait(NULL, 0, RT_NO_TIMEOUT,
                                   (enum rt_pool_wait_until)until, NULL),
                      0);
    }
}

static void
a_wrong_timeout_is_an_error(void **state)
{
    (void)state;
    assert_number(
        rt_pool_wait(futures, COUNT, -7, RT_POOL_WAIT_ALL_COMPLETED, is_done),
        -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    rt_error_clear();
    rt_alloc_fail_nth(1);
    assert_number(
        rt_pool_wait(futures, COUNT, 0, RT_POOL_WAIT_ALL_COMPLETED, is_done),
        -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
}

static int
wait_for_all(void *data)
{
    bool done[COUNT];
    (void)data;
    return rt_pool_wait(futures, COUNT, RT_NO_TIMEOUT,
                        RT_POOL_WAIT_ALL_COMPLETED, done);
}

static void
several_threads_wait_for_the_same(void **state)
{
    (void)state;
    struct bunch bunch;
    bunch_start(&bunch, 5, wait_for_all, NULL);
    for (int i = 0; i < COUNT; i++) {
        finish(futures[i]);
    }
    bunch_finish(&bunch);
}

// --- as completed ----------------------------------------------------------

static void
they_come_in_the_order_of_their_ends(void **state)
{
    (void)state;
    const int order[] = {2, 0, 3, 1};
    struct rt_pool_as_completed iterator;
    struct rt_object *next = NULL;
    finish(futures[2]);
    assert_number(
        rt_pool_as_completed_init(&iterator, futures, COUNT, RT_NO_TIMEOUT),
        0);
    finish(futures[0]);
    end_badly(futures[3]);
    struct bunch bunch = meanwhile(cancel_and_notify, futures[1]);
    for (int i = 0; i < COUNT; i++) {
        assert_number(rt_pool_as_completed_next(&iterator, &next), 0);
        assert_ptr_equal(next, futures[order[i]]);
        rt_decref(next);
    }
    assert_number(rt_pool_as_completed_next(&iterator, &next), 0);
    assert_null(next);
    bunch_finish(&bunch);
    rt_pool_as_completed_destroy(&iterator);
}

static void
each_comes_once(void **state)
{
    (void)state;
    struct rt_object *twice[] = {futures[0], futures[1], futures[0],
                                 futures[1]};
    struct rt_pool_as_completed iterator;
    struct rt_object *next = NULL;
    finish(futures[0]);
    rt_pool_as_completed_init(&iterator, twice, 4, RT_NO_TIMEOUT);
    finish(futures[1]);
    for (int i = 0; i < 2; i++) {
        assert_number(rt_pool_as_completed_next(&iterator, &next), 0);
        assert_ptr_equal(next, futures[i]);
        rt_decref(next);
    }
    assert_number(rt_pool_as_completed_next(&iterator, &next), 0);
    assert_null(next);
    rt_pool_as_completed_destroy(&iterator);
}

static void
the_timeout_says_how_many_are_missing(void **state)
{
    (void)state;
    struct rt_pool_as_completed iterator;
    struct rt_object *next = NULL;
    finish(futures[3]);
    rt_pool_as_completed_init(&iterator, futures, COUNT, SHORT_US);
    assert_number(rt_pool_as_completed_next(&iterator, &next), 0);
    assert_ptr_equal(next, futures[3]);
    rt_decref(next);
    assert_number(rt_pool_as_completed_next(&iterator, &next), -1);
    assert_text(rt_error_name(rt_error_occurred()), "TimeoutError");
    assert_text(rt_error_text(), "3 (of 4) futures unfinished");
    rt_error_clear();
    rt_pool_as_completed_destroy(&iterator);
    finish(futures[0]); // nobody watches any more
}

// --- both executors --------------------------------------------------------

static int
give_back(struct rt_object *argument, struct rt_object **result)
{
    *result = rt_new_ref(argument);
    return 0;
}

static void
threads_and_processes_can_be_waited_for_together(void **state)
{
    (void)state;
    struct rt_executor *threads = rt_executor_new(3, NULL, NULL, NULL);
    struct rt_process_pool *processes = rt_process_pool_new(2, NULL);
    struct rt_object *many[MANY];
    struct rt_object *next = NULL;
    bool done[MANY];
    int64_t sum = 0;
    for (int i = 0; i < MANY; i++) {
        struct rt_object *argument = rt_int_new(i);
        many[i] = i % 2 == 0
                      ? rt_executor_submit(threads, give_back, argument)
                      : rt_process_pool_submit(processes, give_back, argument);
        rt_decref(argument);
    }
    struct rt_pool_as_completed iterator;
    rt_pool_as_completed_init(&iterator, many, MANY, RT_NO_TIMEOUT);
    while (rt_pool_as_completed_next(&iterator, &next) == 0 && next != NULL) {
        struct rt_object *result = NULL;
        assert_number(rt_pool_future_result(next, 0, &result), 0);
        sum += rt_int_value(result);
        rt_decref(result);
        rt_decref(next);
    }
    rt_pool_as_completed_destroy(&iterator);
    assert_number(sum, MANY * (MANY - 1) / 2);
    assert_number(
        rt_pool_wait(many, MANY, 0, RT_POOL_WAIT_ALL_COMPLETED, done), 0);
    for (int i = 0; i < MANY; i++) {
        assert_true(done[i]);
        rt_decref(many[i]);
    }
    assert_number(rt_process_pool_shut_down(processes, true, false), 0);
    rt_process_pool_free(processes);
    rt_executor_free(threads);
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(the_first_completed_is_enough),
        CASE(the_first_exception_is_enough_but_no_result_is),
        CASE(without_an_exception_all_are_waited_for),
        CASE(all_completed_are_all),
        CASE(one_that_is_only_cancelled_is_not_done),
        CASE(one_that_is_named_twice_counts_once),
        CASE(none_at_all_are_done_at_once),
        CASE(a_wrong_timeout_is_an_error),
        CASE(several_threads_wait_for_the_same),
        CASE(they_come_in_the_order_of_their_ends),
        CASE(each_comes_once),
        CASE(the_timeout_says_how_many_are_missing),
        CASE(threads_and_processes_can_be_waited_for_together),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
