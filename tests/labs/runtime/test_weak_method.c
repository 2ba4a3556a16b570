#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/function.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/method.h"
#include "labs/runtime/weak_method.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"
#include "tests/support/scarcity.h"

/* Instances of a class with values: equal if `same_value`, hash 7. */
static const char *const NAMES[] = {"a"};
static struct rt_class plain;
static bool same_value;
static struct rt_object *function, *callback;
static struct rt_object *object; // an instance
static struct rt_object *told;   // what the callback got last, borrowed
static bool told_alive;          // what it read then
static int calls;
static size_t blocks_before;

static int
do_nothing(struct rt_object *self, struct rt_object *argument)
{
    (void)self;
    (void)argument;
    return 0;
}

static int
look(struct rt_object *self, struct rt_object *argument)
{
    (void)self;
    calls++;
    told = argument;
    struct rt_object *method = rt_weak_method_get(argument);
    told_alive = method != NULL;
    rt_xdecref(method);
    return 0;
}

static int
plain_hash(struct rt_object *self, int64_t *hash)
{
    (void)self;
    *hash = 7;
    return 0;
}

static int
plain_equal(struct rt_object *a, struct rt_object *b)
{
    (void)a;
    (void)b;
    return same_value;
}

static int
start(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_error_clear();
    same_value = false;
    told = NULL;
    told_alive = false;
    calls = 0;
    blocks_before = rt_alloc_live_blocks();
    rt_class_init(&plain, "plain", NAMES, 1, NULL);
    plain.type.hash = plain_hash;
    plain.type.equal = plain_equal;
    function = rt_function_new(do_nothing);
    callback = rt_function_new(look);
    object = rt_instance_new(&plain);
    return function != NULL && callback != NULL && object != NULL ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_gc_set_debug(0);
    rt_clear(&object);
    rt_clear(&callback);
    rt_clear(&function);
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static struct rt_object *
weak_method(struct rt_object *code, struct rt_object *self,
            struct rt_object *calls_back)
{
    struct rt_object *method = rt_method_new(code, self);
    struct rt_object *weak =
        method != NULL ? rt_weak_method_new(method, calls_back) : NULL;
    rt_xdecref(method);
    return weak;
}

// --- life and death --------------------------------------------------------

static void
it_makes_an_equal_method_each_time(void **state)
{
    (void)state;
    struct rt_object *method = rt_method_new(function, object);
    struct rt_object *weak = rt_weak_method_new(method, NULL);
    struct rt_object *again = rt_weak_method_get(weak);
    assert_ptr_not_equal(again, method);
    assert_number(rt_equal(again, method), 1);
    rt_decref(again);
    rt_decref(method);
    assert_number(object->ob_refcnt, 1);
    assert_number(function->ob_refcnt, 1);
    again = rt_weak_method_get(weak);
    assert_ptr_equal(rt_method_self(again), object);
    assert_ptr_equal(rt_method_function(again), function);
    rt_decref(again);
    assert_true(rt_weak_method_check(weak));
    assert_false(rt_weak_method_check(object));
    rt_decref(weak);
}

static void
it_refers_weakly_to_both_parts(void **state)
{
    (void)state;
    struct rt_object *weak = weak_method(function, object, NULL);
    struct rt_object *other = weak_method(function, object, NULL);
    assert_number(rt_weakref_count(object), 2);
    assert_number(rt_weakref_count(function), 2);
    rt_decref(weak);
    rt_decref(other);
    assert_number(rt_weakref_count(object), 0);
    assert_number(rt_weakref_count(function), 0);
}

static void
it_dies_with_its_object(void **state)
{
    (void)state;
    struct rt_object *weak = weak_method(function, object, callback);
    rt_clear(&object);
    assert_number(calls, 1);
    assert_ptr_equal(told, weak);
    assert_false(told_alive);
    assert_null(rt_weak_method_get(weak));
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    rt_clear(&function); // told once only
    assert_number(calls, 1);
    rt_decref(weak);
}

static void
it_dies_with_its_function(void **state)
{
    (void)state;
    struct rt_object *weak = weak_method(function, object, callback);
    rt_clear(&function);
    assert_number(calls, 1);
    assert_ptr_equal(told, weak);
    assert_false(told_alive);
    assert_null(rt_weak_method_get(weak));
    rt_clear(&object);
    assert_number(calls, 1);
    rt_decref(weak);
}

static void
one_that_died_first_tells_nobody(void **state)
{
    (void)state;
    rt_decref(weak_method(function, object, callback));
    assert_number(callback->ob_refcnt, 1);
    rt_clear(&object);
    assert_number(calls, 0);
}

static struct rt_object *dropped; // ours

static int
drop(struct rt_object *self, struct rt_object *argument)
{
    (void)self;
    (void)argument;
    calls++;
    rt_clear(&dropped);
    return 0;
}

static void
the_callback_may_release_it(void **state)
{
    (void)state;
    struct rt_object *drops = rt_function_new(drop);
    dropped = weak_method(function, object, drops);
    rt_decref(drops); // held by the weak method alone
    rt_clear(&object);
    assert_number(calls, 1);
    assert_null(dropped);
}

static void
what_is_no_method_is_refused(void **state)
{
    (void)state;
    assert_null(rt_weak_method_new(function, NULL));
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(),
                "argument should be a bound method, not 'function'");
    rt_error_clear();
    struct rt_object *atom = rt_int_new(1000);
    assert_null(weak_method(function, atom, NULL));
    assert_text(rt_error_text(), "cannot create weak reference to 'int'");
    rt_error_clear();
    rt_decref(atom);
    assert_number(rt_weakref_count(function), 0);
}

