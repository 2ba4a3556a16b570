#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/function.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/method.h"
#include "labs/runtime/set.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"
#include "tests/support/scarcity.h"

static const char *const NAMES[] = {"a"};
static struct rt_class plain;
static struct rt_object *function;
static struct rt_object *object;    // an instance
static struct rt_object *last_self; // of the last call, borrowed
static struct rt_object *last_argument;
static size_t blocks_before;

static int
remember(struct rt_object *self, struct rt_object *argument)
{
    last_self = self;
    last_argument = argument;
    return 0;
}

static int
fail_on_purpose(struct rt_object *self, struct rt_object *argument)
{
    (void)self;
    (void)argument;
    return rt_error_set(RT_ERROR_VALUE, "on purpose");
}

static int
start(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_error_clear();
    last_self = last_argument = NULL;
    blocks_before = rt_alloc_live_blocks();
    rt_class_init(&plain, "plain", NAMES, 1, NULL);
    function = rt_function_new(remember);
    object = rt_instance_new(&plain);
    return function != NULL && object != NULL ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_gc_set_debug(0);
    rt_clear(&object);
    rt_clear(&function);
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static int
call(struct rt_object *callable, struct rt_object *argument)
{
    return callable->ob_type->call(callable, argument);
}

// --- calls -----------------------------------------------------------------

static void
a_method_calls_its_function_with_its_object(void **state)
{
    (void)state;
    struct rt_object *method = rt_method_new(function, object);
    assert_true(rt_method_check(method));
    assert_false(rt_method_check(function));
    assert_true(rt_function_check(function));
    assert_ptr_equal(rt_method_function(method), function);
    assert_ptr_equal(rt_method_self(method), object);
    assert_number(object->ob_refcnt, 2);
    assert_number(call(method, function), 0);
    assert_ptr_equal(last_self, object);
    assert_ptr_equal(last_argument, function);
    rt_decref(method);
    assert_number(object->ob_refcnt, 1);
    assert_number(function->ob_refcnt, 1);
}

static void
a_function_by_itself_has_no_self(void **state)
{
    (void)state;
    last_self = object;
    assert_number(call(function, object), 0);
    assert_null(last_self);
    assert_ptr_equal(last_argument, object);
}

static void
an_error_of_the_function_is_that_of_the_call(void **state)
{
    (void)state;
    struct rt_object *fails = rt_function_new(fail_on_purpose);
    struct rt_object *method = rt_method_new(fails, object);
    assert_number(call(method, object), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    rt_error_clear();
    rt_decref(method);
    rt_decref(fails);
}

static struct rt_object *
item_of_last_argument(size_t index)
{
    return rt_tuple_at(last_argument, index);
}

static int
remember_two(struct rt_object *self, struct rt_object *argument)
{
    remember(self, argument);
    assert_ptr_equal(item_of_last_argument(0), object);
    assert_ptr_equal(item_of_last_argument(1), function);
    return 0;
}

/* A method of a method: the inner one is the callable. */
static void
another_callable_gets_a_tuple_of_both(void **state)
{
    (void)state;
    struct rt_object *code = rt_function_new(remember_two);
    struct rt_object *set = rt_set_new();
    struct rt_object *inner = rt_method_new(code, set);
    struct rt_object *outer = rt_method_new(inner, object);
    assert_number(call(outer, function), 0);
    assert_ptr_equal(last_self, set);
    rt_alloc_fail_nth(1);
    assert_number(call(outer, function), -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    rt_decref(outer);
    rt_decref(inner);
    rt_decref(set);
    rt_decref(code);
}

static void
what_cannot_be_called_makes_no_method(void **state)
{
    (void)state;
    assert_null(rt_method_new(object, function));
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(), "first argument must be callable");
    rt_error_clear();
}

// --- values ----------------------------------------------------------------

/* The objects are equal, too, but that does not matter. */
static void
methods_are_equal_by_function_and_the_same_object(void **state)
{
    (void)state;
    struct rt_object *one = rt_set_new();
    struct rt_object *twin = rt_set_new();
    assert_number(rt_equal(one, twin), 1);
    struct rt_object *other_function = rt_function_new(remember);
    struct rt_object *a = rt_method_new(function, one);
    struct rt_object *b = rt_method_new(function, one);
    struct rt_object *c = rt_method_new(function, twin);
    struct rt_object *d = rt_method_new(other_function, one);
    int64_t hash_a = 0;
    int64_t hash_b = 0;
    int64_t hash_c = 0;
    assert_ptr_not_equal(a, b);
    assert_number(rt_equal(a, b), 1);
    assert_number(rt_equal(a, c), 0);
    assert_number(rt_equal(a, d), 0);
    assert_number(rt_equal(a, one), 0);
    assert_number(rt_hash(a, &hash_a), 0); // an object without a hash
    assert_number(rt_hash(b, &hash_b), 0);
    assert_number(rt_hash(c, &hash_c), 0);
    assert_number(hash_a, hash_b);
    assert_true(hash_a != hash_c);
    struct rt_object *all[] = {a, b, c, d, one, twin, other_function};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        rt_decref(all[i]);
    }
}

static void
a_copy_is_equal_and_a_deep_copy_has_another_object(void **state)
{
    (void)state;
    struct rt_object *method = rt_method_new(function, object);
    rt_instance_set(object, 0, method);
    struct rt_object *copy = rt_copy(method);
    assert_ptr_not_equal(copy, method);
    assert_number(rt_equal(copy, method), 1);
    struct rt_object *deep = rt_deepcopy(method);
    struct rt_object *self = rt_method_self(deep);
    assert_ptr_equal(rt_method_function(deep), function);
    assert_ptr_not_equal(self, object);
    assert_ptr_equal(rt_method_self(rt_instance_get(self, 0)), self);
    rt_decref(deep);
    rt_decref(copy);
    rt_decref(method);
}

static void
a_weak_reference_to_a_method_is_dead_at_once(void **state)
{
    (void)state;
    struct rt_object *method = rt_method_new(function, object);
    struct rt_object *reference = rt_weakref_new(method, NULL);
    struct rt_object *of_function = rt_weakref_new(function, NULL);
    rt_decref(method);
    assert_null(rt_weakref_get(reference));
    rt_clear(&function);
    assert_null(rt_weakref_get(of_function));
    rt_decref(reference);
    rt_decref(of_function);
}

// --- cycles ----------------------------------------------------------------

/* row: GC06 test_gc.GCTests.test_method */
static void
a_method_kept_on_its_own_object_is_found(void **state)
{
    (void)state;
    struct rt_object *method = rt_method_new(function, object);
    rt_instance_set(object, 0, method);
    assert_true(rt_gc_is_tracked(method));
    rt_decref(method);
    assert_number(rt_gc_collect(2), 0);
    rt_clear(&object);
    assert_number(rt_gc_collect(2), 2);
    assert_number(function->ob_refcnt, 1);
}

static void
count_visit(struct rt_object *holder, void *data)
{
    (void)holder;
    ++*(int *)data;
}

static void
a_method_refers_to_its_function_and_its_object(void **state)
{
    (void)state;
    struct rt_object *method = rt_method_new(function, object);
    int holders = 0;
    rt_gc_each_referrer(object, count_visit, &holders);
    rt_gc_each_referrer(function, count_visit, &holders);
    assert_number(holders, 2);
    rt_decref(method);
}

// --- memory ----------------------------------------------------------------

static struct rt_object *
make_and_copy(void)
{
    struct rt_object *code = rt_function_new(remember);
    struct rt_object *self = code != NULL ? rt_instance_new(&plain) : NULL;
    struct rt_object *method = self != NULL ? rt_method_new(code, self) : NULL;
    struct rt_object *copy = NULL;
    struct rt_object *deep = NULL;
    if (method != NULL) {
        rt_instance_set(self, 0, method);
        copy = rt_copy(method);
        deep = copy != NULL ? rt_deepcopy(copy) : NULL;
    }
    rt_xdecref(copy);
    rt_xdecref(method);
    rt_xdecref(self);
    rt_xdecref(code);
    return deep;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    size_t failures = 0;
    struct rt_object *made = scarcity_make(make_and_copy, &failures);
    assert_true(failures > 5);
    rt_decref(made);
}

static void
the_same_under_a_collection_at_every_allocation(void **state)
{
    (void)state;
    rt_gc_enable();
    rt_gc_set_debug(RT_GC_STRESS);
    for (int i = 0; i < 20; i++) {
        struct rt_object *made = make_and_copy();
        assert_non_null(made);
        assert_null(rt_gc_check());
        rt_decref(made);
    }
    rt_gc_set_debug(0);
    rt_gc_disable();
}

#define METHOD_TEST(test) cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        METHOD_TEST(a_method_calls_its_function_with_its_object),
        METHOD_TEST(a_function_by_itself_has_no_self),
        METHOD_TEST(an_error_of_the_function_is_that_of_the_call),
        METHOD_TEST(another_callable_gets_a_tuple_of_both),
        METHOD_TEST(what_cannot_be_called_makes_no_method),
        METHOD_TEST(methods_are_equal_by_function_and_the_same_object),
        METHOD_TEST(a_copy_is_equal_and_a_deep_copy_has_another_object),
        METHOD_TEST(a_weak_reference_to_a_method_is_dead_at_once),
        METHOD_TEST(a_method_kept_on_its_own_object_is_found),
        METHOD_TEST(a_method_refers_to_its_function_and_its_object),
        METHOD_TEST(every_allocation_may_fail),
        METHOD_TEST(the_same_under_a_collection_at_every_allocation),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
