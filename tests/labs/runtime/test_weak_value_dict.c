#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/weak_value_dict.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"
#include "tests/support/scarcity.h"

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
static struct rt_object *dict; // a weak value dict
static struct rt_object *one;  // keys
static struct rt_object *two;
static struct rt_object *object; // an instance

static int
start(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_error_clear();
    blocks_before = rt_alloc_live_blocks();
    rt_class_init(&plain, "plain", NAMES, 2, NULL);
    plain.type.hash = plain_hash;
    plain.type.equal = plain_equal;
    dict = rt_weak_value_dict_new();
    one = rt_int_new(1000);
    two = rt_int_new(2000);
    object = rt_instance_new(&plain);
    return dict != NULL && object != NULL ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_gc_set_debug(0);
    rt_clear(&dict);
    rt_clear(&one);
    rt_clear(&two);
    rt_clear(&object);
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static void
set(struct rt_object *key, struct rt_object *value)
{
    assert_number(rt_weak_value_dict_set(dict, key, value), 0);
}

/* What is stored under key; NULL: nothing. */
static void
assert_value(struct rt_object *key, struct rt_object *expected)
{
    struct rt_object *value = rt_weak_value_dict_get(dict, key);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_ptr_equal(value, expected);
    assert_number(rt_weak_value_dict_contains(dict, key), expected != NULL);
    rt_xdecref(value);
}

static void
assert_size(int64_t expected)
{
    assert_number(rt_weak_value_dict_size(dict), expected);
}

static void
assert_type_error(int result, const char *text)
{
    assert_number(result, -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

// --- entries ---------------------------------------------------------------

static void
a_value_is_found_as_long_as_it_lives(void **state)
{
    (void)state;
    assert_true(rt_weak_value_dict_check(dict));
    assert_false(rt_weak_value_dict_check(object));
    set(one, object);
    assert_number(object->ob_refcnt, 1);
    assert_number(rt_weakref_count(object), 1);
    assert_value(one, object);
    assert_value(two, NULL);
    assert_size(1);
    rt_clear(&object);
    assert_value(one, NULL);
    assert_size(0);
}

static void
the_key_goes_with_its_entry(void **state)
{
    (void)state;
    set(one, object);
    assert_number(one->ob_refcnt, 3); // the dict's and the reference's
    rt_clear(&object);
    assert_number(one->ob_refcnt, 1);
}

static void
a_value_may_stand_under_two_keys(void **state)
{
    (void)state;
    set(one, object);
    set(two, object);
    assert_number(rt_weakref_count(object), 2);
    assert_size(2);
    rt_clear(&object);
    assert_size(0);
}

static void
a_replaced_value_takes_no_entry_away(void **state)
{
    (void)state;
    struct rt_object *first = rt_instance_new(&plain);
    set(one, first);
    set(one, object);
    assert_number(rt_weakref_count(first), 0);
    rt_decref(first);
    assert_value(one, object);
    assert_size(1);
}

static void
removing_says_whether_there_was_an_entry(void **state)
{
    (void)state;
    set(one, object);
    assert_number(rt_weak_value_dict_remove(dict, one), 1);
    assert_number(rt_weak_value_dict_remove(dict, one), 0);
    assert_number(rt_weakref_count(object), 0);
    assert_size(0);
    rt_clear(&object);
    assert_size(0);
}

static void
a_value_without_weak_references_is_refused(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    assert_type_error(rt_weak_value_dict_set(dict, one, list),
                      "cannot create weak reference to 'list'");
    assert_type_error(rt_weak_value_dict_set(dict, list, object),
                      "unhashable type: 'list'");
    assert_type_error(rt_weak_value_dict_contains(dict, list),
                      "unhashable type: 'list'");
    assert_type_error(rt_weak_value_dict_remove(dict, list),
                      "unhashable type: 'list'");
    assert_null(rt_weak_value_dict_get(dict, list));
    assert_type_error(-1, "unhashable type: 'list'");
    assert_number(rt_weakref_count(object), 0);
    assert_size(0);
    rt_decref(list);
}

static void
it_has_no_hash_and_takes_weak_references(void **state)
{
    (void)state;
    int64_t hash = 0;
    assert_type_error(rt_hash(dict, &hash),
                      "unhashable type: 'WeakValueDictionary'");
    assert_number(rt_weakref_count(dict), 1); // its remover's
    struct rt_object *reference = rt_weakref_new(dict, NULL);
    rt_clear(&dict);
    assert_null(rt_weakref_get(reference));
    rt_decref(reference);
}

static void
a_value_outlives_the_dict_without_harm(void **state)
{
    (void)state;
    set(one, object);
    struct rt_weakref *first = rt_weakref_first(object);
    struct rt_object *entry = rt_new_ref(&first->head);
    rt_clear(&dict);
    assert_number(rt_weakref_count(object), 1); // ours
    rt_clear(&object);
    rt_decref(entry);
}

// --- trash -----------------------------------------------------------------

static void
a_value_in_a_cycle_goes_with_the_collection(void **state)
{
    (void)state;
    rt_instance_set(object, 1, object);
    set(one, object);
    rt_clear(&object);
    assert_size(1);
    assert_number(rt_gc_collect(2), 2); // the reference, too
    assert_size(0);
}

static void
a_dict_that_its_key_holds_is_found(void **state)
{
    (void)state;
    struct rt_object *key = rt_instance_new(&plain);
    rt_instance_set(key, 1, dict);
    set(key, object);
    rt_decref(key);
    rt_clear(&dict);
    assert_true(rt_gc_collect(2) > 0);
    assert_number(rt_weakref_count(object), 0);
}

// --- values ----------------------------------------------------------------

static void
two_are_equal_if_what_lives_in_them_is(void **state)
{
    (void)state;
    struct rt_object *twin = rt_weak_value_dict_new();
    struct rt_object *mortal = rt_instance_new(&plain);
    set(one, object);
    set(two, mortal);
    assert_number(rt_weak_value_dict_set(twin, one, object), 0);
    assert_number(rt_equal(dict, twin), 0);
    rt_decref(mortal);
    assert_number(rt_equal(dict, twin), 1);
    rt_decref(twin);
}

static void
a_copy_refers_to_the_same_values(void **state)
{
    (void)state;
    set(one, object);
    struct rt_object *copy = rt_copy(dict);
    assert_number(rt_equal(copy, dict), 1);
    assert_number(rt_weakref_count(object), 2);
    rt_clear(&dict);
    assert_number(rt_weak_value_dict_contains(copy, one), 1);
    rt_clear(&object);
    assert_number(rt_weak_value_dict_size(copy), 0);
    rt_decref(copy);
}

static void
a_deep_copy_has_copies_of_the_keys(void **state)
{
    (void)state;
    struct rt_object *key = rt_instance_new(&plain);
    rt_instance_set(key, 1, dict); // which leads back to it
    set(key, object);
    struct rt_object *copy = rt_deepcopy(dict);
    struct rt_weak_walk walk;
    assert_number(rt_weak_walk_begin(&walk, copy), 0);
    assert_number(rt_weak_walk_next(&walk), 1);
    assert_ptr_not_equal(walk.key, key);
    assert_ptr_equal(walk.value, object);
    assert_true(rt_weak_value_dict_check(rt_instance_get(walk.key, 1)));
    assert_ptr_not_equal(rt_instance_get(walk.key, 1), dict);
    assert_number(rt_weak_walk_next(&walk), 0);
    rt_instance_set(key, 1, NULL);
    rt_decref(key);
    rt_decref(copy);
}

// --- memory ----------------------------------------------------------------

/* Everything that allocates; a deep copy, or NULL with a pending error. */
static struct rt_object *
make_and_copy(void)
{
    struct rt_object *made = rt_weak_value_dict_new();
    struct rt_object *copy = NULL;
    struct rt_object *deep = NULL;
    if (made != NULL && rt_weak_value_dict_set(made, one, object) == 0 &&
        rt_weak_value_dict_set(made, two, object) == 0 &&
        rt_equal(made, dict) == 0) {
        copy = rt_copy(made);
    }
    if (copy != NULL && rt_equal(copy, made) == 1) {
        deep = rt_deepcopy(copy);
    }
    rt_xdecref(made);
    rt_xdecref(copy);
    return deep;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    size_t failures = 0;
    struct rt_object *made = scarcity_make(make_and_copy, &failures);
    assert_true(failures > 28);
    assert_number(rt_weak_value_dict_size(made), 2);
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
        assert_number(rt_weak_value_dict_size(made), 2);
        assert_null(rt_gc_check());
        rt_decref(made);
    }
    rt_gc_set_debug(0);
    rt_gc_disable();
    assert_number(rt_weakref_count(object), 0);
}

#define WEAK_VALUE_DICT_TEST(test)                                            \
    cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        WEAK_VALUE_DICT_TEST(a_value_is_found_as_long_as_it_lives),
        WEAK_VALUE_DICT_TEST(the_key_goes_with_its_entry),
        WEAK_VALUE_DICT_TEST(a_value_may_stand_under_two_keys),
        WEAK_VALUE_DICT_TEST(a_replaced_value_takes_no_entry_away),
        WEAK_VALUE_DICT_TEST(removing_says_whether_there_was_an_entry),
        WEAK_VALUE_DICT_TEST(a_value_without_weak_references_is_refused),
        WEAK_VALUE_DICT_TEST(it_has_no_hash_and_takes_weak_references),
        WEAK_VALUE_DICT_TEST(a_value_outlives_the_dict_without_harm),
        WEAK_VALUE_DICT_TEST(a_value_in_a_cycle_goes_with_the_collection),
        WEAK_VALUE_DICT_TEST(a_dict_that_its_key_holds_is_found),
        WEAK_VALUE_DICT_TEST(two_are_equal_if_what_lives_in_them_is),
        WEAK_VALUE_DICT_TEST(a_copy_refers_to_the_same_values),
        WEAK_VALUE_DICT_TEST(a_deep_copy_has_copies_of_the_keys),
        WEAK_VALUE_DICT_TEST(every_allocation_may_fail),
        WEAK_VALUE_DICT_TEST(the_same_under_a_collection_at_every_allocation),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
