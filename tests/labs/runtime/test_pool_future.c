#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/object.h"
#include "labs/runtime/pool_future.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_object *future;
static char events[32];
static char letters[] = "abc";
static size_t blocks_before;

static int
start_pending(void **state)
{
    (void)state;
    rt_error_clear();
    events[0] = '\0';
    rt_error_set_unraisable_hook(NULL);
    blocks_before = rt_alloc_live_blocks();
    future = rt_pool_future_new();
    return future != NULL ? 0 : -1;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_clear(&future);
    rt_gc_collect(2);
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static void
assert_error(int result, enum rt_error error)
{
    assert_number(result, -1);
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    rt_error_clear();
}

static int
set_number(int64_t value)
{
    struct rt_object *number = rt_int_new(value);
    int result = rt_pool_future_set_result(future, number);
    rt_decref(number);
    return result;
}

static void
note(struct rt_object *object, void *data)
{
    assert_ptr_equal(object, future);
    strncat(events, data, 1);
}

// --- states ----------------------------------------------------------------

static int
set_error(void)
{
    struct rt_object *exception =
        rt_exception_new(RT_ERROR_VALUE, "on purpose");
    int result = rt_pool_future_set_exception(future, exception);
    rt_decref(exception);
    return result;
}

static void
it_goes_from_pending_to_running_to_finished(void **state)
{
    (void)state;
    struct rt_object *result = NULL;
    assert_number(rt_pool_future_state(future), RT_POOL_FUTURE_PENDING);
    assert_error(rt_pool_future_result(future, 0, &result), RT_ERROR_TIMEOUT);
    assert_error(rt_pool_future_result(future, 1000, &result),
                 RT_ERROR_TIMEOUT);
    assert_number(rt_pool_future_set_running(future), 1);
    assert_true(rt_pool_future_is_running(future));
    assert_error(rt_pool_future_set_running(future), RT_ERROR_RUNTIME);
    assert_false(rt_pool_future_cancel(future));
    assert_number(set_number(7000), 0);
    assert_true(rt_pool_future_is_done(future));
    assert_false(rt_pool_future_is_running(future));
    assert_false(rt_pool_future_cancel(future));
    assert_number(rt_pool_future_result(future, RT_NO_TIMEOUT, &result), 0);
    assert_number(rt_int_value(result), 7000);
    rt_decref(result);
    assert_error(set_number(7001), RT_ERROR_INVALID_STATE);
    assert_error(set_error(), RT_ERROR_INVALID_STATE);
}

static void
one_that_is_pending_can_be_cancelled(void **state)
{
    (void)state;
    struct rt_object *result = NULL;
    struct rt_object *exception = NULL;
    assert_true(rt_pool_future_cancel(future));
    assert_true(rt_pool_future_cancel(future));
    assert_true(rt_pool_future_is_cancelled(future));
    assert_true(rt_pool_future_is_done(future));
    assert_error(rt_pool_future_result(future, RT_NO_TIMEOUT, &result),
                 RT_ERROR_CANCELLED);
    assert_error(rt_pool_future_exception(future, 0, &exception),
                 RT_ERROR_CANCELLED);
    assert_number(rt_pool_future_set_running(future), 0);
    assert_number(rt_pool_future_state(future),
                  RT_POOL_FUTURE_CANCELLED_AND_NOTIFIED);
    assert_true(rt_pool_future_cancel(future));
    assert_error(rt_pool_future_set_running(future), RT_ERROR_RUNTIME);
    assert_error(set_number(7000), RT_ERROR_INVALID_STATE);
}

static void
the_error_of_the_call_comes_to_each_who_asks(void **state)
{
    (void)state;
    struct rt_object *result = NULL;
    struct rt_object *exception = NULL;
    assert_error(rt_pool_future_exception(future, 0, &exception),
                 RT_ERROR_TIMEOUT);
    rt_pool_future_set_running(future);
    assert_number(set_error(), 0);
    for (int i = 0; i < 2; i++) {
        assert_number(rt_pool_future_result(future, RT_NO_TIMEOUT, &result),
                      -1);
        assert_number(rt_error_occurred(), RT_ERROR_VALUE);
        assert_text(rt_error_text(), "on purpose");
        rt_error_clear();
        assert_number(rt_pool_future_exception(future, 0, &exception), 0);
        assert_number(rt_exception_error(exception), RT_ERROR_VALUE);
        rt_decref(exception);
    }
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
}

static void
none_is_a_result(void **state)
{
    (void)state;
    struct rt_object *result = future;
    struct rt_object *exception = future;
    assert_number(rt_pool_future_set_result(future, NULL), 0);
    assert_number(rt_pool_future_result(future, 0, &result), 0);
    assert_null(result);
    assert_number(rt_pool_future_exception(future, 0, &exception), 0);
    assert_null(exception);
}

// --- callbacks -------------------------------------------------------------

static void
callbacks_come_in_order_and_later_ones_at_once(void **state)
{
    (void)state;
    rt_pool_future_add_done_callback(future, note, letters);
    rt_pool_future_add_done_callback(future, note, letters + 1);
    assert_text(events, "");
    rt_pool_future_set_result(future, NULL);
    assert_text(events, "ab");
    rt_pool_future_add_done_callback(future, note, letters + 2);
    assert_text(events, "abc");
}

static void
cancelling_calls_back_once(void **state)
{
    (void)state;
    rt_pool_future_add_done_callback(future, note, letters);
    rt_pool_future_cancel(future);
    rt_pool_future_cancel(future);
    assert_text(events, "a");
    rt_pool_future_set_running(future);
    assert_text(events, "a");
}

static void
fail_after_noting(struct rt_object *object, void *data)
{
    note(object, data);
    rt_error_set(RT_ERROR_VALUE, "on purpose");
}

static void
hear(struct rt_object *source)
{
    assert_ptr_equal(source, future);
    strncat(events, "!", 2);
}

static void
an_error_in_a_callback_does_not_stop_the_next(void **state)
{
    (void)state;
    rt_error_set_unraisable_hook(hear);
    rt_pool_future_add_done_callback(future, fail_after_noting, letters);
    rt_pool_future_add_done_callback(future, note, letters + 1);
    assert_number(rt_pool_future_set_result(future, NULL), 0);
    assert_text(events, "a!b");
    rt_pool_future_add_done_callback(future, fail_after_noting, letters + 2);
    assert_text(events, "a!bc!");
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    rt_error_set_unraisable_hook(NULL);
}

static void
callbacks_that_never_come_are_released(void **state)
{
    (void)state;
    rt_pool_future_add_done_callback(future, note, letters);
    rt_clear(&future);
    assert_text(events, "");
}

// --- memory, threads -------------------------------------------------------

static void
a_result_that_holds_its_future_is_collected(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    rt_list_append(list, future);
    rt_pool_future_set_result(future, list);
    rt_decref(list);
    rt_clear(&future);
    assert_number(rt_gc_collect(2), 2);
}

static void
no_memory_is_an_error(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_pool_future_new());
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_alloc_fail_nth(1);
    assert_error(rt_pool_future_add_done_callback(future, note, NULL),
                 RT_ERROR_MEMORY);
}

