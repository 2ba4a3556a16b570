#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/dict_iter.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"

static int
begin(void **state)
{
    (void)state;
    rt_error_clear();
    rt_gc_disable();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static void
set_int(struct rt_object *dict, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    struct rt_object *value = rt_int_new(number * 1000);
    assert_number(rt_dict_set(dict, key, value), 0);
    rt_decref(key);
    rt_decref(value);
}

static void
remove_int(struct rt_object *dict, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    assert_number(rt_dict_remove(dict, key), 1);
    rt_decref(key);
}

static struct rt_object *
dict_of(int64_t count)
{
    struct rt_object *dict = rt_dict_new();
    for (int64_t i = 0; i < count; i++) {
        set_int(dict, i);
    }
    return dict;
}

/* The number of the next key, or what rt_dict_iter_next() says, less 100. */
static int64_t
next_int(struct rt_object *iterator)
{
    struct rt_object *item;
    int result = rt_dict_iter_next(iterator, &item);
    if (result != 1) {
        return result - 100;
    }
    int64_t number = rt_int_value(item);
    rt_decref(item);
    return number;
}

enum {
    AT_END = -100,
    FAILED = -101
};

static void
keys_and_values_come_in_order(void **state)
{
    (void)state;
    struct rt_object *dict = dict_of(4);
    remove_int(dict, 1);
    struct rt_object *keys = rt_dict_iter_new(dict, RT_DICT_KEYS, false);
    struct rt_object *values = rt_dict_iter_new(dict, RT_DICT_VALUES, false);
    static const int64_t LEFT[] = {0, 2, 3};
    for (int i = 0; i < 3; i++) {
        assert_number(rt_dict_iter_left(keys), 3 - i);
        assert_number(next_int(keys), LEFT[i]);
        assert_number(next_int(values), LEFT[i] * 1000);
    }
    assert_number(rt_dict_iter_left(keys), 0);
    assert_number(next_int(keys), AT_END);
    rt_decref(keys);
    rt_decref(values);
    rt_decref(dict);
}

static void
reversed_the_last_comes_first(void **state)
{
    (void)state;
    struct rt_object *dict = dict_of(4);
    remove_int(dict, 1);
    struct rt_object *keys = rt_dict_iter_new(dict, RT_DICT_KEYS, true);
    assert_number(next_int(keys), 3);
    assert_number(rt_dict_iter_left(keys), 2);
    assert_number(next_int(keys), 2);
    assert_number(next_int(keys), 0);
    assert_number(next_int(keys), AT_END);
    rt_decref(keys);
    rt_dict_clear(dict);
    keys = rt_dict_iter_new(dict, RT_DICT_KEYS, true);
    assert_number(next_int(keys), AT_END);
    rt_decref(keys);
    rt_decref(dict);
}

/* Once at its end, an iterator lets its dict go and stays there. */
static void
the_end_is_the_end(void **state)
{
    (void)state;
    struct rt_object *dict = dict_of(1);
    struct rt_object *keys = rt_dict_iter_new(dict, RT_DICT_KEYS, false);
    assert_number(dict->ob_refcnt, 2);
    assert_number(next_int(keys), 0);
    assert_number(next_int(keys), AT_END);
    assert_number(dict->ob_refcnt, 1);
    set_int(dict, 5);
    assert_number(next_int(keys), AT_END);
    rt_decref(keys);
    rt_decref(dict);
}

static void
assert_changed(const char *text)
{
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

/* row: CT05 test_dict.DictTest.test_mutating_iteration */
static void
a_key_added_during_iteration_is_an_error(void **state)
{
    (void)state;
    struct rt_object *dict = dict_of(1);
    for (int reversed = 0; reversed < 2; reversed++) {
        struct rt_object *keys =
            rt_dict_iter_new(dict, RT_DICT_KEYS, reversed);
        assert_number(next_int(keys), 0);
        set_int(dict, 2);
        // The error stays, even if the size is right again.
        for (int i = 0; i < 3; i++) {
            assert_number(next_int(keys), FAILED);
            assert_changed("dictionary changed size during iteration");
            assert_number(rt_dict_iter_left(keys), 0);
            if (i == 1) {
                remove_int(dict, 2);
            }
        }
        rt_decref(keys);
    }
    rt_decref(dict);
}

/* test_dict.DictTest.test_mutating_iteration_delete */
static void
a_key_that_comes_again_during_iteration_is_an_error(void **state)
{
    (void)state;
    struct rt_object *dict = dict_of(1);
    struct rt_object *keys = rt_dict_iter_new(dict, RT_DICT_KEYS, false);
    assert_number(next_int(keys), 0);
    remove_int(dict, 0);
    set_int(dict, 0);
    assert_number(next_int(keys), FAILED);
    assert_changed("dictionary keys changed during iteration");
    assert_number(next_int(keys), AT_END);
    rt_decref(keys);
    rt_decref(dict);
}

/* Three keys, each removed as it comes and another one stored: a new table
 * moves what is left in front of the iterator, which then is at its end. */
static void
a_new_table_of_the_same_size_goes_unnoticed(void **state)
{
    (void)state;
    struct rt_object *dict = dict_of(3);
    struct rt_object *keys = rt_dict_iter_new(dict, RT_DICT_KEYS, false);
    for (int64_t i = 0; i < 3; i++) {
        assert_number(next_int(keys), i);
        remove_int(dict, i);
        set_int(dict, i + 100);
    }
    assert_number(next_int(keys), AT_END);
    rt_decref(keys);
    rt_decref(dict);
}

static void
reversed_what_comes_behind_is_not_seen(void **state)
{
    (void)state;
    struct rt_object *dict = dict_of(3);
    struct rt_object *keys = rt_dict_iter_new(dict, RT_DICT_KEYS, true);
    assert_number(next_int(keys), 2);
    remove_int(dict, 0);
    set_int(dict, 7);
    assert_number(next_int(keys), 1);
    assert_number(next_int(keys), AT_END);
    rt_decref(keys);
    rt_decref(dict);
}

/* A dict of 40 keys that shrinks to a small table and gets 40 others again
 * has fewer entries than the iterator has still to go through. */
static void
reversed_in_a_smaller_table_starts_at_its_end(void **state)
{
    (void)state;
    struct rt_object *dict = dict_of(40);
    for (int64_t i = 0; i < 38; i++) {
        remove_int(dict, i);
    }
    struct rt_object *keys = rt_dict_iter_new(dict, RT_DICT_KEYS, true);
    rt_dict_clear(dict);
    set_int(dict, 1);
    set_int(dict, 2);
    assert_number(next_int(keys), 2);
    assert_number(next_int(keys), 1);
    assert_number(next_int(keys), AT_END);
    rt_decref(keys);
    rt_decref(dict);
}

static struct rt_object *
next_item(struct rt_object *items)
{
    struct rt_object *item = NULL;
    assert_number(rt_dict_iter_next(items, &item), 1);
    assert_number(rt_tuple_size(item), 2);
    return item;
}

static void
an_item_that_nobody_holds_is_used_again(void **state)
{
    (void)state;
    struct rt_object *dict = dict_of(4);
    struct rt_object *items = rt_dict_iter_new(dict, RT_DICT_ITEMS, false);
    struct rt_object *first = next_item(items);
    assert_number(rt_int_value(rt_tuple_at(first, 1)), 0);
    const struct rt_object *address = first;
    rt_decref(first);
    struct rt_object *second = next_item(items);
    assert_ptr_equal(second, address);
    assert_number(rt_int_value(rt_tuple_at(second, 1)), 1000);
    struct rt_object *third = next_item(items);
    assert_true(third != second);
    assert_number(rt_int_value(rt_tuple_at(second, 1)), 1000);
    assert_number(rt_int_value(rt_tuple_at(third, 1)), 2000);
    rt_decref(second);
    rt_decref(third);
    rt_decref(items);
    rt_decref(dict);
}

/* test_dict.DictTest.test_dict_items_result_gc: what the collector has given
 * up watching is watched again, because it may hold something else now. */
static void
an_item_that_is_used_again_is_tracked(void **state)
{
    (void)state;
    for (int reversed = 0; reversed < 2; reversed++) {
        struct rt_object *dict = rt_dict_new();
        struct rt_object *inner = rt_dict_new();
        struct rt_object *key = rt_int_new(1);
        rt_dict_set(dict, key, inner);
        rt_decref(inner);
        struct rt_object *items =
            rt_dict_iter_new(dict, RT_DICT_ITEMS, reversed);
        rt_gc_collect(2);
        struct rt_object *item = next_item(items);
        assert_true(rt_gc_is_tracked(item));
        rt_decref(item);
        rt_decref(items);
        rt_decref(dict);
    }
}

static void
an_iterator_in_a_cycle_is_collected(void **state)
{
    (void)state;
    struct rt_object *dict = rt_dict_new();
    struct rt_object *items = rt_dict_iter_new(dict, RT_DICT_ITEMS, false);
    struct rt_object *key = rt_int_new(1);
    rt_dict_set(dict, key, items);
    rt_decref(items);
    rt_decref(dict);
    assert_true(rt_gc_collect(2) >= 2);
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    struct rt_object *dict = dict_of(2);
    struct rt_object *iterator = NULL;
    size_t nth = 1;
    for (; iterator == NULL; nth++) {
        rt_alloc_fail_nth(nth);
        iterator = rt_dict_iter_new(dict, RT_DICT_ITEMS, false);
        if (iterator == NULL) {
            assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
            assert_number(dict->ob_refcnt, 1);
            rt_error_clear();
        }
    }
    rt_alloc_fail_nth(0);
    assert_true(nth > 3);
    struct rt_object *held = next_item(iterator);
    struct rt_object *item = NULL;
    rt_alloc_fail_nth(1);
    assert_number(rt_dict_iter_next(iterator, &item), -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_decref(held);
    rt_decref(iterator);
    rt_decref(dict);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(keys_and_values_come_in_order),
        CASE(reversed_the_last_comes_first),
        CASE(the_end_is_the_end),
        CASE(a_key_added_during_iteration_is_an_error),
        CASE(a_key_that_comes_again_during_iteration_is_an_error),
        CASE(a_new_table_of_the_same_size_goes_unnoticed),
        CASE(reversed_what_comes_behind_is_not_seen),
        CASE(reversed_in_a_smaller_table_starts_at_its_end),
        CASE(an_item_that_nobody_holds_is_used_again),
        CASE(an_item_that_is_used_again_is_tracked),
        CASE(an_iterator_in_a_cycle_is_collected),
        CASE(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
