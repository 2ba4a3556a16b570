#include <math.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/none.h"
#include "labs/runtime/string.h"
#include "labs/runtime/wait.h"
#include "labs/testing.h"

static struct rt_loop *loop;
static struct rt_object *future;
static char events[64];
static int troubles; // errors that the handler heard of

static int
note(struct rt_object *letter, struct rt_object *argument)
{
    assert_ptr_equal(argument, future);
    strncat(events, rt_str_text(letter), sizeof(events) - strlen(events) - 1);
    return 0;
}

static struct rt_object *
callback(const char *letter)
{
    struct rt_object *text = rt_str_new(letter);
    struct rt_object *made = rt_closure_new(note, text);
    assert_non_null(made);
    rt_decref(text);
    return made;
}

static void
add(struct rt_object *made)
{
    assert_number(rt_future_add_done_callback(future, made), 0);
}

static void
expect_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

static void
turn(void)
{
    rt_loop_stop(loop);
    assert_number(rt_loop_run_forever(loop), 0);
}

// --- results ---------------------------------------------------------------

static void
it_is_pending_until_it_has_a_result(void **state)
{
    (void)state;
    assert_false(rt_future_is_done(future));
    assert_null(rt_future_result(future));
    expect_error(RT_ERROR_INVALID_STATE, "Result is not ready.");
    assert_null(rt_future_exception(future));
    expect_error(RT_ERROR_INVALID_STATE, "Exception is not set.");
    assert_number(rt_future_set_result(future, rt_none), 0);
    assert_true(rt_future_is_done(future));
    assert_ptr_equal(rt_future_result(future), rt_none);
    assert_null(rt_future_exception(future));
    assert_number(rt_future_set_result(future, rt_none), -1);
    expect_error(RT_ERROR_INVALID_STATE, "invalid state");
    assert_false(rt_future_cancel(future, NULL));
}

static void
a_cancelled_one_raises_with_its_message(void **state)
{
    (void)state;
    struct rt_object *message = rt_str_new("enough");
    assert_true(rt_future_cancel(future, message));
    assert_false(rt_future_cancel(future, NULL));
    assert_true(rt_future_is_cancelled(future));
    for (int i = 0; i < 2; i++) {
        assert_null(rt_future_result(future));
        expect_error(RT_ERROR_CANCELLED, "enough");
    }
    assert_null(rt_future_exception(future));
    expect_error(RT_ERROR_CANCELLED, "enough");
    rt_decref(message);
}

static void
a_stop_iteration_becomes_a_runtime_error(void **state)
{
    (void)state;
    struct rt_object *stop = rt_exception_new(RT_ERROR_STOP_ITERATION, "");
    assert_number(rt_future_set_exception(future, stop), 0);
    assert_null(rt_future_result(future));
    expect_error(RT_ERROR_RUNTIME,
                 "StopIteration interacts badly with generators and cannot be "
                 "raised into a Future");
    rt_decref(stop);
}

static void
an_exception_that_nobody_sees_is_reported_at_death(void **state)
{
    (void)state;
    struct rt_object *boom = rt_exception_new(RT_ERROR_EXCEPTION, "Boom");
    assert_number(rt_future_set_exception(future, boom), 0);
    rt_clear(&future);
    assert_number(troubles, 1);
    future = rt_future_new(loop);
    assert_number(rt_future_set_exception(future, boom), 0);
    assert_null(rt_future_result(future));
    expect_error(RT_ERROR_EXCEPTION, "Boom");
    rt_clear(&future);
    assert_number(troubles, 1);
    rt_decref(boom);
}

/* Waits for it, and perhaps for another one, until one of them has failed. */
static void
wait_for_an_error(struct rt_object *other)
{
    struct rt_object *futures = rt_list_new();
    assert_number(rt_list_append(futures, future), 0);
    if (other != NULL) {
        assert_number(rt_list_append(futures, other), 0);
    }
    struct rt_object *waiting = rt_wait(futures, INFINITY, RT_WAIT_ERROR);
    rt_decref(futures);
    struct rt_object *parts = rt_loop_run_until_complete(loop, waiting);
    assert_non_null(parts);
    rt_decref(parts);
}

/* The last of all ends the wait whatever it is (_on_completion). */
static void
a_wait_sees_the_error_that_decides_it(void **state)
{
    (void)state;
    struct rt_object *boom = rt_exception_new(RT_ERROR_EXCEPTION, "Boom");
    struct rt_object *other = rt_future_new(loop);
    assert_number(rt_future_set_exception(future, boom), 0);
    wait_for_an_error(other);
    rt_clear(&future);
    assert_number(troubles, 0);
    future = rt_future_new(loop);
    assert_number(rt_future_set_exception(future, boom), 0);
    wait_for_an_error(NULL);
    rt_clear(&future);
    assert_number(troubles, 1);
    rt_decref(other);
    rt_decref(boom);
}

// --- callbacks -------------------------------------------------------------

static void
callbacks_come_in_the_next_turn_in_their_order(void **state)
{
    (void)state;
    struct rt_object *made[] = {callback("a"), callback("b"), callback("c")};
    for (int i = 0; i < 3; i++) {
        add(made[i]);
    }
    add(made[0]);
    assert_number(rt_future_set_result(future, rt_none), 0);
    add(made[2]); // too late is not too late
    assert_text(events, "");
    turn();
    assert_text(events, "abcac");
    for (int i = 0; i < 3; i++) {
        rt_decref(made[i]);
    }
}

