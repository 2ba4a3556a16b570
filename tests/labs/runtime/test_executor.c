#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/executor.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/object.h"
#include "labs/runtime/pool_future.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_event.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_executor *executor;
static struct rt_thread_event go;
static atomic_int running, most, made;
static size_t blocks_before;

static int
start_clean(void **state)
{
    (void)state;
    rt_error_clear();
    rt_thread_event_init(&go);
    atomic_store(&running, 0);
    atomic_store(&most, 0);
    atomic_store(&made, 0);
    rt_thread_attach();
    blocks_before = rt_alloc_live_blocks();
    executor = NULL;
    return 0;
}

/* Workers that were not waited for end soon. */
static int
end_clean(void **state)
{
    (void)state;
    rt_executor_free(executor);
    rt_thread_shutdown();
    bunch_await(rt_alloc_live_blocks() == blocks_before);
    rt_thread_event_destroy(&go);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    return 0;
}

static void
make(int max_workers)
{
    executor = rt_executor_new(max_workers, "pool", NULL, NULL);
    assert_non_null(executor);
}

static struct rt_object *
submit(rt_executor_call *call, int64_t value)
{
    struct rt_object *argument = rt_int_new(value);
    struct rt_object *future = rt_executor_submit(executor, call, argument);
    rt_decref(argument);
    return future;
}

static void
assert_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

/* The result, an int, or -1 with a pending error. */
static int64_t
result_of(struct rt_object *future)
{
    struct rt_object *result = NULL;
    if (rt_pool_future_result(future, RT_NO_TIMEOUT, &result) != 0) {
        return -1;
    }
    int64_t value = rt_int_value(result);
    rt_decref(result);
    return value;
}

// --- calls -----------------------------------------------------------------

static int
square(struct rt_object *argument, struct rt_object **result)
{
    int64_t value = rt_int_value(argument);
    atomic_fetch_add(&made, 1);
    *result = rt_int_new(value * value);
    return 0;
}

static int
fail_on_purpose(struct rt_object *argument, struct rt_object **result)
{
    (void)result;
    atomic_fetch_add(&made, 1);
    return rt_error_set(RT_ERROR_VALUE, "no %d", (int)rt_int_value(argument));
}

static int
wait_for_go(struct rt_object *argument, struct rt_object **result)
{
    int now = atomic_fetch_add(&running, 1) + 1;
    int before = atomic_load(&most);
    while (now > before &&
           !atomic_compare_exchange_weak(&most, &before, now)) {
    }
    rt_thread_event_wait(&go, RT_NO_TIMEOUT);
    atomic_fetch_sub(&running, 1);
    return square(argument, result);
}

static int
tell_the_name(struct rt_object *argument, struct rt_object **result)
{
    (void)argument;
    *result = NULL;
    int number = -1;
    sscanf(rt_thread_name(rt_thread_current()), "pool_%d", &number);
    *result = rt_int_new(number);
    return 0;
}

// --- submit ----------------------------------------------------------------

static void
a_call_comes_back_with_its_result(void **state)
{
    (void)state;
    make(2);
    struct rt_object *future = submit(square, 100);
    assert_number(result_of(future), 10000);
    rt_decref(future);
    future = submit(tell_the_name, 1);
    assert_true(result_of(future) >= 0);
    rt_decref(future);
}

static void
a_call_comes_back_with_its_error(void **state)
{
    (void)state;
    make(1);
    struct rt_object *future = submit(fail_on_purpose, 7);
    assert_number(result_of(future), -1);
    assert_error(RT_ERROR_VALUE, "no 7");
    rt_decref(future);
    future = submit(square, 30);
    assert_number(result_of(future), 900);
    rt_decref(future);
}

static void
there_are_no_more_threads_than_workers(void **state)
{
    (void)state;
    make(3);
    struct rt_object *futures[10];
    for (int i = 0; i < 10; i++) {
        futures[i] = submit(wait_for_go, i);
    }
    bunch_await(atomic_load(&running) == 3);
    assert_number(rt_thread_active_count(), 1 + 3);
    rt_thread_event_set(&go);
    for (int i = 0; i < 10; i++) {
        assert_number(result_of(futures[i]), i * i);
        rt_decref(futures[i]);
    }
    assert_number(atomic_load(&most), 3);
}

/* A worker that has told its result keeps the GIL until it waits for the next
 * call, so it is idle before anybody can submit one. */
static void
one_that_is_idle_is_used_again(void **state)
{
    (void)state;
    make(8);
    for (int i = 0; i < 20; i++) {
        struct rt_object *future = submit(tell_the_name, i);
        assert_number(result_of(future), 0);
        rt_decref(future);
    }
    assert_number(rt_thread_active_count(), 2);
}

