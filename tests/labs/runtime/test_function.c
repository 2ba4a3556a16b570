/* Functions and the namespaces that hold them. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/function.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/string.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"

static struct rt_object *last_self, *last_argument;

static int
remember(struct rt_object *self, struct rt_object *argument)
{
    last_self = self;
    last_argument = argument;
    return 0;
}

static int
start_clean(void **state)
{
    (void)state;
    rt_error_clear();
    rt_gc_disable();
    rt_gc_collect(2);
    return 0;
}

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_gc_set_debug(0);
    rt_gc_clear_garbage();
    rt_gc_collect(2);
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

/* A namespace in which f is defined: a new dict. */
static struct rt_object *
namespace_with_f(void)
{
    struct rt_object *names = rt_dict_new();
    struct rt_object *key = rt_str_new("f");
    struct rt_object *function = rt_function_new_in(names, remember);
    assert_number(rt_dict_set(names, key, function), 0);
    rt_decref(key);
    rt_decref(function);
    return names;
}

/* row: GC07 test_gc.GCTests.test_function */
static void
a_function_and_its_namespace_are_two(void **state)
{
    (void)state;
    struct rt_object *names = namespace_with_f();
    assert_true(rt_gc_is_tracked(names));
    rt_gc_collect(2);
    rt_decref(names);
    assert_number(rt_gc_collect(2), 2);
    assert_number(rt_gc_collect(2), 0);
}

static void
a_function_that_is_held_keeps_its_namespace(void **state)
{
    (void)state;
    struct rt_object *names = namespace_with_f();
    struct rt_object *key = rt_str_new("f");
    struct rt_object *function = rt_new_ref(rt_dict_get(names, key));
    rt_decref(names);
    rt_gc_collect(2);
    assert_ptr_equal(rt_function_globals(function), names);
    assert_ptr_equal(rt_dict_get(names, key), function);
    rt_decref(key);
    rt_decref(function);
    assert_number(rt_gc_collect(2), 2);
}

static void
a_function_may_have_no_namespace(void **state)
{
    (void)state;
    struct rt_object *function = rt_function_new(remember);
    assert_true(rt_function_check(function));
    assert_true(rt_gc_is_tracked(function));
    assert_null(rt_function_globals(function));
    rt_decref(function);
}

static void
a_call_passes_the_argument_and_no_self(void **state)
{
    (void)state;
    struct rt_object *function = rt_function_new(remember);
    struct rt_object *one = rt_int_new(1);
    last_self = one;
    assert_number(function->ob_type->call(function, one), 0);
    assert_null(last_self);
    assert_ptr_equal(last_argument, one);
    rt_decref(function);
}

static void
a_function_is_not_copied(void **state)
{
    (void)state;
    struct rt_object *function = rt_function_new(remember);
    struct rt_object *copy = rt_copy(function);
    struct rt_object *deep = rt_deepcopy(function);
    assert_ptr_equal(copy, function);
    assert_ptr_equal(deep, function);
    rt_decref(copy);
    rt_decref(deep);
    rt_decref(function);
}

static void
weak_references_to_it_are_cleared_with_it(void **state)
{
    (void)state;
    struct rt_object *function = rt_function_new(remember);
    struct rt_object *reference = rt_weakref_new(function, NULL);
    rt_decref(function);
    assert_null(rt_weakref_get(reference));
    rt_decref(reference);
}

static void
no_memory_for_a_function_is_a_memory_error(void **state)
{
    (void)state;
    struct rt_object *names = rt_dict_new();
    rt_alloc_fail_nth(1);
    assert_null(rt_function_new_in(names, remember));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    assert_number(names->ob_refcnt, 1);
    rt_decref(names);
}

#define CASE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, start_clean, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_function_and_its_namespace_are_two),
        CASE(a_function_that_is_held_keeps_its_namespace),
        CASE(a_function_may_have_no_namespace),
        CASE(a_call_passes_the_argument_and_no_self),
        CASE(a_function_is_not_copied),
        CASE(weak_references_to_it_are_cleared_with_it),
        CASE(no_memory_for_a_function_is_a_memory_error),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