static void
without_memory_for_the_next_turn_a_callback_comes_at_once(void **state)
{
    (void)state;
    struct rt_object *made[] = {callback("a"), callback("b")};
    add(made[0]);
    add(made[1]);
    rt_handle_clear_pool();
    rt_alloc_fail_nth(1);
    assert_number(rt_future_set_result(future, rt_none), 0);
    rt_alloc_fail_nth(0);
    assert_text(events, "a");
    turn();
    assert_text(events, "ab");
    rt_decref(made[0]);
    rt_decref(made[1]);
}

/* row: FU08
 * test_futures.BaseFutureDoneCallbackTests.test_callbacks_remove_first_callback
 */
static void
a_removed_callback_is_not_called(void **state)
{
    (void)state;
    struct rt_object *a = callback("a");
    struct rt_object *b = callback("b");
    struct rt_object *c = callback("c");
    add(a);
    add(b);
    add(c);
    assert_number(rt_future_remove_done_callback(future, a), 1);
    assert_number(rt_future_set_result(future, rt_none), 0);
    turn();
    assert_text(events, "bc");
    rt_decref(a);
    rt_decref(b);
    rt_decref(c);
}

/* row: FU09 test_futures.BaseFutureDoneCallbackTests.test_remove_done_callback
 */
static void
removing_says_how_many_there_were(void **state)
{
    (void)state;
    struct rt_object *a = callback("a");
    struct rt_object *b = callback("b");
    struct rt_object *c = callback("c");
    add(a);
    add(b);
    for (int i = 0; i < 6; i++) {
        add(c);
    }
    assert_number(rt_future_remove_done_callback(future, b), 1);
    assert_number(rt_future_remove_done_callback(future, b), 0);
    assert_number(rt_future_remove_done_callback(future, c), 6);
    assert_number(c->ob_refcnt, 1);
    assert_number(rt_future_set_result(future, rt_none), 0);
    turn();
    assert_text(events, "a");
    rt_decref(a);
    rt_decref(b);
    rt_decref(c);
}

/* The result stands where the callbacks stood. */
static void
a_result_is_not_taken_for_callbacks(void **state)
{
    (void)state;
    struct rt_object *a = callback("a");
    struct rt_object *list = rt_list_new();
    assert_number(rt_list_append(list, a), 0);
    assert_number(rt_future_set_result(future, list), 0);
    assert_number(rt_future_remove_done_callback(future, a), 0);
    add(a);
    turn();
    assert_text(events, "a");
    assert_number(rt_list_size(list), 1);
    rt_decref(list);
    rt_decref(a);
}

/* Ends the future when it dies. */
static void
dying_words(struct rt_object *object)
{
    (void)object;
    assert_number(rt_future_set_result(future, rt_none), 0);
}

/* A list for the second is made, and that starts a collection. */
static void
a_collection_may_end_it_while_a_callback_is_added(void **state)
{
    (void)state;
    static struct rt_class ender;
    static const char *const FIELDS[] = {"self"};
    struct rt_object *a = callback("a");
    struct rt_object *b = callback("b");
    rt_class_init(&ender, "ender", FIELDS, 1, dying_words);
    struct rt_object *cycle = rt_instance_new(&ender);
    rt_instance_set(cycle, 0, cycle);
    add(a);
    rt_decref(cycle);
    rt_gc_enable();
    rt_gc_set_threshold(0, 1);
    add(b);
    rt_gc_disable();
    rt_gc_set_threshold(0, 700);
    assert_true(rt_future_is_done(future));
    turn();
    assert_text(events, "ab");
    rt_decref(a);
    rt_decref(b);
}

static void
the_collector_finds_a_future_that_its_callback_holds(void **state)
{
    (void)state;
    struct rt_object *made = rt_closure_new(note, future);
    add(made);
    rt_decref(made);
    rt_clear(&future);
    assert_number(rt_gc_collect(2), 2);
}

// --- all of them -----------------------------------------------------------

static void
hear(struct rt_loop *where, const struct rt_loop_trouble *trouble, void *data)
{
    (void)data;
    assert_ptr_equal(where, loop);
    assert_contains(trouble->message, "never retrieved");
    troubles++;
}

static int
begin(void **state)
{
    (void)state;
    events[0] = '\0';
    troubles = 0;
    rt_gc_disable();
    loop = rt_loop_new();
    assert_non_null(loop);
    rt_loop_set_exception_handler(loop, hear, NULL);
    future = rt_future_new(loop);
    assert_non_null(future);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_clear(&future);
    rt_gc_collect(2);
    rt_loop_free(loop);
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_alloc_live_blocks(), 0);
    return 0;
}

#define FUTURE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        FUTURE_TEST(it_is_pending_until_it_has_a_result),
        FUTURE_TEST(a_cancelled_one_raises_with_its_message),
        FUTURE_TEST(a_stop_iteration_becomes_a_runtime_error),
        FUTURE_TEST(an_exception_that_nobody_sees_is_reported_at_death),
        FUTURE_TEST(a_wait_sees_the_error_that_decides_it),
        FUTURE_TEST(callbacks_come_in_the_next_turn_in_their_order),
        FUTURE_TEST(without_memory_for_the_next_turn_a_callback_comes_at_once),
        FUTURE_TEST(a_removed_callback_is_not_called),
        FUTURE_TEST(removing_says_how_many_there_were),
        FUTURE_TEST(a_result_is_not_taken_for_callbacks),
        FUTURE_TEST(a_collection_may_end_it_while_a_callback_is_added),
        FUTURE_TEST(the_collector_finds_a_future_that_its_callback_holds),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