static atomic_int got;

static int
wait_for_result(void *data)
{
    (void)data;
    struct rt_object *result = NULL;
    if (rt_pool_future_result(future, RT_NO_TIMEOUT, &result) != 0) {
        return -1;
    }
    atomic_fetch_add(&got, rt_int_value(result) == 7000);
    rt_decref(result);
    return 0;
}

static void
all_who_wait_get_the_result(void **state)
{
    (void)state;
    atomic_store(&got, 0);
    struct bunch bunch;
    bunch_start(&bunch, 5, wait_for_result, NULL);
    assert_number(atomic_load(&got), 0);
    set_number(7000);
    bunch_finish(&bunch);
    assert_number(atomic_load(&got), 5);
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_pending, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(it_goes_from_pending_to_running_to_finished),
        CASE(one_that_is_pending_can_be_cancelled),
        CASE(the_error_of_the_call_comes_to_each_who_asks),
        CASE(none_is_a_result),
        CASE(callbacks_come_in_order_and_later_ones_at_once),
        CASE(cancelling_calls_back_once),
        CASE(an_error_in_a_callback_does_not_stop_the_next),
        CASE(callbacks_that_never_come_are_released),
        CASE(a_result_that_holds_its_future_is_collected),
        CASE(no_memory_is_an_error),
        CASE(all_who_wait_get_the_result),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
