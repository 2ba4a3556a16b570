#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/context.h"
#include "labs/runtime/context_map.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/task.h"
#include "labs/testing.h"

static struct rt_loop *loop;
static struct rt_object *variable; // worth 1 where it is not set
static int64_t seen[8];            // by callbacks and tasks
static size_t seen_count;

static int64_t
value_of(struct rt_object *var)
{
    struct rt_object *value = rt_context_var_get(var);
    assert_non_null(value);
    int64_t number = rt_int_value(value);
    rt_decref(value);
    return number;
}

static int
try_to_set(int64_t value, struct rt_object **token)
{
    struct rt_object *number = rt_int_new(value);
    if (number == NULL) {
        return -1;
    }
    *token = rt_context_var_set(variable, number);
    rt_decref(number);
    return *token != NULL ? 0 : -1;
}

static void
set(int64_t value)
{
    struct rt_object *token = NULL;
    assert_number(try_to_set(value, &token), 0);
    rt_decref(token);
}

static int
look(struct rt_object *argument)
{
    (void)argument;
    seen[seen_count++] = value_of(variable);
    return 0;
}
static struct rt_static_function looking = RT_STATIC_FUNCTION(look);

/* Looks, then sets 10 times what is there. */
static int
look_and_set(struct rt_object *argument)
{
    look(argument);
    set(10 * value_of(variable));
    return 0;
}
static struct rt_static_function setting = RT_STATIC_FUNCTION(look_and_set);

static int
stop(struct rt_object *argument)
{
    (void)argument;
    rt_loop_stop(loop);
    return 0;
}
static struct rt_static_function stopping = RT_STATIC_FUNCTION(stop);

static void
turns(int count)
{
    for (int i = 0; i < count; i++) {
        assert_number(rt_loop_call_soon(loop, &stopping.head, NULL), 0);
        assert_number(rt_loop_run_forever(loop), 0);
    }
}

static void
expect_seen(const char *expected)
{
    char text[64] = "";
    for (size_t i = 0; i < seen_count; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof(text) - length, "%s%d",
                 i > 0 ? " " : "", (int)seen[i]);
    }
    assert_text(text, expected);
}

static void
expect_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

// --- maps ------------------------------------------------------------------

static void
a_map_with_another_value_leaves_the_old_map_as_it_is(void **state)
{
    (void)state;
    struct rt_object *one = rt_int_new(1001);
    struct rt_object *two = rt_int_new(1002);
    struct rt_object *key = rt_int_new(1003);
    struct rt_object *old = rt_context_map_with(NULL, key, one);
    struct rt_object *new = rt_context_map_with(old, key, two);
    struct rt_object *none = old;
    assert_ptr_equal(rt_context_map_find(old, key), one);
    assert_ptr_equal(rt_context_map_find(new, key), two);
    assert_number(rt_context_map_size(new), 1);
    assert_number(rt_context_map_without(new, key, &none), 0);
    assert_null(none);
    assert_null(rt_context_map_find(NULL, key));
    rt_decref(new);
    rt_decref(old);
    rt_decref(key);
    rt_decref(two);
    rt_decref(one);
}

// --- variables -------------------------------------------------------------

static void
a_reset_brings_back_what_was_before_once(void **state)
{
    (void)state;
    struct rt_object *first = NULL, *second = NULL;
    assert_number(try_to_set(2, &first), 0);
    assert_number(try_to_set(3, &second), 0);
    assert_number(value_of(variable), 3);
    assert_number(rt_context_var_reset(variable, second), 0);
    assert_number(value_of(variable), 2);
    assert_number(rt_context_var_reset(variable, first), 0);
    assert_number(value_of(variable), 1);
    assert_number(rt_context_var_reset(variable, first), -1);
    expect_error(RT_ERROR_RUNTIME, "Token has already been used once");
    rt_decref(first);
    rt_decref(second);
}

static int
reset_here(struct rt_object *token)
{
    assert_number(rt_context_var_reset(variable, token), -1);
    expect_error(RT_ERROR_VALUE, "Token was created in a different Context");
    return 0;
}

