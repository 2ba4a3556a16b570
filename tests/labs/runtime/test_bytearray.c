#include "labs/runtime/alloc.h"
#include "labs/runtime/buffer.h"
#include "labs/runtime/bytearray.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/testing.h"

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static size_t
allocated(struct rt_object *object)
{
    return ((struct rt_bytearray *)object)->allocated;
}

/* What bytearray.__alloc__() of 3.12 says after each append, without what
 * repeats. */
static void
appending_grows_the_room_as_in_cpython(void **state)
{
    (void)state;
    static const size_t EXPECTED[] = {2,  5,  8,   12,  19,  27,  36,  46, 57,
                                      70, 84, 100, 118, 138, 161, 187, 216};
    struct rt_object *array = rt_bytearray_new("", 0);
    assert_number(allocated(array), 0);
    size_t step = 0;
    for (size_t i = 0; i < 200; i++) {
        unsigned char byte = (unsigned char)i;
        assert_number(rt_bytearray_extend(array, &byte, 1), 0);
        step += i > 0 && allocated(array) != EXPECTED[step];
        assert_number(allocated(array), EXPECTED[step]);
    }
    assert_number(step, 16);
    for (size_t i = 0; i < 200; i++) {
        assert_number(rt_bytearray_data(array)[i], i);
    }
    assert_number(rt_bytearray_data(array)[200], 0);
    rt_decref(array);
}

static void
popping_gives_room_back_below_a_half(void **state)
{
    (void)state;
    static const size_t EXPECTED[][2] = {
        {99, 101}, {49, 50}, {24, 25}, {11, 12}, {5, 6}, {2, 3}, {0, 1}};
    char hundred[100] = {0};
    struct rt_object *array = rt_bytearray_new(hundred, 100);
    assert_number(allocated(array), 101);
    size_t step = 0;
    for (size_t size = 100; size-- > 0;) {
        assert_number(rt_bytearray_resize(array, size), 0);
        step += step < 6 && size == EXPECTED[step + 1][0];
        assert_number(allocated(array), EXPECTED[step][1]);
    }
    rt_decref(array);
}

static void
a_large_step_is_taken_at_its_word(void **state)
{
    (void)state;
    struct rt_object *array = rt_bytearray_new("0123456789", 10);
    char more[40] = {0};
    assert_number(rt_bytearray_extend(array, more, 40), 0);
    assert_number(allocated(array), 51);
    rt_decref(array);
}

static void
nothing_is_resized_while_a_buffer_is_out(void **state)
{
    (void)state;
    struct rt_object *array = rt_bytearray_new("abc", 3);
    struct rt_buffer first;
    struct rt_buffer second;
    assert_number(rt_buffer_get(array, &first), 0);
    assert_number(rt_buffer_get(array, &second), 0);
    assert_number(array->ob_refcnt, 3);
    assert_false(first.readonly);
    for (int i = 0; i < 2; i++) {
        assert_number(rt_bytearray_extend(array, "d", 1), -1);
        assert_number(rt_error_occurred(), RT_ERROR_BUFFER);
        assert_text(rt_error_text(),
                    "Existing exports of data: object cannot be re-sized");
        rt_error_clear();
        rt_buffer_release(i == 0 ? &first : &second);
        assert_number(rt_bytearray_resize(array, 3), 0); // as it is
    }
    assert_number(rt_bytearray_extend(array, "d", 1), 0);
    assert_number(array->ob_refcnt, 1);
    assert_memory_equal(rt_bytearray_data(array), "abcd", 4);
    rt_decref(array);
}

static void
only_bytes_like_objects_lend_a_buffer(void **state)
{
    (void)state;
    struct rt_object *number = rt_int_new(1000);
    struct rt_buffer buffer;
    assert_number(rt_buffer_get(number, &buffer), -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(), "a bytes-like object is required, not 'int'");
    rt_decref(number);
}

static void
a_bytearray_is_compared_by_value_and_cannot_be_hashed(void **state)
{
    (void)state;
    struct rt_object *a = rt_bytearray_new("ab", 2);
    struct rt_object *b = rt_bytearray_new("ab", 2);
    struct rt_object *c = rt_bytearray_new("", 0);
    int64_t hash;
    assert_number(rt_equal(a, b), 1);
    assert_number(rt_equal(a, c), 0);
    assert_number(rt_hash(a, &hash), -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    rt_decref(a);
    rt_decref(b);
    rt_decref(c);
}

static void
a_copy_has_bytes_of_its_own(void **state)
{
    (void)state;
    struct rt_object *array = rt_bytearray_new("ab", 2);
    struct rt_object *copy = rt_copy(array);
    assert_ptr_not_equal(copy, array);
    assert_number(rt_equal(array, copy), 1);
    rt_bytearray_data(copy)[0] = 'x';
    assert_number(rt_equal(array, copy), 0);
    rt_decref(copy);
    copy = rt_deepcopy(array);
    assert_ptr_not_equal(copy, array);
    assert_number(rt_equal(array, copy), 1);
    rt_decref(copy);
    rt_decref(array);
}

static void
every_allocation_can_fail(void **state)
{
    (void)state;
    struct rt_object *array = NULL;
    size_t nth = 0;
    while (array == NULL) {
        rt_error_clear();
        rt_alloc_fail_nth(++nth);
        array = rt_bytearray_new("abc", 3);
        assert_true(array != NULL || rt_error_occurred() == RT_ERROR_MEMORY);
        assert_true(array != NULL || rt_alloc_live_blocks() == 0);
    }
    assert_number(nth, 3);
    rt_alloc_fail_nth(1);
    assert_number(rt_bytearray_extend(array, "0123456789", 10), -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    assert_number(rt_bytearray_size(array), 3);
    volatile size_t huge = SIZE_MAX - 2;
    assert_number(rt_bytearray_resize(array, huge), -1);
    assert_number(rt_bytearray_extend(array, "", huge), -1);
    assert_memory_equal(rt_bytearray_data(array), "abc", 4);
    rt_decref(array);
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(appending_grows_the_room_as_in_cpython),
        CASE(popping_gives_room_back_below_a_half),
        CASE(a_large_step_is_taken_at_its_word),
        CASE(nothing_is_resized_while_a_buffer_is_out),
        CASE(only_bytes_like_objects_lend_a_buffer),
        CASE(a_bytearray_is_compared_by_value_and_cannot_be_hashed),
        CASE(a_copy_has_bytes_of_its_own),
        CASE(every_allocation_can_fail),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
