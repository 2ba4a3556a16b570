/* All expected texts and hashes are what Python says. */
#include <math.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/float.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/testing.h"

static int
begin(void **state)
{
    (void)state;
    rt_error_clear();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_float_clear_free_list();
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static void
the_text_is_the_shortest_that_reads_back(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } CASES[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {2.0 / 3, "0.6666666666666666"},
        {1e15, "1000000000000000.0"},
        {9999999999999998.0, "9999999999999998.0"},
        {1e16, "1e+16"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {1e-4, "0.0001"},
        {0.0001234, "0.0001234"},
        {1e-5, "1e-05"},
        {1.5e-7, "1.5e-07"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {100.0, "100.0"},
        {1234.5, "1234.5"},
        {12345678.9, "12345678.9"},
        {-2.5, "-2.5"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct rt_object *number = rt_float_new(CASES[i].value);
        char text[RT_FLOAT_REPR_BYTES];
        rt_float_repr(number, text);
        assert_text(text, CASES[i].text);
        rt_decref(number);
    }
}

static void
hashes_are_those_of_equal_rational_numbers(void **state)
{
    (void)state;
    static const struct {
        double value;
        int64_t hash;
    } CASES[] = {
        {0.0, 0},
        {-0.0, 0},
        {1.0, 1},
        {0.5, INT64_C(1152921504606846976)},
        {-1.0, -2},
        {-2.0, -2},
        {0.1, INT64_C(230584300921369408)},
        {-0.1, INT64_C(-230584300921369408)},
        {1e300, INT64_C(1224995262755759164)},
        {5e-324, 16777216},
        {1.5, INT64_C(1152921504606846977)},
        {2305843009213693952.0, 1},
        {2305843009213693440.0, INT64_C(2305843009213693440)},
        {1e16, INT64_C(10000000000000000)},
        {123.456, INT64_C(1051464412201451643)},
        {INFINITY, 314159},
        {-INFINITY, -314159},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct rt_object *number = rt_float_new(CASES[i].value);
        int64_t hash = 0;
        assert_number(rt_hash(number, &hash), 0);
        assert_number(hash, CASES[i].hash);
        rt_decref(number);
    }
}

static void
a_whole_float_has_the_hash_of_the_int(void **state)
{
    (void)state;
    for (int64_t i = -300; i < 300; i += 7) {
        int64_t of_int = 0;
        int64_t of_float = 1;
        struct rt_object *whole = rt_int_new(i * 1000000007);
        struct rt_object *number = rt_float_new((double)(i * 1000000007));
        rt_hash(whole, &of_int);
        rt_hash(number, &of_float);
        assert_number(of_float, of_int);
        rt_decref(whole);
        rt_decref(number);
    }
}

static int
equal(double a, double b)
{
    struct rt_object *left = rt_float_new(a);
    struct rt_object *right = rt_float_new(b);
    int result = rt_equal(left, right);
    rt_decref(left);
    rt_decref(right);
    return result;
}

static void
zeros_are_equal_and_nans_are_not(void **state)
{
    (void)state;
    assert_number(equal(0.5, 0.5), 1);
    assert_number(equal(0.0, -0.0), 1);
    assert_number(equal(0.5, 0.25), 0);
    assert_number(equal(NAN, NAN), 0);
    struct rt_object *nan = rt_float_new(NAN);
    assert_number(rt_equal(nan, nan), 1);
    rt_decref(nan);
}

static void
the_memory_of_dead_floats_is_used_again(void **state)
{
    (void)state;
    struct rt_object *number = rt_float_new(1.5);
    const struct rt_object *address = number;
    rt_decref(number);
    assert_number(rt_alloc_live_blocks(), 1);
    number = rt_float_new(2.5);
    assert_ptr_equal(number, address);
    assert_true(rt_float_check(number));
    assert_number(number->ob_refcnt, 1);
    assert_true(rt_float_value(number) == 2.5);
    rt_decref(number);
}

static void
only_so_many_dead_floats_are_kept(void **state)
{
    (void)state;
    struct rt_object *numbers[RT_FLOAT_FREE + 50];
    for (int i = 0; i < RT_FLOAT_FREE + 50; i++) {
        numbers[i] = rt_float_new(i);
    }
    for (int i = 0; i < RT_FLOAT_FREE + 50; i++) {
        rt_decref(numbers[i]);
    }
    assert_number(rt_alloc_live_blocks(), RT_FLOAT_FREE);
}

static void
without_memory_there_is_no_float(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_float_new(1.5));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(the_text_is_the_shortest_that_reads_back),
        CASE(hashes_are_those_of_equal_rational_numbers),
        CASE(a_whole_float_has_the_hash_of_the_int),
        CASE(zeros_are_equal_and_nans_are_not),
        CASE(the_memory_of_dead_floats_is_used_again),
        CASE(only_so_many_dead_floats_are_kept),
        CASE(without_memory_there_is_no_float),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
