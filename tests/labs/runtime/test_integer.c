#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/string.h"
#include "labs/testing.h"

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    return rt_alloc_live_blocks() == 0 && rt_alloc_live_bytes() == 0 ? 0 : -1;
}

static void
small_ints_are_the_same_immortal_object(void **state)
{
    (void)state;
    for (int64_t value = -5; value <= 256; value++) {
        struct rt_object *a = rt_int_new(value);
        struct rt_object *b = rt_int_new(value);
        assert_ptr_equal(a, b);
        assert_true(rt_is_immortal(a));
        assert_true(rt_int_check(a));
        assert_number(rt_int_value(a), value);
        rt_decref(a);
        rt_decref(b);
        rt_decref(b);
        assert_number(rt_int_value(a), value);
    }
    assert_number(rt_alloc_live_blocks(), 0);
}

static void
small_ints_need_no_memory(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_non_null(rt_int_new(-5));
    assert_non_null(rt_int_new(256));
}

static void
other_ints_are_new_each_time(void **state)
{
    (void)state;
    static const int64_t VALUES[] = {-6, 257, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
        struct rt_object *a = rt_int_new(VALUES[i]);
        struct rt_object *b = rt_int_new(VALUES[i]);
        assert_true(a != b);
        assert_number(a->ob_refcnt, 1);
        assert_number(rt_int_value(a), VALUES[i]);
        assert_number(rt_equal(a, b), 1);
        rt_decref(a);
        rt_decref(b);
    }
}

/* Computes on ints and gives back everything but the answer. */
static struct rt_object *
compute(struct rt_object *(*operation)(struct rt_object *, struct rt_object *),
        int64_t a, int64_t b)
{
    struct rt_object *left = rt_int_new(a);
    struct rt_object *right = rt_int_new(b);
    struct rt_object *result = operation(left, right);
    rt_decref(left);
    rt_decref(right);
    return result;
}

static void
assert_result(struct rt_object *result, int64_t expected)
{
    assert_non_null(result);
    assert_number(rt_int_value(result), expected);
    rt_decref(result);
}

static void
assert_overflow(struct rt_object *result, const char *text)
{
    assert_null(result);
    assert_number(rt_error_occurred(), RT_ERROR_OVERFLOW);
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

static void
sums_differences_and_products_are_right(void **state)
{
    (void)state;
    assert_result(compute(rt_int_add, 700, -1000), -300);
    assert_result(compute(rt_int_subtract, 700, -1000), 1700);
    assert_result(compute(rt_int_multiply, 700, -1000), -700000);
    assert_result(compute(rt_int_add, INT64_MAX, INT64_MIN), -1);
    assert_result(compute(rt_int_subtract, -1, INT64_MAX), INT64_MIN);
    assert_result(compute(rt_int_multiply, INT64_MIN, 1), INT64_MIN);
}

static void
a_small_result_is_the_shared_object(void **state)
{
    (void)state;
    struct rt_object *result = compute(rt_int_subtract, 1000, 999);
    struct rt_object *one = rt_int_new(1);
    assert_ptr_equal(result, one);
}

static void
what_needs_more_than_64_bits_is_an_overflow_error(void **state)
{
    (void)state;
    assert_overflow(compute(rt_int_add, INT64_MAX, 1),
                    "9223372036854775807 + 1 needs more than 64 bits");
    assert_overflow(compute(rt_int_subtract, INT64_MIN, 1),
                    "-9223372036854775808 - 1 needs more than 64 bits");
    assert_overflow(compute(rt_int_multiply, INT64_MIN, -1),
                    "-9223372036854775808 * -1 needs more than 64 bits");
}

static void
only_ints_can_be_computed_with(void **state)
{
    (void)state;
    struct rt_object *number = rt_int_new(1);
    struct rt_object *string = rt_str_new("1");
    assert_null(rt_int_add(number, string));
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(),
                "unsupported operand type(s) for +: 'int' and 'str'");
    assert_null(rt_int_multiply(string, number));
    assert_text(rt_error_text(),
                "unsupported operand type(s) for *: 'str' and 'int'");
    rt_decref(string);
}

/* hash(n) in Python. */
static void
ints_hash_to_themselves_modulo_a_prime(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        int64_t hash;
    } CASES[] = {
        {0, 0},
        {5, 5},
        {-1, -2},
        {-2, -2},
        {INT64_C(2305843009213693951), 0},
        {INT64_C(2305843009213693952), 1},
        {INT64_C(-2305843009213693952), -2},
        {INT64_MAX, 3},
        {INT64_MIN, -4},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct rt_object *number = rt_int_new(CASES[i].value);
        int64_t hash;
        assert_number(rt_hash(number, &hash), 0);
        assert_number(hash, CASES[i].hash);
        rt_decref(number);
    }
}

static void
out_of_memory_is_a_pending_error(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_int_new(257));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    struct rt_object *number = rt_int_new(1000);
    rt_alloc_fail_nth(1);
    assert_null(rt_int_add(number, number));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_decref(number);
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(small_ints_are_the_same_immortal_object),
        CASE(small_ints_need_no_memory),
        CASE(other_ints_are_new_each_time),
        CASE(sums_differences_and_products_are_right),
        CASE(a_small_result_is_the_shared_object),
        CASE(what_needs_more_than_64_bits_is_an_overflow_error),
        CASE(only_ints_can_be_computed_with),
        CASE(ints_hash_to_themselves_modulo_a_prime),
        CASE(out_of_memory_is_a_pending_error),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
