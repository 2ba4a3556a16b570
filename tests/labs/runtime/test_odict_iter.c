#include "labs/runtime/alloc.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/odict.h"
#include "labs/runtime/odict_iter.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"

static struct rt_object *odict; // of 0 to 3
static struct rt_object *iterator;

static void
set_int(int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    struct rt_object *value = rt_int_new(number * 1000);
    assert_number(rt_odict_set(odict, key, value), 0);
    rt_decref(key);
    rt_decref(value);
}

static int
begin(void **state)
{
    (void)state;
    rt_error_clear();
    rt_gc_disable();
    odict = rt_odict_new();
    for (int64_t i = 0; i < 4; i++) {
        set_int(i);
    }
    iterator = rt_odict_iter_new(odict, RT_DICT_KEYS, false);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    rt_decref(iterator);
    rt_decref(odict);
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

enum {
    AT_END = -100,
    FAILED = -101
};

/* The number of the next key, or what rt_odict_iter_next() says, less 100. */
static int64_t
next_int(void)
{
    struct rt_object *item;
    int result = rt_odict_iter_next(iterator, &item);
    if (result != 1) {
        return result - 100;
    }
    int64_t number = rt_int_value(item);
    rt_decref(item);
    return number;
}

static void
keys_come_in_order_from_both_ends(void **state)
{
    (void)state;
    struct rt_object *forward = iterator;
    for (int64_t i = 0; i < 4; i++) {
        assert_number(next_int(), i);
    }
    assert_number(next_int(), AT_END);
    iterator = rt_odict_iter_new(odict, RT_DICT_VALUES, true);
    for (int64_t i = 4; i-- > 0;) {
        assert_number(next_int(), i * 1000);
    }
    assert_number(next_int(), AT_END);
    rt_decref(forward);
}

static void
items_are_pairs(void **state)
{
    (void)state;
    struct rt_object *items = rt_odict_iter_new(odict, RT_DICT_ITEMS, false);
    const struct rt_object *address = NULL;
    for (int64_t i = 0; i < 4; i++) {
        struct rt_object *item = NULL;
        assert_number(rt_odict_iter_next(items, &item), 1);
        assert_number(rt_int_value(rt_tuple_at(item, 0)), i);
        assert_number(rt_int_value(rt_tuple_at(item, 1)), i * 1000);
        assert_true(address == NULL || address == item);
        address = item;
        rt_decref(item);
    }
    rt_decref(items);
}

static void
an_empty_one_is_at_its_end(void **state)
{
    (void)state;
    struct rt_object *empty = rt_odict_new();
    struct rt_object *none = rt_odict_iter_new(empty, RT_DICT_KEYS, false);
    struct rt_object *item = NULL;
    assert_number(rt_odict_iter_next(none, &item), 0);
    rt_decref(none);
    rt_decref(empty);
}

static void
remove_int(int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    assert_number(rt_odict_remove(odict, key), 1);
}

static void
move_int(int64_t number, bool last)
{
    struct rt_object *key = rt_int_new(number);
    assert_number(rt_odict_move_to_end(odict, key, last), 0);
}

static void
remove_the_next(void)
{
    remove_int(1);
}

static void
remove_the_last(void)
{
    remove_int(3);
}

static void
remove_it_and_put_it_back(void)
{
    remove_int(3);
    set_int(3);
}

static void
add_one(void)
{
    set_int(9);
}

static void
move_the_first_to_the_end(void)
{
    move_int(0, true);
}

static void
pop_the_last(void)
{
    struct rt_object *key;
    struct rt_object *value;
    assert_number(rt_odict_pop(odict, true, &key, &value), 0);
    rt_decref(key);
    rt_decref(value);
}

/* By the same steps in CPython 3.11 to 3.13. */
static void
each_change_of_the_order_is_noticed(void **state)
{
    (void)state;
    void (*const CHANGES[])(void) = {
        remove_the_next, remove_the_last, remove_it_and_put_it_back,
        add_one,         pop_the_last,    move_the_first_to_the_end,
    };
    for (size_t i = 0; i < sizeof(CHANGES) / sizeof(CHANGES[0]); i++) {
        end(state);
        begin(state);
        assert_number(next_int(), 0);
        CHANGES[i]();
        assert_number(next_int(), FAILED);
        assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
        assert_text(rt_error_text(), "OrderedDict mutated during iteration");
        rt_error_clear();
        assert_number(next_int(), AT_END);
    }
}

static void
what_leaves_the_order_as_it_is_goes_unnoticed(void **state)
{
    (void)state;
    assert_number(next_int(), 0);
    set_int(1);
    move_int(3, true);
    move_int(0, false);
    for (int64_t i = 1; i < 4; i++) {
        assert_number(next_int(), i);
    }
    set_int(9);
    assert_number(next_int(), AT_END);
}

/* Up to 3.12; from 3.13 on clearing is a change of the order. */
static void
clearing_changes_the_size(void **state)
{
    (void)state;
    bool is_change = rt_compat_minor() >= 13;
    assert_number(next_int(), 0);
    rt_odict_clear(odict);
    assert_number(next_int(), FAILED);
    assert_text(rt_error_text(),
                is_change ? "OrderedDict mutated during iteration"
                          : "OrderedDict changed size during iteration");
    rt_error_clear();
    assert_number(next_int(), is_change ? AT_END : FAILED);
}

static void
an_iterator_in_a_cycle_is_collected(void **state)
{
    (void)state;
    struct rt_object *key = rt_int_new(1);
    rt_odict_set(odict, key, iterator);
    rt_decref(iterator);
    rt_decref(odict);
    assert_true(rt_gc_collect(2) >= 2);
    assert_number(rt_alloc_live_blocks(), 0);
    begin(state);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(keys_come_in_order_from_both_ends),
        CASE(items_are_pairs),
        CASE(an_empty_one_is_at_its_end),
        CASE(each_change_of_the_order_is_noticed),
        CASE(what_leaves_the_order_as_it_is_goes_unnoticed),
        CASE(clearing_changes_the_size),
        CASE(an_iterator_in_a_cycle_is_collected),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
