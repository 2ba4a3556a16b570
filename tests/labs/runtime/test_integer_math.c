#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/intern.h"
#include "labs/runtime/string.h"
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

typedef struct rt_object *binary(struct rt_object *a, struct rt_object *b);

/* Computes on ints and gives back everything but the answer. */
static struct rt_object *
compute(binary *operate, int64_t a, int64_t b)
{
    struct rt_object *left = rt_int_new(a);
    struct rt_object *right = rt_int_new(b);
    struct rt_object *result = operate(left, right);
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
assert_error(struct rt_object *result, enum rt_error error, const char *text)
{
    assert_null(result);
    assert_number(rt_error_occurred(), error);
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

/* row: IN02 test_long.LongTest.test_small_ints */
static void
every_small_result_is_the_shared_int(void **state)
{
    (void)state;
    for (int64_t i = RT_SMALL_INT_MIN; i <= RT_SMALL_INT_MAX; i++) {
        const struct rt_object *shared = rt_intern_small_int(i);
        assert_ptr_equal(compute(rt_int_add, i, 0), shared);
        assert_ptr_equal(compute(rt_int_multiply, i, 1), shared);
        assert_ptr_equal(compute(rt_int_subtract, i, 0), shared);
        assert_ptr_equal(compute(rt_int_floor_divide, i, 1), shared);
        assert_ptr_equal(compute(rt_int_and, i, -1), shared);
        assert_ptr_equal(compute(rt_int_or, i, 0), shared);
        assert_ptr_equal(compute(rt_int_xor, i, 0), shared);
        assert_ptr_equal(compute(rt_int_shift_left, i, 0), shared);
        assert_ptr_equal(compute(rt_int_shift_right, i, 0), shared);
        struct rt_object *inverse = rt_int_new(~i);
        assert_ptr_equal(rt_int_invert(inverse), shared);
        rt_decref(inverse);
        struct rt_object *opposite = rt_int_new(-i);
        assert_ptr_equal(rt_int_negate(opposite), shared);
        rt_decref(opposite);
    }
    // 0 from huge operands.
    const struct rt_object *zero = rt_intern_small_int(0);
    int64_t huge = INT64_C(1) << 62;
    assert_ptr_equal(compute(rt_int_subtract, huge, huge), zero);
    assert_ptr_equal(compute(rt_int_multiply, 0, huge), zero);
    assert_ptr_equal(compute(rt_int_shift_right, huge, 63), zero);
    assert_ptr_equal(compute(rt_int_xor, huge, huge), zero);
}

/* row: IN03 test_long.LongTest.test_divmod_uses_cached_small_ints */
static void
small_quotients_and_remainders_are_shared(void **state)
{
    (void)state;
    for (int64_t i = RT_SMALL_INT_MIN; i <= RT_SMALL_INT_MAX; i++) {
        int64_t large = 1000 * INT64_C(1000000007);
        const struct rt_object *shared = rt_intern_small_int(i);
        const struct rt_object *zero = rt_intern_small_int(0);
        struct rt_object *dividend = rt_int_new(large * i);
        struct rt_object *divisor = rt_int_new(large);
        struct rt_object *quotient = NULL;
        struct rt_object *remainder = NULL;
        assert_number(rt_int_divmod(dividend, divisor, &quotient, &remainder),
                      0);
        assert_ptr_equal(quotient, shared);
        assert_ptr_equal(remainder, zero);
        rt_decref(dividend);
        if (i >= 0) {
            dividend = rt_int_new(large * 3 + i);
            rt_int_divmod(dividend, divisor, &quotient, &remainder);
            assert_ptr_equal(remainder, shared);
            assert_ptr_equal(compute(rt_int_modulo, large * 3 + i, large),
                             shared);
            rt_decref(dividend);
        }
        rt_decref(divisor);
    }
}

static void
division_rounds_down(void **state)
{
    (void)state;
    static const struct {
        int64_t a, b, quotient, remainder;
    } CASES[] = {
        {7, 2, 3, 1},
        {-7, 2, -4, 1},
        {7, -2, -4, -1},
        {-7, -2, 3, -1},
        {6, -2, -3, 0},
        {-6, 2, -3, 0},
        {0, -5, 0, 0},
        {1, INT64_MIN, -1, INT64_MIN + 1},
        {INT64_MIN, 1, INT64_MIN, 0},
        {INT64_MIN, INT64_MAX, -2, INT64_MAX - 1},
        {INT64_MAX, -1, -INT64_MAX, 0},
        {INT64_MIN, INT64_MIN, 1, 0},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        int64_t a = CASES[i].a;
        int64_t b = CASES[i].b;
        assert_result(compute(rt_int_floor_divide, a, b), CASES[i].quotient);
        assert_result(compute(rt_int_modulo, a, b), CASES[i].remainder);
    }
}

static void
the_smallest_int_has_no_opposite(void **state)
{
    (void)state;
    struct rt_object *smallest = rt_int_new(INT64_MIN);
    struct rt_object *minus_one = rt_int_new(-1);
    struct rt_object *quotient = NULL;
    assert_error(rt_int_floor_divide(smallest, minus_one), RT_ERROR_OVERFLOW,
                 "-9223372036854775808 // -1 needs more than 64 bits");
    assert_number(rt_int_divmod(smallest, minus_one, &quotient, &quotient),
                  -1);
    assert_text(rt_error_text(),
                "-9223372036854775808 divmod() -1 needs more than 64 bits");
    rt_error_clear();
    assert_error(rt_int_negate(smallest), RT_ERROR_OVERFLOW,
                 "-(-9223372036854775808) needs more than 64 bits");
    assert_result(rt_int_modulo(smallest, minus_one), 0);
    assert_result(rt_int_invert(smallest), INT64_MAX);
    rt_decref(smallest);
}

static void
nothing_can_be_divided_by_zero(void **state)
{
    (void)state;
    assert_error(compute(rt_int_floor_divide, 1, 0), RT_ERROR_ZERO_DIVISION,
                 "integer division or modulo by zero");
    assert_error(compute(rt_int_modulo, 1, 0), RT_ERROR_ZERO_DIVISION,
                 "integer modulo by zero");
    struct rt_object *one = rt_int_new(1);
    struct rt_object *result = NULL;
    assert_number(rt_int_divmod(one, rt_int_new(0), &result, &result), -1);
    assert_text(rt_error_text(), "integer division or modulo by zero");
    assert_text(rt_error_name(rt_error_occurred()), "ZeroDivisionError");
}

static void
shifts_multiply_and_divide_by_powers_of_two(void **state)
{
    (void)state;
    assert_result(compute(rt_int_shift_left, 3, 4), 48);
    assert_result(compute(rt_int_shift_left, -3, 4), -48);
    assert_result(compute(rt_int_shift_left, 0, 1000), 0);
    assert_result(compute(rt_int_shift_left, -1, 63), INT64_MIN);
    assert_result(compute(rt_int_shift_left, -2, 62), INT64_MIN);
    assert_result(compute(rt_int_shift_left, 1, 62), INT64_C(1) << 62);
    assert_error(compute(rt_int_shift_left, 1, 63), RT_ERROR_OVERFLOW,
                 "1 << 63 needs more than 64 bits");
    assert_error(compute(rt_int_shift_left, -1, 64), RT_ERROR_OVERFLOW,
                 "-1 << 64 needs more than 64 bits");
    assert_result(compute(rt_int_shift_right, -7, 1), -4);
    assert_result(compute(rt_int_shift_right, -1, 1000), -1);
    assert_result(compute(rt_int_shift_right, INT64_MAX, 1000), 0);
    assert_error(compute(rt_int_shift_left, 1, -1), RT_ERROR_VALUE,
                 "negative shift count");
    assert_error(compute(rt_int_shift_right, 1, -1), RT_ERROR_VALUE,
                 "negative shift count");
}

static void
bits_are_those_of_twos_complement(void **state)
{
    (void)state;
    assert_result(compute(rt_int_and, 12, 10), 8);
    assert_result(compute(rt_int_or, 12, 10), 14);
    assert_result(compute(rt_int_xor, 12, 10), 6);
    assert_result(compute(rt_int_and, -12, 1000), 992);
    assert_result(compute(rt_int_or, -12, 1000), -12 | 1000);
    assert_result(rt_int_invert(rt_int_new(7)), -8);
}

static void
only_ints_can_be_operands(void **state)
{
    (void)state;
    struct rt_object *number = rt_int_new(1);
    struct rt_object *string = rt_str_new("1");
    struct rt_object *result = NULL;
    assert_error(rt_int_floor_divide(number, string), RT_ERROR_TYPE,
                 "unsupported operand type(s) for //: 'int' and 'str'");
    assert_error(rt_int_shift_left(string, number), RT_ERROR_TYPE,
                 "unsupported operand type(s) for <<: 'str' and 'int'");
    assert_number(rt_int_divmod(string, number, &result, &result), -1);
    assert_text(rt_error_text(),
                "unsupported operand type(s) for divmod(): 'str' and 'int'");
    rt_error_clear();
    assert_error(rt_int_negate(string), RT_ERROR_TYPE,
                 "bad operand type for unary -: 'str'");
    assert_error(rt_int_invert(string), RT_ERROR_TYPE,
                 "bad operand type for unary ~: 'str'");
    rt_decref(string);
}

static void
without_memory_there_is_no_result(void **state)
{
    (void)state;
    struct rt_object *large = rt_int_new(INT64_C(1) << 40);
    struct rt_object *divisor = rt_int_new(INT64_C(1000));
    for (size_t nth = 1; nth <= 2; nth++) {
        struct rt_object *quotient = NULL;
        struct rt_object *remainder = NULL;
        rt_alloc_fail_nth(nth);
        assert_number(rt_int_divmod(large, divisor, &quotient, &remainder),
                      -1);
        rt_alloc_fail_nth(0);
        assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
        assert_null(quotient);
        rt_error_clear();
    }
    rt_decref(large);
    rt_decref(divisor);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(every_small_result_is_the_shared_int),
        CASE(small_quotients_and_remainders_are_shared),
        CASE(division_rounds_down),
        CASE(the_smallest_int_has_no_opposite),
        CASE(nothing_can_be_divided_by_zero),
        CASE(shifts_multiply_and_divide_by_powers_of_two),
        CASE(bits_are_those_of_twos_complement),
        CASE(only_ints_can_be_operands),
        CASE(without_memory_there_is_no_result),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
