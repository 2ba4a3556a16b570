/* All expected orders are those of CPython 3.8 to 3.13, where a small int is
 * its own hash, too. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/set.h"
#include "labs/runtime/set_ops.h"
#include "labs/runtime/sizeof.h"
#include "labs/testing.h"

static struct rt_object *a; // of 0, 8, 16, 3, 1: in the order 0 1 3 8 16
static struct rt_object *b; // of 24, 40, 8, 3: in the order 24 8 40 3

static void
add_int(struct rt_object *set, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    assert_true(rt_set_add(set, key) >= 0);
    rt_decref(key);
}

static struct rt_object *
set_of(const int64_t *numbers, size_t count)
{
    struct rt_object *set = rt_set_new();
    for (size_t i = 0; i < count; i++) {
        add_int(set, numbers[i]);
    }
    return set;
}

#define COUNT(...) (sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define SET(...) set_of((const int64_t[]){__VA_ARGS__}, COUNT(__VA_ARGS__))

static struct rt_object *
set_of_range(int64_t count, int64_t step)
{
    struct rt_object *set = rt_set_new();
    for (int64_t i = 0; i < count; i++) {
        add_int(set, i * step);
    }
    return set;
}

static int
begin(void **state)
{
    (void)state;
    rt_error_clear();
    rt_gc_disable();
    a = SET(0, 8, 16, 3, 1);
    b = SET(24, 40, 8, 3);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    rt_decref(a);
    rt_decref(b);
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static void
assert_keys(struct rt_object *set, const int64_t *numbers, size_t count)
{
    size_t position = 0;
    struct rt_object *key = NULL;
    assert_number(rt_set_size(set), count);
    for (size_t i = 0; i < count; i++) {
        assert_true(rt_set_next(set, &position, &key));
        assert_number(rt_int_value(key), numbers[i]);
    }
    assert_false(rt_set_next(set, &position, &key));
}

#define assert_order(set, ...)                                                \
    assert_keys(set, (const int64_t[]){__VA_ARGS__}, COUNT(__VA_ARGS__))

/* The result is stolen. */
#define assert_result(set, ...)                                               \
    do {                                                                      \
        struct rt_object *result = (set);                                     \
        assert_non_null(result);                                              \
        assert_order(result, __VA_ARGS__);                                    \
        rt_decref(result);                                                    \
    } while (0)

static void
the_order_of_a_union_is_cpythons(void **state)
{
    (void)state;
    assert_order(a, 0, 1, 3, 8, 16);
    assert_order(b, 24, 8, 40, 3);
    assert_result(rt_set_union(a, b), 0, 1, 3, 8, 40, 16, 24);
    struct rt_object *set = rt_set_new();
    assert_number(rt_set_update(set, a), 0);
    assert_number(rt_set_update(set, b), 0);
    assert_number(rt_set_update(set, set), 0);
    assert_result(set, 0, 1, 3, 8, 40, 16, 24);
}

static void
the_order_of_an_intersection_is_cpythons(void **state)
{
    (void)state;
    assert_result(rt_set_intersection(a, b), 8, 3);
    assert_result(rt_set_intersection(b, a), 8, 3);
    assert_result(rt_set_intersection(a, a), 0, 1, 16, 3, 8);
}

/* The keys are those of the smaller set, of the second if none is. */
static void
an_intersection_takes_the_keys_of_the_smaller_set(void **state)
{
    (void)state;
    struct rt_object *one = SET(1000, 2000);
    struct rt_object *other = SET(2000, 3000);
    struct rt_object *large = SET(2000, 4000, 5000);
    size_t position = 0;
    struct rt_object *of_other = NULL;
    rt_set_next(other, &position, &of_other);
    while (rt_int_value(of_other) != 2000) {
        rt_set_next(other, &position, &of_other);
    }
    struct rt_object *const OPERANDS[][2] = {
        {one, other}, {large, other}, {other, large}};
    for (int i = 0; i < 3; i++) {
        struct rt_object *both =
            rt_set_intersection(OPERANDS[i][0], OPERANDS[i][1]);
        struct rt_object *key = NULL;
        position = 0;
        assert_true(rt_set_next(both, &position, &key));
        assert_ptr_equal(key, of_other);
        rt_decref(both);
    }
    rt_decref(one);
    rt_decref(other);
    rt_decref(large);
}

static void
the_order_of_a_difference_is_cpythons(void **state)
{
    (void)state;
    assert_result(rt_set_difference(a, b), 0, 1, 16);
    assert_result(rt_set_difference(b, a), 24, 40);
    struct rt_object *large = set_of_range(80, 8);
    struct rt_object *two = SET(8, 16);
    struct rt_object *rest = rt_set_difference(large, two);
    size_t position = 0;
    struct rt_object *key = NULL;
    static const int64_t FIRST[] = {0,   512, 256, 520, 264, 528,
                                    272, 24,  536, 280, 32,  544};
    assert_number(rt_set_size(rest), 78);
    for (size_t i = 0; i < 12; i++) {
        assert_true(rt_set_next(rest, &position, &key));
        assert_number(rt_int_value(key), FIRST[i]);
    }
    rt_decref(rest);
    struct rt_object *few = SET(5000, 8, 16);
    assert_number(rt_set_difference_update(few, large), 0);
    assert_result(few, 5000);
    rt_decref(two);
    rt_decref(large);
}