static void
a_token_is_good_for_its_variable_and_its_context_alone(void **state)
{
    (void)state;
    static struct rt_static_function resetting =
        RT_STATIC_FUNCTION(reset_here);
    struct rt_object *other = rt_context_var_new("other", NULL);
    struct rt_object *token = NULL;
    assert_number(try_to_set(2, &token), 0);
    assert_number(rt_context_var_reset(other, token), -1);
    expect_error(RT_ERROR_VALUE,
                 "Token was created by a different ContextVar");
    assert_null(rt_context_var_get(other));
    expect_error(RT_ERROR_LOOKUP, "<ContextVar name='other'>");
    struct rt_object *context = rt_context_copy();
    assert_number(rt_context_run(context, &resetting.head, token), 0);
    rt_decref(context);
    rt_decref(token);
    rt_decref(other);
}

// --- contexts --------------------------------------------------------------

static void
what_a_run_sets_stays_in_its_context(void **state)
{
    (void)state;
    set(2);
    struct rt_object *context = rt_context_copy();
    set(3);
    assert_number(rt_context_run(context, &setting.head, NULL), 0);
    assert_number(rt_context_run(context, &looking.head, NULL), 0);
    look(NULL);
    expect_seen("2 20 3");
    rt_decref(context);
}

static int
enter_again(struct rt_object *context)
{
    assert_number(rt_context_run(context, &looking.head, NULL), -1);
    expect_error(RT_ERROR_RUNTIME,
                 "cannot enter context: it is already entered");
    return 0;
}

static void
a_context_cannot_be_entered_twice(void **state)
{
    (void)state;
    static struct rt_static_function entering =
        RT_STATIC_FUNCTION(enter_again);
    struct rt_object *context = rt_context_copy();
    assert_number(rt_context_run(context, &entering.head, context), 0);
    assert_number(rt_context_run(context, &looking.head, NULL), 0);
    expect_seen("1");
    rt_decref(context);
}

static void
a_cycle_through_a_context_is_garbage(void **state)
{
    (void)state;
    struct rt_object *future = rt_future_new(loop);
    struct rt_object *token = rt_context_var_set(variable, future);
    struct rt_object *bound = rt_context_bind(&looking.head);
    assert_number(rt_future_add_done_callback(future, bound), 0);
    assert_number(rt_context_var_reset(variable, token), 0);
    rt_decref(token);
    rt_decref(bound);
    rt_decref(future);
    assert_true(rt_gc_collect(2) >= 3);
}

// --- in the loop -----------------------------------------------------------

static void
handles_work_in_a_copy_of_the_context_they_were_made_in(void **state)
{
    (void)state;
    set(2);
    assert_number(rt_loop_call_soon(loop, &setting.head, variable), 0);
    struct rt_object *timer = rt_loop_call_later(loop, 1, &setting.head, NULL);
    set(3);
    turns(1);
    assert_number(rt_loop_call_soon(loop, &looking.head, variable), 0);
    rt_loop_call_soon(loop, &looking.head, NULL); // has no handle
    struct rt_object *late = rt_loop_call_later(loop, 2, &stopping.head, NULL);
    rt_loop_run_forever(loop);
    expect_seen("2 3 3 2");
    rt_decref(late);
    rt_decref(timer);
}

static void
callbacks_of_futures_work_where_they_were_added(void **state)
{
    (void)state;
    struct rt_object *future = rt_future_new(loop);
    set(2);
    rt_future_add_done_callback(future, &looking.head);
    set(3);
    rt_future_add_done_callback(future, &setting.head);
    rt_future_add_done_callback(future, &looking.head);
    set(4);
    assert_number(rt_future_remove_done_callback(future, &looking.head), 2);
    rt_future_add_done_callback(future, &looking.head);
    set(5);
    rt_future_set_result(future, rt_none);
    turns(1);
    expect_seen("3 4");
    rt_decref(future);
}

static enum rt_sent
steps_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    RT_BEGIN;
    look_and_set(NULL);
    RT_YIELD(rt_none);
    if (sent == NULL) {
        RT_FAIL;
    }
    look_and_set(NULL);
    RT_END;
}

