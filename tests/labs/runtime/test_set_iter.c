#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/set.h"
#include "labs/runtime/set_iter.h"
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
add_int(struct rt_object *set, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    assert_number(rt_set_add(set, key), 1);
    rt_decref(key);
}

static void
each_key_comes_once_in_the_order_of_the_table(void **state)
{
    (void)state;
    struct rt_object *set = rt_set_new();
    add_int(set, 3);
    add_int(set, 8);
    add_int(set, 1);
    struct rt_object *iterator = rt_set_iter_new(set);
    static const int64_t EXPECTED[] = {8, 1, 3};
    struct rt_object *key = NULL;
    for (size_t i = 0; i < 3; i++) {
        assert_number(rt_set_iter_left(iterator), 3 - i);
        assert_number(rt_set_iter_next(iterator, &key), 1);
        assert_number(rt_int_value(key), EXPECTED[i]);
        rt_decref(key);
    }
    assert_number(rt_set_iter_next(iterator, &key), 0);
    assert_number(set->ob_refcnt, 1);
    add_int(set, 5);
    assert_number(rt_set_iter_next(iterator, &key), 0);
    rt_decref(iterator);
    rt_decref(set);
}

static void
a_key_added_during_iteration_is_an_error(void **state)
{
    (void)state;
    struct rt_object *set = rt_set_new();
    add_int(set, 1);
    add_int(set, 2);
    struct rt_object *iterator = rt_set_iter_new(set);
    struct rt_object *key = NULL;
    assert_number(rt_set_iter_next(iterator, &key), 1);
    rt_decref(key);
    add_int(set, 3);
    for (int i = 0; i < 2; i++) {
        assert_number(rt_set_iter_left(iterator), 0);
        assert_number(rt_set_iter_next(iterator, &key), -1);
        assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
        assert_text(rt_error_text(), "Set changed size during iteration");
        rt_error_clear();
        struct rt_object *three = rt_int_new(3);
        rt_set_remove(set, three); // does not help
    }
    rt_decref(iterator);
    rt_decref(set);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(each_key_comes_once_in_the_order_of_the_table),
        CASE(a_key_added_during_iteration_is_an_error),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