/* The bytes of the slots are 16 each, as in CPython. */
static void
a_set_that_lost_most_keys_gets_a_smaller_table(void **state)
{
    (void)state;
    struct rt_object *set = set_of_range(300, 1);
    struct rt_object *most = set_of_range(290, 1);
    struct rt_object *empty = rt_set_new();
    size_t small = rt_sizeof(empty);
    rt_decref(empty);
    assert_number(rt_set_difference_update(set, most), 0);
    assert_order(set, 290, 291, 292, 293, 294, 295, 296, 297, 298, 299);
    assert_number(rt_sizeof(set) - small, 64 * 16);
    rt_set_difference_update(set, set);
    assert_number(rt_set_size(set), 0);
    rt_decref(set);
    rt_decref(most);
}

static void
the_order_of_a_symmetric_difference_is_cpythons(void **state)
{
    (void)state;
    assert_result(rt_set_symmetric_difference(a, b), 0, 1, 40, 16, 24);
    assert_result(rt_set_symmetric_difference(b, a), 0, 1, 16, 40, 24);
    struct rt_object *set = SET(1, 2, 3);
    rt_set_symmetric_difference_update(set, b);
    assert_result(set, 1, 2, 8, 40, 24);
    rt_set_symmetric_difference_update(a, a);
    assert_number(rt_set_size(a), 0);
}

static void
subsets_and_disjoint_sets_are_known(void **state)
{
    (void)state;
    struct rt_object *both = rt_set_union(a, b);
    struct rt_object *other = SET(99);
    assert_number(rt_set_is_subset(a, both), 1);
    assert_number(rt_set_is_subset(both, a), 0);
    assert_number(rt_set_is_subset(b, a), 0);
    assert_number(rt_set_is_subset(a, a), 1);
    assert_number(rt_set_is_disjoint(a, b), 0);
    assert_number(rt_set_is_disjoint(a, other), 1);
    assert_number(rt_set_is_disjoint(other, a), 1);
    assert_number(rt_set_is_disjoint(a, a), 0);
    rt_set_clear(other);
    assert_number(rt_set_is_disjoint(other, other), 1);
    rt_decref(both);
    rt_decref(other);
}

/* From where the last pop has ended, in the order of the table. */
/* Seven keys in a row, of which the first three go. */
static void
a_new_key_takes_the_last_dummy_on_its_way(void **state)
{
    (void)state;
    struct rt_object *set = set_of_range(8, 1);
    for (int64_t i = 0; i < 3; i++) {
        struct rt_object *key = rt_int_new(i);
        assert_number(rt_set_remove(set, key), 1);
    }
    add_int(set, 32);
    assert_order(set, 32, 3, 4, 5, 6, 7);
    add_int(set, 64);
    assert_order(set, 64, 32, 3, 4, 5, 6, 7);
    add_int(set, 33);
    assert_order(set, 64, 32, 3, 4, 5, 6, 7, 33);
    rt_decref(set);
}

static void
pops_go_through_the_table(void **state)
{
    (void)state;
    static const int64_t EXPECTED[] = {24, 8, 40, 3, 0};
    for (int i = 0; i < 5; i++) {
        struct rt_object *key = NULL;
        assert_number(rt_set_pop(b, &key), 0);
        assert_number(rt_int_value(key), EXPECTED[i]);
        rt_decref(key);
        if (i == 1) {
            add_int(b, 56);
            add_int(b, 0);
        }
    }
    assert_order(b, 56);
}

static void
nothing_can_be_popped_from_an_empty_set(void **state)
{
    (void)state;
    struct rt_object *key = NULL;
    rt_set_clear(a);
    assert_number(rt_set_pop(a, &key), -1);
    assert_number(rt_error_occurred(), RT_ERROR_KEY);
    assert_text(rt_error_text(), "pop from an empty set");
    assert_null(key);
}

static void
without_memory_there_is_no_result_and_no_leak(void **state)
{
    (void)state;
    typedef struct rt_object *operation(struct rt_object *,
                                        struct rt_object *);
    static operation *const OPERATIONS[] = {rt_set_union, rt_set_intersection,
                                            rt_set_difference,
                                            rt_set_symmetric_difference};
    struct rt_object *large = set_of_range(100, 3);
    size_t before = rt_alloc_live_blocks();
    for (int i = 0; i < 4; i++) {
        struct rt_object *result = NULL;
        size_t nth = 1;
        for (; result == NULL; nth++) {
            rt_alloc_fail_nth(nth);
            result = OPERATIONS[i](large, b);
            rt_alloc_fail_nth(0);
            if (result == NULL) {
                assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
                assert_number(rt_alloc_live_blocks(), before);
                rt_error_clear();
            }
        }
        assert_true(nth > 2);
        rt_decref(result);
    }
    rt_decref(large);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(the_order_of_a_union_is_cpythons),
        CASE(the_order_of_an_intersection_is_cpythons),
        CASE(an_intersection_takes_the_keys_of_the_smaller_set),
        CASE(the_order_of_a_difference_is_cpythons),
        CASE(a_set_that_lost_most_keys_gets_a_smaller_table),
        CASE(the_order_of_a_symmetric_difference_is_cpythons),
        CASE(subsets_and_disjoint_sets_are_known),
        CASE(a_new_key_takes_the_last_dummy_on_its_way),
        CASE(pops_go_through_the_table),
        CASE(nothing_can_be_popped_from_an_empty_set),
        CASE(without_memory_there_is_no_result_and_no_leak),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