// --- values ----------------------------------------------------------------

static void
two_are_equal_if_both_parts_are(void **state)
{
    (void)state;
    struct rt_object *other_object = rt_instance_new(&plain);
    struct rt_object *other_function = rt_function_new(do_nothing);
    struct rt_object *a = weak_method(function, object, NULL);
    struct rt_object *b = weak_method(function, object, callback);
    struct rt_object *c = weak_method(function, other_object, NULL);
    struct rt_object *d = weak_method(other_function, object, NULL);
    struct rt_object *reference = rt_weakref_new(object, NULL);
    assert_number(rt_equal(a, b), 1);
    assert_number(rt_equal(a, c), 0);
    assert_number(rt_equal(a, d), 0);
    assert_number(rt_equal(a, reference), 0);
    same_value = true; // equal objects will do, unlike in a method
    assert_number(rt_equal(a, c), 1);
    rt_decref(other_object);
    assert_number(rt_equal(a, c), 0);
    rt_clear(&object);
    assert_number(rt_equal(a, b), 0);
    assert_number(rt_equal(a, a), 1);
    struct rt_object *all[] = {a, b, c, d, reference, other_function};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        rt_decref(all[i]);
    }
}

static void
the_hash_is_that_of_the_object_and_outlives_it(void **state)
{
    (void)state;
    struct rt_object *asked = weak_method(function, object, NULL);
    struct rt_object *never_asked = weak_method(function, object, NULL);
    int64_t hash = 0;
    assert_number(rt_hash(asked, &hash), 0);
    assert_number(hash, 7);
    rt_clear(&object);
    hash = 0;
    assert_number(rt_hash(asked, &hash), 0);
    assert_number(hash, 7);
    assert_number(rt_hash(never_asked, &hash), -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(), "weak object has gone away");
    rt_error_clear();
    rt_decref(asked);
    rt_decref(never_asked);
}

static void
there_can_be_weak_references_to_it(void **state)
{
    (void)state;
    struct rt_object *weak = weak_method(function, object, NULL);
    struct rt_object *reference = rt_weakref_new(weak, NULL);
    rt_decref(weak);
    assert_null(rt_weakref_get(reference));
    rt_decref(reference);
}

// --- trash -----------------------------------------------------------------

static void
it_hears_of_the_trash_that_its_object_is(void **state)
{
    (void)state;
    struct rt_object *weak = weak_method(function, object, callback);
    rt_instance_set(object, 0, object);
    rt_clear(&object);
    assert_number(calls, 0);
    assert_number(rt_gc_collect(2), 1);
    assert_number(calls, 1);
    assert_false(told_alive);
    rt_decref(weak);
}