static struct rt_object *
steps(void)
{
    static const struct rt_code CODE =
        RT_COROUTINE("steps", struct rt_coroutine, 0, steps_body);
    return rt_task_new(loop, rt_coroutine_new(&CODE));
}

static void
tasks_see_what_was_set_before_and_keep_what_they_set(void **state)
{
    (void)state;
    set(2);
    struct rt_object *first = steps();
    set(3);
    struct rt_object *second = steps();
    turns(3);
    expect_seen("2 3 20 30");
    assert_number(value_of(variable), 3);
    rt_decref(first);
    rt_decref(second);
}

static int
make_eager(struct rt_object *argument)
{
    (void)argument;
    rt_decref(steps());
    look(NULL);
    return 0;
}

static void
an_eager_task_sets_nothing_for_its_maker(void **state)
{
    (void)state;
    static struct rt_static_function making = RT_STATIC_FUNCTION(make_eager);
    rt_loop_set_eager(loop, true);
    set(2);
    rt_loop_call_soon(loop, &making.head, NULL);
    turns(3);
    expect_seen("2 2 20");
}

// --- without memory --------------------------------------------------------

/* Sets, binds, copies; 0, or -1 with a pending memory error. */
static int
try_all(void)
{
    struct rt_object *token = NULL;
    struct rt_object *var = rt_context_var_new("v", NULL);
    struct rt_object *context = NULL, *bound = NULL, *task = NULL;
    int result = var != NULL ? try_to_set(1000, &token) : -1;
    if (result == 0) {
        result = rt_context_var_reset(variable, token);
    }
    if (result == 0) {
        context = rt_context_copy();
        result = context != NULL ? try_to_set(7, &bound) : -1;
    }
    rt_xdecref(bound);
    if (result == 0) {
        bound = rt_context_bind(&looking.head);
        task = bound != NULL ? steps() : NULL;
        result = task != NULL ? 0 : -1;
        rt_xdecref(bound);
    }
    rt_xdecref(task);
    rt_xdecref(context);
    rt_xdecref(token);
    rt_xdecref(var);
    rt_context_forget();
    return result;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    size_t nth = 0;
    int result = -1;
    while (result != 0) {
        rt_alloc_fail_nth(++nth);
        result = try_all();
        if (result != 0) {
            assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
            rt_error_clear();
        }
    }
    rt_alloc_fail_nth(0);
    assert_true(nth > 8);
    turns(3);
}

// --- all of them -----------------------------------------------------------

static void
hear(const struct rt_code *code)
{
    assert_text(code->name, "steps");
}

static int
begin(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_coroutine_set_never_awaited_hook(hear);
    seen_count = 0;
    loop = rt_loop_new();
    rt_loop_use_virtual_clock(loop);
    struct rt_object *one = rt_int_new(1);
    variable = rt_context_var_new("user", one);
    rt_decref(one);
    assert_non_null(variable);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_context_forget();
    rt_clear(&variable);
    rt_loop_free(loop);
    rt_gc_collect(2);
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_alloc_live_blocks(), 0);
    return 0;
}

#define CONTEXT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CONTEXT_TEST(a_map_with_another_value_leaves_the_old_map_as_it_is),
        CONTEXT_TEST(a_reset_brings_back_what_was_before_once),
        CONTEXT_TEST(a_token_is_good_for_its_variable_and_its_context_alone),
        CONTEXT_TEST(what_a_run_sets_stays_in_its_context),
        CONTEXT_TEST(a_context_cannot_be_entered_twice),
        CONTEXT_TEST(a_cycle_through_a_context_is_garbage),
        CONTEXT_TEST(handles_work_in_a_copy_of_the_context_they_were_made_in),
        CONTEXT_TEST(callbacks_of_futures_work_where_they_were_added),
        CONTEXT_TEST(tasks_see_what_was_set_before_and_keep_what_they_set),
        CONTEXT_TEST(an_eager_task_sets_nothing_for_its_maker),
        CONTEXT_TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
