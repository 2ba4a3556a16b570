#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/method.h"
#include "labs/runtime/set.h"
#include "labs/runtime/weak_key.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"

static const char *const NAMES[] = {"number", "other"};
static struct rt_class plain;
static size_t blocks_before;

/* Instances whose numbers are equal are equal, if there is a number. */
static int
plain_hash(struct rt_object *self, int64_t *hash)
{
    struct rt_object *number = rt_instance_get(self, 0);
    if (number != NULL) {
        return rt_hash(number, hash);
    }
    *hash = rt_hash_pointer(self);
    return 0;
}

static int
plain_equal(struct rt_object *a, struct rt_object *b)
{
    struct rt_object *left = rt_instance_get(a, 0);
    struct rt_object *right = rt_instance_get(b, 0);
    return left != NULL && right != NULL ? rt_equal(left, right) : 0;
}
static struct rt_object *one; // instances with equal numbers
static struct rt_object *two;
static int calls;

static int
count_call(struct rt_object *self, struct rt_object *argument)
{
    (void)self;
    (void)argument;
    calls++;
    return 0;
}

static struct rt_object *
numbered(int64_t number)
{
    struct rt_object *made = rt_instance_new(&plain);
    struct rt_object *integer = rt_int_new(number);
    rt_instance_set(made, 0, integer);
    rt_decref(integer);
    return made;
}

static int
start(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_error_clear();
    calls = 0;
    blocks_before = rt_alloc_live_blocks();
    rt_class_init(&plain, "plain", NAMES, 2, NULL);
    plain.type.hash = plain_hash;
    plain.type.equal = plain_equal;
    one = numbered(1000);
    two = numbered(1000);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_gc_set_debug(0);
    rt_clear(&one);
    rt_clear(&two);
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static void
the_hash_is_that_of_the_object_and_outlives_it(void **state)
{
    (void)state;
    struct rt_object *key = rt_weak_key_new(one, NULL);
    int64_t expected = 0;
    int64_t hash = 0;
    assert_number(rt_hash(one, &expected), 0);
    assert_number(rt_hash(key, &hash), 0);
    assert_number(hash, expected);
    rt_clear(&one);
    hash = 0;
    assert_number(rt_hash(key, &hash), 0);
    assert_number(hash, expected);
    rt_decref(key);
}

static void
keys_are_equal_if_their_living_objects_are(void **state)
{
    (void)state;
    struct rt_object *a = rt_weak_key_new(one, NULL);
    struct rt_object *b = rt_weak_key_new(one, NULL);
    struct rt_object *c = rt_weak_key_new(two, NULL);
    assert_ptr_not_equal(a, b);
    assert_number(rt_equal(a, b), 1);
    assert_number(rt_equal(a, c), 1);
    rt_clear(&one);
    assert_number(rt_equal(a, b), 0);
    assert_number(rt_equal(a, c), 0);
    assert_number(rt_equal(a, a), 1);
    rt_decref(a);
    rt_decref(b);
    rt_decref(c);
}

static void
it_counts_among_the_weak_references_and_calls_back(void **state)
{
    (void)state;
    struct rt_object *callback = rt_function_new(count_call);
    struct rt_object *loud = rt_weak_key_new(one, callback);
    struct rt_object *quiet = rt_weak_key_new(one, NULL);
    struct rt_object *bare = rt_weakref_new(one, NULL);
    assert_ptr_not_equal(bare, quiet);
    assert_number(rt_weakref_count(one), 3);
    assert_true(rt_weakref_check(quiet));
    assert_ptr_equal(rt_weakref_first(one), bare);
    rt_clear(&one);
    assert_number(calls, 1);
    rt_decref(loud);
    rt_decref(quiet);
    rt_decref(bare);
    rt_decref(callback);
}

static void
an_object_without_a_hash_is_refused(void **state)
{
    (void)state;
    struct rt_object *set = rt_set_new();
    assert_null(rt_weak_key_new(set, NULL));
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(), "unhashable type: 'set'");
    rt_error_clear();
    assert_number(rt_weakref_count(set), 0);
    rt_decref(set);
}

static void
without_memory_there_is_no_trace(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_weak_key_new(one, two));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    assert_number(rt_weakref_count(one), 0);
    assert_number(two->ob_refcnt, 1);
}

static void
it_is_made_under_a_collection_at_every_allocation(void **state)
{
    (void)state;
    rt_gc_enable();
    rt_gc_set_debug(RT_GC_STRESS);
    struct rt_object *key = rt_weak_key_new(one, NULL);
    rt_gc_set_debug(0);
    rt_gc_disable();
    assert_null(rt_gc_check());
    assert_number(rt_weakref_count(one), 1);
    rt_decref(key);
}

#define WEAK_KEY_TEST(test) cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        WEAK_KEY_TEST(the_hash_is_that_of_the_object_and_outlives_it),
        WEAK_KEY_TEST(keys_are_equal_if_their_living_objects_are),
        WEAK_KEY_TEST(it_counts_among_the_weak_references_and_calls_back),
        WEAK_KEY_TEST(an_object_without_a_hash_is_refused),
        WEAK_KEY_TEST(without_memory_there_is_no_trace),
        WEAK_KEY_TEST(it_is_made_under_a_collection_at_every_allocation),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