static void
as_trash_with_its_object_it_is_silent(void **state)
{
    (void)state;
    struct rt_object *weak = weak_method(function, object, callback);
    struct rt_object *list = rt_list_new();
    assert_number(rt_list_append(list, object), 0);
    assert_number(rt_list_append(list, weak), 0);
    rt_instance_set(object, 0, list);
    rt_decref(list);
    rt_decref(weak);
    rt_clear(&object);
    assert_true(rt_gc_collect(2) > 0);
    assert_number(calls, 0);
    assert_number(rt_weakref_count(function), 0);
}

/* Its object dies by count, and only then what the object holds. */
static void
held_by_its_object_it_hears_of_the_death(void **state)
{
    (void)state;
    struct rt_object *weak = weak_method(function, object, callback);
    rt_instance_set(object, 0, weak);
    rt_decref(weak);
    rt_clear(&object);
    assert_number(calls, 1);
}

/* It holds its callback, which is bound to what holds it. */
static void
a_cycle_through_the_callback_is_collected(void **state)
{
    (void)state;
    struct rt_object *holder = rt_instance_new(&plain);
    struct rt_object *bound = rt_method_new(callback, holder);
    struct rt_object *weak = weak_method(function, object, bound);
    rt_instance_set(holder, 0, weak);
    rt_decref(weak);
    rt_decref(bound);
    rt_decref(holder);
    assert_number(rt_weakref_count(object), 1);
    assert_true(rt_gc_collect(2) > 0);
    assert_number(rt_weakref_count(object), 0);
    assert_number(calls, 0);
}

// --- memory ----------------------------------------------------------------

static struct rt_object *
make_and_get(void)
{
    struct rt_object *weak = weak_method(function, object, callback);
    struct rt_object *method = weak != NULL ? rt_weak_method_get(weak) : NULL;
    rt_xdecref(weak);
    return method;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    size_t failures = 0;
    struct rt_object *method = scarcity_make(make_and_get, &failures);
    assert_true(failures > 4);
    rt_decref(method);
    assert_number(object->ob_refcnt, 1);
    assert_number(function->ob_refcnt, 1);
}

static void
the_same_under_a_collection_at_every_allocation(void **state)
{
    (void)state;
    rt_gc_enable();
    rt_gc_set_debug(RT_GC_STRESS);
    for (int i = 0; i < 20; i++) {
        struct rt_object *method = make_and_get();
        assert_non_null(method);
        assert_null(rt_gc_check());
        rt_decref(method);
    }
    rt_gc_set_debug(0);
    rt_gc_disable();
}

#define WEAK_METHOD_TEST(test)                                                \
    cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        WEAK_METHOD_TEST(it_makes_an_equal_method_each_time),
        WEAK_METHOD_TEST(it_refers_weakly_to_both_parts),
        WEAK_METHOD_TEST(it_dies_with_its_object),
        WEAK_METHOD_TEST(it_dies_with_its_function),
        WEAK_METHOD_TEST(one_that_died_first_tells_nobody),
        WEAK_METHOD_TEST(the_callback_may_release_it),
        WEAK_METHOD_TEST(what_is_no_method_is_refused),
        WEAK_METHOD_TEST(two_are_equal_if_both_parts_are),
        WEAK_METHOD_TEST(the_hash_is_that_of_the_object_and_outlives_it),
        WEAK_METHOD_TEST(there_can_be_weak_references_to_it),
        WEAK_METHOD_TEST(it_hears_of_the_trash_that_its_object_is),
        WEAK_METHOD_TEST(as_trash_with_its_object_it_is_silent),
        WEAK_METHOD_TEST(held_by_its_object_it_hears_of_the_death),
        WEAK_METHOD_TEST(a_cycle_through_the_callback_is_collected),
        WEAK_METHOD_TEST(every_allocation_may_fail),
        WEAK_METHOD_TEST(the_same_under_a_collection_at_every_allocation),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
