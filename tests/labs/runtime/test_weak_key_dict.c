#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/set.h"
#include "labs/runtime/weak_key_dict.h"
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
static struct rt_object *dict; // a weak key dict
static struct rt_object *key;  // an instance
static struct rt_object *value;

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
    dict = rt_weak_key_dict_new();
    key = rt_instance_new(&plain);
    value = rt_list_new();
    return dict != NULL && key != NULL && value != NULL ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_gc_set_debug(0);
    rt_clear(&dict);
    rt_clear(&key);
    rt_clear(&value);
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
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

static void
set(struct rt_object *at, struct rt_object *to)
{
    assert_number(rt_weak_key_dict_set(dict, at, to), 0);
}

static void
assert_value(struct rt_object *at, struct rt_object *expected)
{
    struct rt_object *got = rt_weak_key_dict_get(dict, at);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_ptr_equal(got, expected);
    assert_number(rt_weak_key_dict_contains(dict, at), expected != NULL);
    rt_xdecref(got);
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
an_entry_goes_with_its_key(void **state)
{
    (void)state;
    assert_true(rt_weak_key_dict_check(dict));
    assert_false(rt_weak_key_dict_check(key));
    set(key, value);
    assert_number(key->ob_refcnt, 1);
    assert_number(value->ob_refcnt, 2);
    assert_number(rt_weakref_count(key), 1);
    assert_value(key, value);
    assert_number(rt_weakref_count(key), 1); // looking leaves none behind
    assert_number(rt_weak_key_dict_size(dict), 1);
    rt_clear(&key);
    assert_number(value->ob_refcnt, 1);
    assert_number(rt_weak_key_dict_size(dict), 0);
}

static void
an_equal_key_stores_under_the_first_one(void **state)
{
    (void)state;
    struct rt_object *first = numbered(1);
    struct rt_object *second = numbered(1);
    struct rt_object *other = numbered(2);
    set(first, key);
    set(second, value);
    assert_number(rt_weak_key_dict_size(dict), 1);
    assert_value(first, value);
    assert_value(second, value);
    assert_value(other, NULL);
    assert_number(rt_weakref_count(second), 0);
    rt_decref(first);
    assert_number(rt_weak_key_dict_size(dict), 0);
    assert_value(second, NULL);
    rt_decref(second);
    rt_decref(other);
}

/* It was asked for its hash when it was stored. */
static void
a_dead_key_is_found_by_the_hash_it_had(void **state)
{
    (void)state;
    struct rt_object *keys[20];
    for (int i = 0; i < 20; i++) {
        keys[i] = numbered(i);
        set(keys[i], value);
    }
    for (int i = 0; i < 20; i++) {
        rt_instance_set(keys[i], 0, NULL); // another hash from now on
        rt_decref(keys[i]);
        assert_number(rt_weak_key_dict_size(dict), 19 - i);
    }
    assert_number(value->ob_refcnt, 1);
}

static void
removing_says_whether_there_was_an_entry(void **state)
{
    (void)state;
    set(key, value);
    assert_number(rt_weak_key_dict_remove(dict, key), 1);
    assert_number(rt_weak_key_dict_remove(dict, key), 0);
    assert_number(value->ob_refcnt, 1);
    assert_number(rt_weakref_count(key), 0);
}

static void
a_key_without_weak_references_is_not_there(void **state)
{
    (void)state;
    const char *const refused = "cannot create weak reference to 'list'";
    assert_type_error(rt_weak_key_dict_set(dict, value, key), refused);
    assert_type_error(rt_weak_key_dict_remove(dict, value), refused);
    assert_null(rt_weak_key_dict_get(dict, value));
    assert_type_error(-1, refused);
    assert_number(rt_weak_key_dict_contains(dict, value), 0);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
}

static void
a_key_without_a_hash_is_refused(void **state)
{
    (void)state;
    struct rt_object *set_key = rt_set_new();
    const char *const refused = "unhashable type: 'set'";
    assert_type_error(rt_weak_key_dict_set(dict, set_key, key), refused);
    assert_type_error(rt_weak_key_dict_remove(dict, set_key), refused);
    assert_type_error(rt_weak_key_dict_contains(dict, set_key), refused);
    assert_number(rt_weakref_count(set_key), 0);
    rt_decref(set_key);
    int64_t hash = 0;
    assert_type_error(rt_hash(dict, &hash),
                      "unhashable type: 'WeakKeyDictionary'");
}

// --- trash -----------------------------------------------------------------

static void
a_key_in_a_cycle_goes_with_the_collection(void **state)
{
    (void)state;
    rt_instance_set(key, 1, key);
    set(key, value);
    rt_clear(&key);
    assert_number(rt_weak_key_dict_size(dict), 1);
    assert_number(rt_gc_collect(2), 2); // the reference, too
    assert_number(rt_weak_key_dict_size(dict), 0);
}

static void
a_value_that_holds_its_key_keeps_the_entry(void **state)
{
    (void)state;
    assert_number(rt_list_append(value, key), 0);
    set(key, value);
    struct rt_object *reference = rt_weakref_new(key, NULL);
    rt_clear(&key);
    rt_clear(&value);
    assert_number(rt_gc_collect(2), 0);
    assert_number(rt_weak_key_dict_size(dict), 1);
    rt_clear(&dict); // and then all of it goes
    rt_gc_collect(2);
    assert_null(rt_weakref_get(reference));
    rt_decref(reference);
}

static void
a_dict_that_holds_itself_is_found(void **state)
{
    (void)state;
    set(key, dict);
    struct rt_object *reference = rt_weakref_new(dict, NULL);
    rt_clear(&dict);
    assert_true(rt_gc_collect(2) > 0);
    assert_null(rt_weakref_get(reference));
    assert_number(rt_weakref_count(key), 0);
    rt_decref(reference);
}

// --- values ----------------------------------------------------------------

static void
two_are_equal_if_keys_and_values_are(void **state)
{
    (void)state;
    struct rt_object *twin = rt_weak_key_dict_new();
    struct rt_object *twin_value = rt_list_new();
    set(key, value);
    assert_number(rt_weak_key_dict_set(twin, key, twin_value), 0);
    assert_number(rt_equal(dict, twin), 1);
    assert_number(rt_list_append(twin_value, key), 0);
    assert_number(rt_equal(dict, twin), 0);
    rt_decref(twin_value);
    rt_decref(twin);
}

static void
a_copy_has_the_same_keys_and_values(void **state)
{
    (void)state;
    set(key, value);
    struct rt_object *copy = rt_copy(dict);
    assert_number(value->ob_refcnt, 3);
    assert_number(rt_weakref_count(key), 2);
    rt_clear(&dict);
    rt_clear(&key);
    assert_number(rt_weak_key_dict_size(copy), 0);
    rt_decref(copy);
}

static void
a_deep_copy_has_copies_of_the_values(void **state)
{
    (void)state;
    set(key, value);
    assert_number(rt_list_append(value, dict), 0);
    struct rt_object *copy = rt_deepcopy(dict);
    struct rt_object *list = rt_weak_key_dict_get(copy, key);
    assert_ptr_not_equal(list, value);
    assert_number(rt_list_size(list), 1);
    // Remembered too late: the way back ends in another copy.
    struct rt_object *inner = rt_list_at(list, 0);
    assert_true(rt_weak_key_dict_check(inner));
    assert_ptr_not_equal(inner, copy);
    assert_ptr_not_equal(inner, dict);
    struct rt_object *inner_list = rt_weak_key_dict_get(inner, key);
    assert_ptr_equal(inner_list, list);
    rt_decref(inner_list);
    rt_list_clear(list);
    rt_decref(list);
    rt_decref(copy);
    rt_list_clear(value);
}

static void
a_deep_copy_of_one_that_holds_itself_has_no_end(void **state)
{
    (void)state;
    set(key, dict);
    assert_null(rt_deepcopy(dict));
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_text(rt_error_text(), "maximum recursion depth exceeded");
    rt_error_clear();
    assert_number(rt_weak_key_dict_remove(dict, key), 1);
}

// --- memory ----------------------------------------------------------------

/* Everything that allocates; a deep copy, or NULL with a pending error. */
static struct rt_object *
make_and_copy(void)
{
    struct rt_object *made = rt_weak_key_dict_new();
    struct rt_object *copy = NULL;
    struct rt_object *deep = NULL;
    if (made != NULL && rt_weak_key_dict_set(made, key, value) == 0 &&
        rt_weak_key_dict_contains(made, key) == 1 &&
        rt_equal(made, dict) == 0) {
        copy = rt_copy(made);
    }
    if (copy != NULL && rt_equal(copy, made) == 1 &&
        rt_weak_key_dict_remove(made, key) == 1) {
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
    assert_number(rt_weak_key_dict_size(made), 1);
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
        assert_number(rt_weak_key_dict_size(made), 1);
        assert_null(rt_gc_check());
        rt_decref(made);
    }
    rt_gc_set_debug(0);
    rt_gc_disable();
    assert_number(rt_weakref_count(key), 0);
}

#define WEAK_KEY_DICT_TEST(test)                                              \
    cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        WEAK_KEY_DICT_TEST(an_entry_goes_with_its_key),
        WEAK_KEY_DICT_TEST(an_equal_key_stores_under_the_first_one),
        WEAK_KEY_DICT_TEST(a_dead_key_is_found_by_the_hash_it_had),
        WEAK_KEY_DICT_TEST(removing_says_whether_there_was_an_entry),
        WEAK_KEY_DICT_TEST(a_key_without_weak_references_is_not_there),
        WEAK_KEY_DICT_TEST(a_key_without_a_hash_is_refused),
        WEAK_KEY_DICT_TEST(a_key_in_a_cycle_goes_with_the_collection),
        WEAK_KEY_DICT_TEST(a_value_that_holds_its_key_keeps_the_entry),
        WEAK_KEY_DICT_TEST(a_dict_that_holds_itself_is_found),
        WEAK_KEY_DICT_TEST(two_are_equal_if_keys_and_values_are),
        WEAK_KEY_DICT_TEST(a_copy_has_the_same_keys_and_values),
        WEAK_KEY_DICT_TEST(a_deep_copy_has_copies_of_the_values),
        WEAK_KEY_DICT_TEST(a_deep_copy_of_one_that_holds_itself_has_no_end),
        WEAK_KEY_DICT_TEST(every_allocation_may_fail),
        WEAK_KEY_DICT_TEST(the_same_under_a_collection_at_every_allocation),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