static void
one_worker_makes_the_calls_in_order(void **state)
{
    (void)state;
    make(1);
    struct rt_object *futures[50];
    for (int i = 0; i < 50; i++) {
        futures[i] = submit(i == 0 ? wait_for_go : square, i);
    }
    rt_thread_event_set(&go);
    assert_number(result_of(futures[49]), 49 * 49);
    for (int i = 0; i < 50; i++) {
        assert_true(rt_pool_future_is_done(futures[i]));
        rt_decref(futures[i]);
    }
}

// --- shutting down ---------------------------------------------------------

static void
shutting_down_makes_what_was_submitted(void **state)
{
    (void)state;
    make(2);
    for (int i = 0; i < 20; i++) {
        rt_decref(submit(square, i));
    }
    rt_executor_shut_down(executor, true, false);
    assert_number(atomic_load(&made), 20);
    assert_number(rt_thread_active_count(), 1);
    assert_null(submit(square, 1));
    assert_error(RT_ERROR_RUNTIME,
                 "cannot schedule new futures after shutdown");
    rt_executor_shut_down(executor, true, false);
}

static void
shutting_down_cancels_what_has_not_begun(void **state)
{
    (void)state;
    make(2);
    struct rt_object *futures[10];
    for (int i = 0; i < 10; i++) {
        futures[i] = submit(wait_for_go, i);
    }
    bunch_await(atomic_load(&running) == 2);
    rt_executor_shut_down(executor, false, true);
    rt_thread_event_set(&go);
    rt_executor_shut_down(executor, true, false);
    for (int i = 0; i < 10; i++) {
        assert_number(rt_pool_future_is_cancelled(futures[i]), i >= 2);
        rt_decref(futures[i]);
    }
    assert_number(atomic_load(&made), 2);
}

static void
a_call_cancelled_in_the_queue_is_not_made(void **state)
{
    (void)state;
    make(1);
    struct rt_object *first = submit(wait_for_go, 1);
    struct rt_object *second = submit(square, 2);
    bunch_await(atomic_load(&running) == 1);
    assert_false(rt_pool_future_cancel(first));
    assert_true(rt_pool_future_cancel(second));
    rt_thread_event_set(&go);
    rt_executor_shut_down(executor, true, false);
    assert_number(atomic_load(&made), 1);
    assert_number(rt_pool_future_state(second),
                  RT_POOL_FUTURE_CANCELLED_AND_NOTIFIED);
    rt_decref(first);
    rt_decref(second);
}

static void
given_back_it_makes_what_was_submitted(void **state)
{
    (void)state;
    make(2);
    struct rt_object *futures[10];
    for (int i = 0; i < 10; i++) {
        futures[i] = submit(wait_for_go, i);
    }
    rt_executor_free(executor);
    executor = NULL;
    rt_thread_event_set(&go);
    for (int i = 0; i < 10; i++) {
        assert_number(result_of(futures[i]), i * i);
        rt_decref(futures[i]);
    }
}

static void
the_end_of_the_program_does_not_wait_for_the_idle(void **state)
{
    (void)state;
    make(3);
    rt_decref(submit(square, 1));
    rt_decref(submit(square, 2));
    rt_thread_shutdown();
    assert_number(atomic_load(&made), 2);
    assert_number(rt_thread_active_count(), 1);
    assert_null(submit(square, 1));
    assert_error(RT_ERROR_RUNTIME,
                 "cannot schedule new futures after shutdown");
}

// --- initialisers ----------------------------------------------------------

static int
count_initialised(void *data)
{
    atomic_fetch_add((atomic_int *)data, 1);
    return 0;
}

static void
each_worker_is_initialised_first(void **state)
{
    (void)state;
    atomic_int initialised = 0;
    executor = rt_executor_new(3, NULL, count_initialised, &initialised);
    struct rt_object *futures[3];
    for (int i = 0; i < 3; i++) {
        futures[i] = submit(wait_for_go, i);
    }
    bunch_await(atomic_load(&running) == 3);
    assert_number(atomic_load(&initialised), 3);
    rt_thread_event_set(&go);
    for (int i = 0; i < 3; i++) {
        assert_number(result_of(futures[i]), i * i);
        rt_decref(futures[i]);
    }
}

static int
fail_to_initialise(void *data)
{
    (void)data;
    rt_thread_event_wait(&go, RT_NO_TIMEOUT);
    return rt_error_set(RT_ERROR_VALUE, "on purpose");
}

