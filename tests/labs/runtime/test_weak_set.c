#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/set.h"
#include "labs/runtime/weak_set.h"
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
static struct rt_object *set; // a weak set
static struct rt_object *key; // an instance
static int deaths;

static void
count_death(struct rt_object *dying)
{
    (void)dying;
    deaths++;
}

static int
start(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_error_clear();
    deaths = 0;
    blocks_before = rt_alloc_live_blocks();
    rt_class_init(&plain, "plain", NAMES, 2, count_death);
    plain.type.hash = plain_hash;
    plain.type.equal = plain_equal;
    set = rt_weak_set_new();
    key = rt_instance_new(&plain);
    return set != NULL && key != NULL ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_gc_set_debug(0);
    rt_clear(&set);
    rt_clear(&key);
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
assert_type_error(int result, const char *text)
{
    assert_number(result, -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

// --- keys ------------------------------------------------------------------

static void
a_key_goes_when_it_dies(void **state)
{
    (void)state;
    assert_true(rt_weak_set_check(set));
    assert_false(rt_weak_set_check(key));
    assert_number(rt_weak_set_add(set, key), 1);
    assert_number(rt_weak_set_add(set, key), 0);
    assert_number(key->ob_refcnt, 1);
    assert_number(rt_weakref_count(key), 1);
    assert_number(rt_weak_set_contains(set, key), 1);
    assert_number(rt_weak_set_size(set), 1);
    rt_clear(&key);
    assert_number(deaths, 1);
    assert_number(rt_weak_set_size(set), 0);
}

static void
of_equal_keys_the_first_one_counts(void **state)
{
    (void)state;
    struct rt_object *first = numbered(1);
    struct rt_object *second = numbered(1);
    assert_number(rt_weak_set_add(set, first), 1);
    assert_number(rt_weak_set_add(set, second), 0);
    assert_number(rt_weak_set_contains(set, second), 1);
    rt_decref(first);
    assert_number(rt_weak_set_size(set), 0);
    assert_number(rt_weak_set_contains(set, second), 0);
    rt_decref(second);
}

static void
removing_says_whether_it_was_there(void **state)
{
    (void)state;
    assert_number(rt_weak_set_add(set, key), 1);
    assert_number(rt_weak_set_remove(set, key), 1);
    assert_number(rt_weak_set_remove(set, key), 0);
    assert_number(rt_weakref_count(key), 0);
    assert_number(rt_weak_set_size(set), 0);
}

static void
what_takes_no_weak_references_is_not_there(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    const char *const refused = "cannot create weak reference to 'list'";
    assert_type_error(rt_weak_set_add(set, list), refused);
    assert_type_error(rt_weak_set_remove(set, list), refused);
    assert_number(rt_weak_set_contains(set, list), 0);
    rt_decref(list);
    assert_type_error(rt_weak_set_add(set, set), "unhashable type: 'WeakSet'");
    assert_type_error(rt_weak_set_contains(set, set),
                      "unhashable type: 'WeakSet'");
}

static void
a_key_in_a_cycle_goes_with_the_collection(void **state)
{
    (void)state;
    rt_instance_set(key, 1, key);
    assert_number(rt_weak_set_add(set, key), 1);
    rt_clear(&key);
    assert_number(rt_weak_set_size(set), 1);
    assert_number(rt_gc_collect(2), 2); // the reference, too
    assert_number(rt_weak_set_size(set), 0);
}

static void
a_set_that_its_key_holds_dies_with_it(void **state)
{
    (void)state;
    assert_number(rt_weak_set_add(set, key), 1);
    rt_instance_set(key, 1, set);
    rt_clear(&set);
    rt_clear(&key);
    assert_number(deaths, 1);
}

// --- values ----------------------------------------------------------------

static void
two_are_equal_if_their_keys_are(void **state)
{
    (void)state;
    struct rt_object *twin = rt_weak_set_new();
    struct rt_object *mine = numbered(1);
    struct rt_object *equal = numbered(1);
    struct rt_object *strong = rt_set_new();
    assert_number(rt_weak_set_add(set, mine), 1);
    assert_number(rt_equal(set, twin), 0);
    assert_number(rt_weak_set_add(twin, equal), 1);
    assert_number(rt_equal(set, twin), 1);
    assert_number(rt_weak_set_add(twin, key), 1);
    assert_number(rt_equal(set, twin), 0);
    rt_clear(&key);
    assert_number(rt_equal(set, twin), 1);
    assert_number(rt_set_add(strong, mine), 1);
    assert_number(rt_equal(set, strong), 0);
    rt_decref(strong);
    rt_decref(twin);
    rt_decref(mine);
    rt_decref(equal);
}

static void
its_own_copy_is_a_weak_set_like_it(void **state)
{
    (void)state;
    assert_number(rt_weak_set_add(set, key), 1);
    struct rt_object *copy = rt_weak_set_copy(set);
    assert_number(rt_equal(copy, set), 1);
    assert_number(rt_weakref_count(key), 2);
    rt_clear(&set);
    rt_clear(&key);
    assert_number(rt_weak_set_size(copy), 0);
    rt_decref(copy);
}

/* len(copy.copy(s)) as in CPython: it is s with another face. */
static void
a_shallow_copy_is_the_same_set_inside(void **state)
{
    (void)state;
    struct rt_object *copy = rt_copy(set);
    assert_ptr_not_equal(copy, set);
    assert_number(rt_weak_set_add(copy, key), 1);
    assert_number(rt_weak_set_size(set), 1);
    rt_clear(&key);
    assert_number(rt_weak_set_size(copy), 0);
    key = rt_instance_new(&plain);
    assert_number(rt_weak_set_add(set, key), 1);
    rt_clear(&set); // and with it the one who hears
    rt_clear(&key);
    assert_number(rt_weak_set_size(copy), 1);
    assert_number(rt_weakref_count(copy), 0);
    rt_decref(copy);
}

static void
a_deep_copy_does_not_hear_when_a_key_dies(void **state)
{
    (void)state;
    struct rt_object *other = numbered(1);
    assert_number(rt_weak_set_add(set, key), 1);
    assert_number(rt_weak_set_add(set, other), 1);
    struct rt_object *copy = rt_deepcopy(set);
    assert_number(deaths, 2); // copies of the keys
    assert_number(rt_equal(copy, set), 1);
    rt_decref(other);
    assert_number(rt_weak_set_size(set), 1);
    assert_number(rt_weak_set_size(copy), 2);
    struct rt_weak_walk walk;
    assert_number(rt_weak_walk_begin(&walk, copy), 0);
    assert_number(rt_weak_walk_next(&walk), 1);
    assert_ptr_equal(walk.key, key);
    assert_number(rt_weak_walk_next(&walk), 0);
    rt_decref(copy);
}

// --- memory ----------------------------------------------------------------

/* Everything that allocates; a copy, or NULL with a pending error. */
static struct rt_object *
make_and_copy(void)
{
    struct rt_object *made = rt_weak_set_new();
    struct rt_object *copy = NULL;
    struct rt_object *shallow = NULL;
    struct rt_object *deep = NULL;
    if (made != NULL && rt_weak_set_add(made, key) == 1 &&
        rt_weak_set_contains(made, key) == 1 && rt_equal(made, set) == 0) {
        copy = rt_weak_set_copy(made);
    }
    if (copy != NULL && rt_equal(copy, made) == 1 &&
        rt_weak_set_remove(made, key) == 1) {
        shallow = rt_copy(copy);
    }
    if (shallow != NULL) {
        deep = rt_deepcopy(shallow);
    }
    rt_xdecref(made);
    rt_xdecref(copy);
    rt_xdecref(shallow);
    return deep;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    size_t failures = 0;
    struct rt_object *made = scarcity_make(make_and_copy, &failures);
    assert_true(failures > 28);
    assert_number(rt_weak_set_size(made), 1);
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
        assert_number(rt_weak_set_size(made), 1);
        assert_null(rt_gc_check());
        rt_decref(made);
    }
    rt_gc_set_debug(0);
    rt_gc_disable();
    assert_number(rt_weakref_count(key), 0);
}

#define WEAK_SET_TEST(test) cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        WEAK_SET_TEST(a_key_goes_when_it_dies),
        WEAK_SET_TEST(of_equal_keys_the_first_one_counts),
        WEAK_SET_TEST(removing_says_whether_it_was_there),
        WEAK_SET_TEST(what_takes_no_weak_references_is_not_there),
        WEAK_SET_TEST(a_key_in_a_cycle_goes_with_the_collection),
        WEAK_SET_TEST(a_set_that_its_key_holds_dies_with_it),
        WEAK_SET_TEST(two_are_equal_if_their_keys_are),
        WEAK_SET_TEST(its_own_copy_is_a_weak_set_like_it),
        WEAK_SET_TEST(a_shallow_copy_is_the_same_set_inside),
        WEAK_SET_TEST(a_deep_copy_does_not_hear_when_a_key_dies),
        WEAK_SET_TEST(every_allocation_may_fail),
        WEAK_SET_TEST(the_same_under_a_collection_at_every_allocation),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
