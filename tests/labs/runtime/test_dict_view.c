#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/dict_view.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
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
set(struct rt_object *dict, int64_t number, int64_t value_number)
{
    struct rt_object *key = rt_int_new(number);
    struct rt_object *value = rt_int_new(value_number);
    assert_number(rt_dict_set(dict, key, value), 0);
    rt_decref(key);
    rt_decref(value);
}

static struct rt_object *
pair(int64_t number, int64_t value_number)
{
    struct rt_object *parts[] = {rt_int_new(number), rt_int_new(value_number)};
    struct rt_object *result = rt_tuple_new(parts, 2);
    rt_decref(parts[0]);
    rt_decref(parts[1]);
    return result;
}

/* Whether the member, which is stolen, is there. */
static int
contains(struct rt_object *view, struct rt_object *member)
{
    int result = rt_dict_view_contains(view, member);
    rt_decref(member);
    return result;
}

static void
a_view_shows_what_is_there_now(void **state)
{
    (void)state;
    struct rt_object *dict = rt_dict_new();
    struct rt_object *keys = rt_dict_view_new(dict, RT_DICT_KEYS);
    assert_number(rt_dict_view_size(keys), 0);
    set(dict, 1, 1000);
    set(dict, 2, 2000);
    assert_number(rt_dict_view_size(keys), 2);
    struct rt_object *iterator = rt_dict_view_iter(keys, true);
    struct rt_object *key = NULL;
    assert_number(rt_dict_iter_next(iterator, &key), 1);
    assert_number(rt_int_value(key), 2);
    rt_decref(key);
    rt_decref(iterator);
    rt_decref(keys);
    rt_decref(dict);
}

static void
each_view_has_its_own_members(void **state)
{
    (void)state;
    struct rt_object *dict = rt_dict_new();
    set(dict, 1, 1000);
    set(dict, 2, 2000);
    struct rt_object *keys = rt_dict_view_new(dict, RT_DICT_KEYS);
    struct rt_object *values = rt_dict_view_new(dict, RT_DICT_VALUES);
    struct rt_object *items = rt_dict_view_new(dict, RT_DICT_ITEMS);
    assert_number(contains(keys, rt_int_new(2)), 1);
    assert_number(contains(keys, rt_int_new(2000)), 0);
    assert_number(contains(values, rt_int_new(2000)), 1);
    assert_number(contains(values, rt_int_new(2)), 0);
    assert_number(contains(items, pair(2, 2000)), 1);
    assert_number(contains(items, pair(2, 1000)), 0);
    assert_number(contains(items, pair(3, 2000)), 0);
    assert_number(contains(items, rt_int_new(2)), 0);
    assert_number(
        contains(items, rt_tuple_new((struct rt_object *[]){NULL, NULL}, 2)),
        0);
    rt_decref(keys);
    rt_decref(values);
    rt_decref(items);
    rt_decref(dict);
}

static void
a_member_that_cannot_be_hashed_is_an_error(void **state)
{
    (void)state;
    struct rt_object *dict = rt_dict_new();
    set(dict, 1, 1000);
    struct rt_object *keys = rt_dict_view_new(dict, RT_DICT_KEYS);
    struct rt_object *values = rt_dict_view_new(dict, RT_DICT_VALUES);
    assert_number(rt_dict_view_contains(keys, dict), -1);
    assert_text(rt_error_text(), "unhashable type: 'dict'");
    rt_error_clear();
    assert_number(rt_dict_view_contains(values, dict), 0);
    rt_decref(keys);
    rt_decref(values);
    rt_decref(dict);
}

static void
views_of_keys_and_items_are_equal_by_members(void **state)
{
    (void)state;
    struct rt_object *one = rt_dict_new();
    struct rt_object *other = rt_dict_new();
    for (int64_t i = 0; i < 3; i++) {
        set(one, i, i + 1000);
        set(other, 2 - i, 1002 - i);
    }
    static const struct {
        enum rt_dict_part part;
        int before, after;
    } CASES[] = {
        {RT_DICT_KEYS, 1, 1}, {RT_DICT_VALUES, 0, 0}, {RT_DICT_ITEMS, 1, 0}};
    for (int i = 0; i < 3; i++) {
        struct rt_object *left = rt_dict_view_new(one, CASES[i].part);
        struct rt_object *right = rt_dict_view_new(other, CASES[i].part);
        set(other, 1, 1001);
        assert_number(rt_equal(left, right), CASES[i].before);
        assert_number(rt_equal(left, left), 1);
        set(other, 1, 7);
        assert_number(rt_equal(left, right), CASES[i].after);
        rt_decref(left);
        rt_decref(right);
    }
    rt_decref(one);
    rt_decref(other);
}

static void
a_view_in_a_cycle_is_collected(void **state)
{
    (void)state;
    struct rt_object *dict = rt_dict_new();
    struct rt_object *values = rt_dict_view_new(dict, RT_DICT_VALUES);
    struct rt_object *key = rt_int_new(1);
    rt_dict_set(dict, key, values);
    rt_decref(values);
    rt_decref(dict);
    assert_number(rt_gc_collect(2), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_view_shows_what_is_there_now),
        CASE(each_view_has_its_own_members),
        CASE(a_member_that_cannot_be_hashed_is_an_error),
        CASE(views_of_keys_and_items_are_equal_by_members),
        CASE(a_view_in_a_cycle_is_collected),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