static void
one_that_fails_breaks_the_pool(void **state)
{
    (void)state;
    static const char TEXT[] = "A thread initializer failed, the thread pool "
                               "is not usable anymore";
    executor = rt_executor_new(1, NULL, fail_to_initialise, NULL);
    struct rt_object *futures[3];
    for (int i = 0; i < 3; i++) {
        futures[i] = submit(square, i);
    }
    rt_thread_event_set(&go);
    for (int i = 0; i < 3; i++) {
        assert_number(result_of(futures[i]), -1);
        assert_error(RT_ERROR_BROKEN_POOL, TEXT);
        rt_decref(futures[i]);
    }
    assert_null(submit(square, 1));
    assert_error(RT_ERROR_BROKEN_POOL, TEXT);
    assert_number(atomic_load(&made), 0);
}

// --- map -------------------------------------------------------------------

enum {
    ITEMS = 30
};

static int
map(rt_executor_call *call, int64_t timeout_us, struct rt_object **results)
{
    struct rt_object *arguments[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
        arguments[i] = rt_int_new(i);
    }
    int result =
        rt_executor_map(executor, call, arguments, ITEMS, timeout_us, results);
    for (int i = 0; i < ITEMS; i++) {
        rt_decref(arguments[i]);
    }
    return result;
}

static void
map_gives_the_results_in_order(void **state)
{
    (void)state;
    make(4);
    struct rt_object *results[ITEMS];
    assert_number(map(square, RT_NO_TIMEOUT, results), 0);
    for (int i = 0; i < ITEMS; i++) {
        assert_number(rt_int_value(results[i]), i * i);
        rt_decref(results[i]);
    }
    assert_number(rt_executor_map(executor, square, NULL, 0, 0, NULL), 0);
}

static int
square_or_fail(struct rt_object *argument, struct rt_object **result)
{
    int64_t value = rt_int_value(argument);
    return value == 5 || value == 20 ? fail_on_purpose(argument, result)
                                     : square(argument, result);
}

static void
map_fails_with_the_first_error(void **state)
{
    (void)state;
    make(4);
    struct rt_object *results[ITEMS];
    assert_number(map(square_or_fail, RT_NO_TIMEOUT, results), -1);
    assert_error(RT_ERROR_VALUE, "no 5");
}

static void
map_runs_out_of_time_and_cancels_the_rest(void **state)
{
    (void)state;
    make(2);
    struct rt_object *results[ITEMS];
    assert_number(map(wait_for_go, 20 * 1000, results), -1);
    assert_error(RT_ERROR_TIMEOUT, "");
    rt_thread_event_set(&go);
    rt_executor_shut_down(executor, true, false);
    assert_true(atomic_load(&made) <= 2);
}

// --- what can go wrong -----------------------------------------------------

static void
it_needs_a_worker(void **state)
{
    (void)state;
    assert_null(rt_executor_new(0, NULL, NULL, NULL));
    assert_error(RT_ERROR_VALUE, "max_workers must be greater than 0");
    assert_true(rt_executor_usual_workers() >= 5);
    assert_true(rt_executor_usual_workers() <= 32);
    rt_executor_free(NULL);
}

/* Needs no memory of its own. */
static int
give_back(struct rt_object *argument, struct rt_object **result)
{
    *result = rt_new_ref(argument);
    return 0;
}

static void
no_memory_is_an_error_wherever_it_is_missing(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_executor_new(2, NULL, NULL, NULL));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    make(2);
    struct rt_object *argument = rt_int_new(1000);
    struct rt_object *future = NULL;
    size_t failed = 0;
    while (future == NULL) {
        rt_alloc_fail_nth(failed + 1);
        future = rt_executor_submit(executor, give_back, argument);
        if (future == NULL) {
            assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
            rt_error_clear();
            failed++;
        }
    }
    rt_alloc_fail_nth(0);
    assert_true(failed >= 3); // future, work, the ring of the queue, thread
    assert_number(result_of(future), 1000);
    rt_decref(future);
    rt_decref(argument);
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_call_comes_back_with_its_result),
        CASE(a_call_comes_back_with_its_error),
        CASE(there_are_no_more_threads_than_workers),
        CASE(one_that_is_idle_is_used_again),
        CASE(one_worker_makes_the_calls_in_order),
        CASE(shutting_down_makes_what_was_submitted),
        CASE(shutting_down_cancels_what_has_not_begun),
        CASE(a_call_cancelled_in_the_queue_is_not_made),
        CASE(given_back_it_makes_what_was_submitted),
        CASE(the_end_of_the_program_does_not_wait_for_the_idle),
        CASE(each_worker_is_initialised_first),
        CASE(one_that_fails_breaks_the_pool),
        CASE(map_gives_the_results_in_order),
        CASE(map_fails_with_the_first_error),
        CASE(map_runs_out_of_time_and_cancels_the_rest),
        CASE(it_needs_a_worker),
        CASE(no_memory_is_an_error_wherever_it_is_missing),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
