#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/set.h"
#include "labs/runtime/weak_key_dict.h"
#include "labs/runtime/weak_set.h"
#include "labs/runtime/weak_table.h"
#include "labs/runtime/weak_value_dict.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"

enum {
    OBJECTS = 10
};

static const char *const NAMES[] = {"a"};
static struct rt_class plain;
static struct rt_object *values;           // a weak value dict
static struct rt_object *keys;             // a weak key dict
static struct rt_object *set;              // a weak set
static struct rt_object *objects[OBJECTS]; // in all three
static struct rt_object *spare;            // in none
static size_t blocks_before;

static int
start(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_error_clear();
    blocks_before = rt_alloc_live_blocks();
    rt_class_init(&plain, "plain", NAMES, 1, NULL);
    values = rt_weak_value_dict_new();
    keys = rt_weak_key_dict_new();
    set = rt_weak_set_new();
    spare = rt_instance_new(&plain);
    for (int i = 0; i < OBJECTS; i++) {
        struct rt_object *number = rt_int_new(1000 + i);
        objects[i] = rt_instance_new(&plain);
        assert_number(rt_weak_value_dict_set(values, number, objects[i]), 0);
        assert_number(rt_weak_key_dict_set(keys, objects[i], number), 0);
        assert_number(rt_weak_set_add(set, objects[i]), 1);
        rt_decref(number);
    }
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_gc_set_debug(0);
    rt_clear(&values);
    rt_clear(&keys);
    rt_clear(&set);
    rt_clear(&spare);
    for (int i = 0; i < OBJECTS; i++) {
        rt_clear(&objects[i]);
    }
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

/* How many entries are stored, dead ones included. */
static size_t
stored(struct rt_object *table)
{
    struct rt_object *data = rt_weak_table_data(table);
    return rt_set_check(data) ? rt_set_size(data) : rt_dict_size(data);
}

static void
begin(struct rt_weak_walk *walk, struct rt_object *table)
{
    assert_number(rt_weak_walk_begin(walk, table), 0);
    assert_number(rt_weak_walk_next(walk), 1);
}

/* Walks on to the end; how many entries there were. */
static int
walk_on(struct rt_weak_walk *walk)
{
    int count = 0;
    int result = 0;
    while ((result = rt_weak_walk_next(walk)) == 1) {
        count++;
    }
    assert_number(result, 0);
    return count;
}

static void
assert_disturbed(struct rt_weak_walk *walk, const char *text)
{
    assert_number(rt_weak_walk_next(walk), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_text(rt_error_text(), text);
    rt_error_clear();
    assert_number(rt_weak_walk_next(walk), 0);
    assert_number(rt_weak_walk_end(walk), 0);
}

// --- walks -----------------------------------------------------------------

static void
a_walk_meets_every_living_entry_in_order(void **state)
{
    (void)state;
    struct rt_object *tables[] = {values, keys};
    for (int i = 0; i < 2; i++) {
        struct rt_weak_walk walk;
        assert_number(rt_weak_walk_begin(&walk, tables[i]), 0);
        for (int j = 0; j < OBJECTS; j++) {
            assert_number(rt_weak_walk_next(&walk), 1);
            struct rt_object *number = i == 0 ? walk.key : walk.value;
            assert_number(rt_int_value(number), 1000 + j);
            assert_ptr_equal(i == 0 ? walk.value : walk.key, objects[j]);
            assert_number(objects[j]->ob_refcnt, 2);
        }
        assert_number(rt_weak_walk_next(&walk), 0);
        assert_number(objects[OBJECTS - 1]->ob_refcnt, 1);
        assert_number(rt_weak_walk_end(&walk), 0); // over already
    }
    struct rt_weak_walk walk;
    assert_number(rt_weak_walk_begin(&walk, set), 0);
    assert_number(walk_on(&walk), OBJECTS);
}

static void
a_walk_over_nothing_ends_at_once(void **state)
{
    (void)state;
    struct rt_object *empty = rt_weak_key_dict_new();
    struct rt_weak_walk walk;
    assert_number(rt_weak_walk_begin(&walk, empty), 0);
    assert_number(rt_weak_walk_next(&walk), 0);
    rt_decref(empty);
}

/* row: WR25
 * test_weakref.MappingTestCase.test_weak_keys_destroy_while_iterating
 */
static void
keys_that_die_during_a_walk_are_removed_when_it_ends(void **state)
{
    (void)state;
    struct rt_weak_walk walk;
    begin(&walk, keys);
    rt_clear(&objects[OBJECTS - 1]);
    rt_clear(&objects[3]);
    assert_number(rt_weak_key_dict_size(keys), OBJECTS - 2); // at once
    assert_number(stored(keys), OBJECTS);
    assert_number(walk_on(&walk), OBJECTS - 3);
    assert_number(stored(keys), OBJECTS - 2);
    assert_number(rt_weak_key_dict_size(keys), OBJECTS - 2);
}

static void
what_the_walk_stands_on_lives_until_the_next_step(void **state)
{
    (void)state;
    struct rt_weak_walk walk;
    begin(&walk, keys);
    rt_clear(&objects[0]);
    assert_number(rt_weak_key_dict_size(keys), OBJECTS);
    assert_number(rt_weak_walk_next(&walk), 1);
    assert_number(rt_weak_key_dict_size(keys), OBJECTS - 1);
    assert_number(stored(keys), OBJECTS);
    assert_number(rt_weak_walk_end(&walk), 0);
    assert_number(stored(keys), OBJECTS - 1);
}

static void
a_walk_that_is_broken_off_removes_too(void **state)
{
    (void)state;
    struct rt_object *tables[] = {values, keys, set};
    for (int i = 0; i < 3; i++) {
        struct rt_weak_walk walk;
        begin(&walk, tables[i]);
        rt_clear(&objects[OBJECTS - 1 - i]);
        assert_number(stored(tables[i]), OBJECTS - i);
        assert_number(rt_weak_walk_end(&walk), 0);
        assert_number(stored(tables[i]), OBJECTS - 1 - i);
        assert_number(rt_weak_walk_next(&walk), 0);
    }
}

static void
only_the_last_of_two_walks_removes(void **state)
{
    (void)state;
    struct rt_weak_walk first;
    struct rt_weak_walk second;
    begin(&first, set);
    begin(&second, set);
    struct rt_object *here = first.key;
    int victim = here == objects[5] ? 4 : 5;
    rt_clear(&objects[victim]);
    assert_number(rt_weak_walk_end(&first), 0);
    assert_number(stored(set), OBJECTS);
    assert_number(rt_weak_set_size(set), OBJECTS - 1);
    assert_number(walk_on(&second), OBJECTS - 2);
    assert_number(stored(set), OBJECTS - 1);
}

static void
a_walk_holds_its_table(void **state)
{
    (void)state;
    struct rt_weak_walk walk;
    begin(&walk, keys);
    rt_clear(&keys);
    assert_number(walk_on(&walk), OBJECTS - 1);
}

/* In CPython, too, an error that is on its way stays on its way. */
static void
a_pending_error_stays_pending_when_a_walk_ends(void **state)
{
    (void)state;
    struct rt_weak_walk walk;
    begin(&walk, values);
    rt_clear(&objects[4]);
    rt_error_set(RT_ERROR_VALUE, "on its way");
    assert_number(rt_weak_walk_end(&walk), 0);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    assert_text(rt_error_text(), "on its way");
    rt_error_clear();
    assert_number(stored(values), OBJECTS - 1);
}

// --- changes during walks --------------------------------------------------

static void
an_insertion_ends_the_walk_with_an_error(void **state)
{
    (void)state;
    struct rt_weak_walk walk;
    begin(&walk, keys);
    rt_clear(&objects[7]);
    assert_number(rt_weak_key_dict_set(keys, spare, values), 0);
    assert_disturbed(&walk, "dictionary changed size during iteration");
    assert_number(rt_weak_key_dict_size(keys), OBJECTS);
    assert_number(stored(keys), OBJECTS); // it has removed all the same
    begin(&walk, set);
    assert_number(rt_weak_set_add(set, spare), 1);
    assert_disturbed(&walk, "Set changed size during iteration");
}

static void
replacing_a_value_does_not_disturb(void **state)
{
    (void)state;
    struct rt_weak_walk walk;
    begin(&walk, keys);
    assert_number(rt_weak_key_dict_set(keys, objects[1], set), 0);
    assert_number(rt_weak_walk_next(&walk), 1);
    assert_ptr_equal(walk.value, set);
    assert_number(walk_on(&walk), OBJECTS - 2);
}

static void
one_entry_for_another_is_noticed_later(void **state)
{
    (void)state;
    struct rt_object *dict = rt_weak_value_dict_new();
    struct rt_object *one = rt_int_new(1);
    struct rt_object *two = rt_int_new(2);
    struct rt_weak_walk walk;
    assert_number(rt_weak_value_dict_set(dict, one, spare), 0);
    begin(&walk, dict);
    assert_number(rt_weak_value_dict_remove(dict, one), 1);
    assert_number(rt_weak_value_dict_set(dict, two, spare), 0);
    assert_disturbed(&walk, "dictionary keys changed during iteration");
    rt_decref(one);
    rt_decref(two);
    rt_decref(dict);
}

/* WeakValueDictionary commits whenever it is asked for something. */
static void
asking_a_weak_value_dict_disturbs_after_a_death(void **state)
{
    (void)state;
    struct rt_weak_walk walk;
    begin(&walk, values);
    assert_number(rt_weak_value_dict_size(values), OBJECTS);
    rt_clear(&objects[4]);
    assert_number(stored(values), OBJECTS);
    assert_number(rt_weak_value_dict_size(values), OBJECTS - 1);
    assert_number(stored(values), OBJECTS - 1);
    assert_disturbed(&walk, "dictionary changed size during iteration");
}

static void
asking_a_weak_set_does_not_disturb(void **state)
{
    (void)state;
    struct rt_weak_walk walk;
    begin(&walk, set);
    int victim = walk.key == objects[4] ? 5 : 4;
    rt_clear(&objects[victim]);
    assert_number(rt_weak_set_contains(set, objects[0]), 1);
    assert_number(rt_weak_set_size(set), OBJECTS - 1);
    assert_number(stored(set), OBJECTS);
    assert_number(rt_weak_set_remove(set, spare), 0); // but this does
    assert_number(stored(set), OBJECTS - 1);
    assert_disturbed(&walk, "Set changed size during iteration");
}

/* The key that died is stored again before its entry is taken out. */
static void
a_new_value_under_the_key_of_a_dead_one_stays(void **state)
{
    (void)state;
    struct rt_object *key = rt_int_new(1003);
    struct rt_weak_walk walk;
    begin(&walk, values);
    rt_clear(&objects[3]);
    assert_number(rt_weak_value_dict_set(values, key, spare), 0);
    assert_number(rt_weak_walk_end(&walk), 0);
    struct rt_object *value = rt_weak_value_dict_get(values, key);
    assert_ptr_equal(value, spare);
    rt_decref(value);
    rt_decref(key);
}

// --- lengths ---------------------------------------------------------------

/* row: WR26 test_weakref.MappingTestCase.test_weak_valued_len_cycles */
static void
lengths_count_the_living_before_and_after_a_collection(void **state)
{
    (void)state;
    struct rt_weak_walk walk;
    begin(&walk, values);
    for (int i = 0; i < OBJECTS; i++) {
        rt_instance_set(objects[i], 0, objects[i]); // a cycle each
        rt_clear(&objects[i]);
    }
    rt_gc_collect(2);
    assert_number(rt_weak_value_dict_size(values), 1); // the walk's
    assert_number(rt_weak_key_dict_size(keys), 1);
    assert_number(rt_weak_set_size(set), 1);
    assert_number(rt_weak_walk_end(&walk), 0);
    rt_gc_collect(2);
    assert_number(rt_weak_value_dict_size(values), 0);
    assert_number(rt_weak_key_dict_size(keys), 0);
    assert_number(rt_weak_set_size(set), 0);
}

// --- trash -----------------------------------------------------------------

static void
tables_that_hold_each_other_are_found(void **state)
{
    (void)state;
    struct rt_object *first = rt_weak_key_dict_new();
    struct rt_object *second = rt_weak_key_dict_new();
    struct rt_object *reference = rt_weakref_new(first, NULL);
    assert_number(rt_weak_key_dict_set(first, spare, second), 0);
    assert_number(rt_weak_key_dict_set(second, spare, first), 0);
    rt_decref(first);
    rt_decref(second);
    assert_non_null(rt_weakref_first(spare));
    assert_true(rt_gc_collect(2) > 2);
    assert_null(rt_weakref_get(reference));
    assert_null(rt_weakref_first(spare));
    rt_decref(reference);
}

static void
a_long_chain_of_tables_needs_no_deep_stack(void **state)
{
    (void)state;
    struct rt_object *chain = rt_weak_key_dict_new();
    for (int i = 0; i < 100000; i++) {
        struct rt_object *outer = rt_weak_key_dict_new();
        assert_number(rt_weak_key_dict_set(outer, spare, chain), 0);
        rt_decref(chain);
        chain = outer;
    }
    rt_decref(chain);
    assert_null(rt_weakref_first(spare));
}

// --- memory ----------------------------------------------------------------

static void
a_death_during_a_walk_asks_for_no_memory(void **state)
{
    (void)state;
    struct rt_weak_walk walks[3];
    struct rt_object *tables[] = {values, keys, set};
    for (int i = 0; i < 3; i++) {
        assert_number(rt_weak_walk_begin(&walks[i], tables[i]), 0);
    }
    for (int i = 0; i < OBJECTS; i++) {
        rt_alloc_fail_nth(1);
        rt_clear(&objects[i]);
    }
    rt_alloc_fail_nth(0);
    for (int i = 0; i < 3; i++) {
        assert_number(rt_weak_table_noted(tables[i]), OBJECTS);
        assert_number(rt_weak_walk_end(&walks[i]), 0);
        assert_number(stored(tables[i]), 0);
    }
}

static void
a_walk_without_memory_does_not_begin(void **state)
{
    (void)state;
    struct rt_weak_walk walk;
    rt_alloc_fail_nth(1);
    assert_number(rt_weak_walk_begin(&walk, set), -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    rt_clear(&objects[0]);
    assert_number(stored(set), OBJECTS - 1); // no walk is going on
    begin(&walk, set);
    rt_alloc_fail_nth(1);
    assert_number(rt_weak_set_add(set, spare), -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    assert_number(walk_on(&walk), OBJECTS - 2);
}

#define WEAK_TABLE_TEST(test) cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        WEAK_TABLE_TEST(a_walk_meets_every_living_entry_in_order),
        WEAK_TABLE_TEST(a_walk_over_nothing_ends_at_once),
        WEAK_TABLE_TEST(keys_that_die_during_a_walk_are_removed_when_it_ends),
        WEAK_TABLE_TEST(what_the_walk_stands_on_lives_until_the_next_step),
        WEAK_TABLE_TEST(a_walk_that_is_broken_off_removes_too),
        WEAK_TABLE_TEST(only_the_last_of_two_walks_removes),
        WEAK_TABLE_TEST(a_walk_holds_its_table),
        WEAK_TABLE_TEST(a_pending_error_stays_pending_when_a_walk_ends),
        WEAK_TABLE_TEST(an_insertion_ends_the_walk_with_an_error),
        WEAK_TABLE_TEST(replacing_a_value_does_not_disturb),
        WEAK_TABLE_TEST(one_entry_for_another_is_noticed_later),
        WEAK_TABLE_TEST(asking_a_weak_value_dict_disturbs_after_a_death),
        WEAK_TABLE_TEST(asking_a_weak_set_does_not_disturb),
        WEAK_TABLE_TEST(a_new_value_under_the_key_of_a_dead_one_stays),
        WEAK_TABLE_TEST(
            lengths_count_the_living_before_and_after_a_collection),
        WEAK_TABLE_TEST(tables_that_hold_each_other_are_found),
        WEAK_TABLE_TEST(a_long_chain_of_tables_needs_no_deep_stack),
        WEAK_TABLE_TEST(a_death_during_a_walk_asks_for_no_memory),
        WEAK_TABLE_TEST(a_walk_without_memory_does_not_begin),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
