/* Whom the collector need not look at: tuples and dicts of atoms. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"
#include "tests/support/stress.h"

static struct rt_object *one, *two; // atoms

static int
start_clean(void **state)
{
    (void)state;
    rt_error_clear();
    rt_gc_disable();
    rt_gc_collect(2);
    one = rt_int_new(1);
    two = rt_int_new(2);
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_gc_set_threshold(0, 700);
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static struct rt_object *
tuple_of(struct rt_object *a, struct rt_object *b)
{
    struct rt_object *tuple = rt_tuple_new((struct rt_object *[]){a, b}, 2);
    assert_non_null(tuple);
    return tuple;
}

/* Stores value, which is handed over, under key. */
static void
put(struct rt_object *dict, struct rt_object *key, struct rt_object *value)
{
    assert_number(rt_dict_set(dict, key, value), 0);
    rt_decref(value);
}

static void
a_new_tuple_is_tracked_until_a_collection(void **state)
{
    (void)state;
    struct rt_object *tuple = tuple_of(one, two);
    assert_true(rt_gc_is_tracked(tuple));
    rt_gc_collect(0);
    assert_false(rt_gc_is_tracked(tuple));
    rt_gc_collect(2);
    assert_false(rt_gc_is_tracked(tuple));
    rt_decref(tuple);
}

static void
a_missing_item_is_an_atom(void **state)
{
    (void)state;
    struct rt_object *tuple = tuple_of(one, NULL);
    rt_gc_collect(0);
    assert_false(rt_gc_is_tracked(tuple));
    rt_decref(tuple);
}

static void
the_empty_tuple_is_never_tracked(void **state)
{
    (void)state;
    struct rt_object *empty = rt_tuple_new(NULL, 0);
    assert_false(rt_gc_is_tracked(empty));
    rt_gc_collect(2);
    assert_false(rt_gc_is_tracked(empty));
}

static void
a_tuple_with_a_list_stays_tracked(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    struct rt_object *tuple = tuple_of(one, list);
    rt_decref(list);
    rt_gc_collect(2);
    rt_gc_collect(2);
    assert_true(rt_gc_is_tracked(tuple));
    rt_decref(tuple);
}

static void
a_tuple_with_an_untracked_dict_stays_tracked(void **state)
{
    (void)state;
    struct rt_object *dict = rt_dict_new();
    struct rt_object *tuple = tuple_of(one, dict);
    rt_gc_collect(2);
    assert_false(rt_gc_is_tracked(dict));
    assert_true(rt_gc_is_tracked(tuple));
    rt_decref(dict);
    rt_decref(tuple);
}

enum {
    LEVELS = 4
};

/* A tuple of atoms, and others that each hold the one before. */
static void
nest(struct rt_object *tuples[LEVELS])
{
    tuples[0] = tuple_of(one, two);
    for (int i = 1; i < LEVELS; i++) {
        tuples[i] = tuple_of(tuples[i - 1], one);
    }
}

/* Held from outside, all stay in the order in which they were made. */
static void
nested_tuples_from_the_inside_outwards_go_at_once(void **state)
{
    (void)state;
    struct rt_object *tuples[LEVELS];
    nest(tuples);
    rt_gc_collect(0);
    for (int i = 0; i < LEVELS; i++) {
        assert_false(rt_gc_is_tracked(tuples[i]));
        rt_decref(tuples[i]);
    }
}

/* What lives by its holder alone comes behind it in the list. */
static void
nested_tuples_that_only_the_outermost_holds_go_one_by_one(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *tuples[LEVELS];
    nest(tuples);
    for (int i = 0; i < LEVELS - 1; i++) {
        rt_decref(tuples[i]);
    }
    for (int i = 0; i < LEVELS; i++) {
        assert_true(rt_gc_is_tracked(tuples[i]));
        rt_gc_collect(2);
        assert_false(rt_gc_is_tracked(tuples[i]));
    }
    rt_decref(tuples[LEVELS - 1]);
}

static void
a_tuple_of_a_derived_type_stays_tracked(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_type derived = rt_tuple_type;
    struct rt_object *tuple = rt_tuple_new_of(&derived, &one, 1);
    struct rt_object *holder = tuple_of(one, tuple);
    rt_gc_collect(2);
    rt_gc_collect(2);
    assert_true(rt_gc_is_tracked(tuple));
    assert_true(rt_gc_is_tracked(holder));
    rt_decref(tuple);
    rt_decref(holder);
}

/* row: CT08 test_dict.DictTest.test_track_literals */
static void
a_dict_of_atoms_is_not_tracked(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *dict = rt_dict_new();
    assert_false(rt_gc_is_tracked(dict));
    put(dict, one, rt_int_new(1000));
    put(dict, two, rt_tuple_new(NULL, 0));
    assert_false(rt_gc_is_tracked(dict));
    put(dict, one, rt_dict_new());
    assert_true(rt_gc_is_tracked(dict));
    rt_decref(dict);
}

static void
a_dict_becomes_tracked_by_its_key_too(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *dict = rt_dict_new();
    struct rt_object *key = tuple_of(one, two);
    put(dict, key, rt_int_new(1));
    assert_true(rt_gc_is_tracked(dict));
    rt_decref(key);
    rt_decref(dict);
}

static void
only_full_collections_let_go_of_dicts(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *dict = rt_dict_new();
    put(dict, one, rt_list_new());
    assert_number(rt_dict_remove(dict, one), 1);
    rt_gc_collect(0);
    rt_gc_collect(1);
    assert_true(rt_gc_is_tracked(dict));
    rt_gc_collect(2);
    assert_false(rt_gc_is_tracked(dict));
    put(dict, one, rt_list_new());
    assert_true(rt_gc_is_tracked(dict));
    rt_decref(dict);
}

static void
a_dict_of_a_derived_type_is_always_tracked(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_type derived = rt_dict_type;
    struct rt_object *dict = rt_dict_new_of(&derived);
    assert_true(rt_dict_check(dict));
    assert_true(rt_gc_is_tracked(dict));
    rt_gc_collect(2);
    assert_true(rt_gc_is_tracked(dict));
    rt_decref(dict);
}

static void
a_copy_is_tracked_as_its_original_is(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *dict = rt_dict_new();
    put(dict, one, rt_list_new());
    put(dict, one, rt_int_new(5));
    struct rt_object *copy = rt_dict_copy(dict);
    assert_true(rt_gc_is_tracked(copy));
    rt_decref(copy);
    rt_gc_collect(2);
    copy = rt_dict_copy(dict);
    assert_false(rt_gc_is_tracked(copy));
    rt_decref(copy);
    rt_decref(dict);
}

/* Such a copy is stored anew, item by item. */
static void
a_copy_of_a_dict_with_many_holes_is_tracked_by_what_it_holds(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *dict = rt_dict_new();
    put(dict, one, rt_list_new());
    put(dict, two, rt_int_new(5));
    assert_number(rt_dict_remove(dict, one), 1);
    for (int i = 10; i < 12; i++) {
        struct rt_object *key = rt_int_new(i);
        put(dict, key, rt_int_new(5));
        assert_number(rt_dict_remove(dict, key), 1);
        rt_decref(key);
    }
    assert_true(rt_gc_is_tracked(dict));
    struct rt_object *copy = rt_dict_copy(dict);
    assert_false(rt_gc_is_tracked(copy));
    rt_decref(copy);
    put(dict, two, rt_list_new());
    copy = rt_dict_copy(dict);
    assert_true(rt_gc_is_tracked(copy));
    rt_decref(copy);
    rt_decref(dict);
}

static void
a_cycle_through_a_dict_that_was_let_go_is_found(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *dict = rt_dict_new();
    put(dict, one, rt_int_new(5));
    rt_gc_collect(2);
    put(dict, two, tuple_of(dict, one));
    rt_decref(dict);
    assert_number(rt_gc_collect(0), 2);
}

static struct rt_object *made;

static void
store_something(struct rt_object *object)
{
    (void)object;
    made = rt_dict_new();
}

/* The new dict asks for a collection, which runs with the dict in order. */
static void
an_automatic_collection_waits_until_a_new_dict_is_whole(void **state)
{
    (void)state;
    skip_when_stressed();
    static const char *const NAMES[] = {"a"};
    struct rt_class class;
    rt_class_init(&class, "maker", NAMES, 1, store_something);
    struct rt_object *object = rt_instance_new(&class);
    rt_instance_set(object, 0, object);
    rt_decref(object);
    rt_gc_set_threshold(0, 1);
    rt_gc_enable();
    struct rt_object *dict = rt_dict_new();
    rt_gc_disable();
    assert_non_null(made);
    assert_number(rt_dict_size(dict), 0);
    rt_decref(dict);
    rt_clear(&made);
}

/* Storing makes the dict tracked, but is no safe point. */
static void
storing_the_first_container_runs_no_collection(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *dict = rt_dict_new();
    struct rt_object *list = rt_list_new();
    int64_t before = rt_gc_stats(0).collections;
    rt_gc_set_threshold(0, 1);
    rt_gc_enable();
    struct rt_object *raw = rt_gc_new(list->ob_type, 0); // asks for one
    rt_gc_disable();
    rt_gc_free(raw);
    rt_gc_enable();
    assert_number(rt_dict_set(dict, one, list), 0);
    assert_number(rt_gc_stats(0).collections, before);
    rt_gc_poll();
    rt_gc_disable();
    rt_decref(list);
    rt_decref(dict);
}

#define CASE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_new_tuple_is_tracked_until_a_collection),
        CASE(a_missing_item_is_an_atom),
        CASE(the_empty_tuple_is_never_tracked),
        CASE(a_tuple_with_a_list_stays_tracked),
        CASE(a_tuple_with_an_untracked_dict_stays_tracked),
        CASE(nested_tuples_from_the_inside_outwards_go_at_once),
        CASE(nested_tuples_that_only_the_outermost_holds_go_one_by_one),
        CASE(a_tuple_of_a_derived_type_stays_tracked),
        CASE(a_dict_of_atoms_is_not_tracked),
        CASE(a_dict_becomes_tracked_by_its_key_too),
        CASE(only_full_collections_let_go_of_dicts),
        CASE(a_dict_of_a_derived_type_is_always_tracked),
        CASE(a_copy_is_tracked_as_its_original_is),
        CASE(a_copy_of_a_dict_with_many_holes_is_tracked_by_what_it_holds),
        CASE(a_cycle_through_a_dict_that_was_let_go_is_found),
        CASE(an_automatic_collection_waits_until_a_new_dict_is_whole),
        CASE(storing_the_first_container_runs_no_collection),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
