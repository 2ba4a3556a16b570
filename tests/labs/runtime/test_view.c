#include "labs/runtime/alloc.h"
#include "labs/runtime/bytearray.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/view.h"
#include "labs/testing.h"

enum {
    NONE = -1000 // a bound that is left out, in the tables below
};

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

/* The texts below are CPython's own. */
static void
assert_error(enum rt_error error, const char *text)
{
    assert_number(rt_error_occurred(), error);
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

/* A bytearray of 0, 1, 2, ... */
static struct rt_object *
counting(size_t size)
{
    unsigned char bytes[256];
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)i;
    }
    struct rt_object *array = rt_bytearray_new(bytes, size);
    assert_non_null(array);
    return array;
}

/* A view of such a bytearray, which nobody else holds. */
static struct rt_object *
counting_view(size_t size)
{
    struct rt_object *array = counting(size);
    struct rt_object *view = rt_view_new(array);
    assert_non_null(view);
    rt_decref(array);
    return view;
}

/* Gives view away for the slice or cast made of it. */
static struct rt_object *
instead_of(struct rt_object *view, struct rt_object *other)
{
    assert_non_null(other);
    rt_decref(view);
    return other;
}

static int64_t
item(struct rt_object *view, int64_t index)
{
    int64_t value = -1;
    assert_number(rt_view_get(view, &index, 1, &value), 0);
    return value;
}

static void
assert_bytes(struct rt_object *view, const char *expected, size_t size)
{
    struct rt_object *bytes = rt_view_to_bytes(view);
    assert_non_null(bytes);
    assert_number(rt_bytes_size(bytes), size);
    assert_memory_equal(rt_bytes_data(bytes), expected, size);
    rt_decref(bytes);
}

/* --- a single view ------------------------------------------------------- */

static void
a_view_writes_through_to_its_object(void **state)
{
    (void)state;
    struct rt_object *array = counting(5);
    struct rt_object *view = rt_view_new(array);
    assert_number(item(view, 3), 3);
    assert_number(item(view, -1), 4);
    int64_t index = -2;
    assert_number(rt_view_set(view, &index, 1, 77), 0);
    assert_number(rt_bytearray_data(array)[3], 77);
    rt_bytearray_data(array)[0] = 99;
    assert_number(item(view, 0), 99);
    rt_decref(view);
    rt_decref(array);
}

static void
a_view_keeps_its_object_alive_and_its_size(void **state)
{
    (void)state;
    struct rt_object *array = counting(5);
    struct rt_object *view = rt_view_new(array);
    assert_number(array->ob_refcnt, 2);
    assert_number(rt_bytearray_extend(array, "x", 1), -1);
    assert_error(RT_ERROR_BUFFER,
                 "Existing exports of data: object cannot be re-sized");
    rt_decref(view);
    assert_number(rt_bytearray_extend(array, "x", 1), 0);
    rt_decref(array);
}

static void
all_views_of_a_view_share_one_export(void **state)
{
    (void)state;
    struct rt_object *array = counting(8);
    struct rt_object *view = rt_view_new(array);
    struct rt_object *slice = rt_view_slice(view, 2, 5, RT_SLICE_NONE);
    struct rt_object *again = rt_view_new(slice);
    struct rt_object *other = rt_view_new(array);
    assert_number(((struct rt_bytearray *)array)->exports, 2);
    assert_number(rt_view_release(view), 0);
    assert_number(rt_view_release(other), 0);
    assert_number(rt_view_release(slice), 0);
    assert_number(item(again, 0), 2);
    assert_number(rt_bytearray_resize(array, 1), -1);
    rt_error_clear();
    rt_decref(again);
    assert_number(rt_bytearray_resize(array, 1), 0);
    rt_decref(view);
    rt_decref(slice);
    rt_decref(other);
    rt_decref(array);
}

static void
a_released_view_can_do_nothing(void **state)
{
    (void)state;
    struct rt_object *view = counting_view(4);
    static const char TEXT[] =
        "operation forbidden on released memoryview object";
    int64_t number = 0;
    assert_number(rt_view_release(view), 0);
    assert_number(rt_view_release(view), 0);
    assert_number(rt_view_get(view, &number, 1, &number), -1);
    assert_error(RT_ERROR_VALUE, TEXT);
    assert_number(rt_view_set(view, &number, 1, 0), -1);
    assert_error(RT_ERROR_VALUE, TEXT);
    assert_null(rt_view_slice(view, 0, 1, 1));
    assert_error(RT_ERROR_VALUE, TEXT);
    assert_null(rt_view_cast(view, 'B', NULL, 0));
    assert_error(RT_ERROR_VALUE, TEXT);
    assert_null(rt_view_to_bytes(view));
    assert_error(RT_ERROR_VALUE, TEXT);
    assert_null(rt_view_new(view));
    assert_error(RT_ERROR_VALUE, TEXT);
    assert_number(rt_view_assign(view, view), -1);
    assert_error(RT_ERROR_VALUE, TEXT);
    assert_number(rt_hash(view, &number), -1);
    assert_error(RT_ERROR_VALUE, TEXT);
    struct rt_buffer buffer;
    assert_number(rt_buffer_get(view, &buffer), -1);
    assert_error(RT_ERROR_VALUE, TEXT);
    assert_number(rt_equal(view, view), 1);
    rt_decref(view);
}

static void
a_view_with_a_buffer_out_cannot_be_released(void **state)
{
    (void)state;
    struct rt_object *view = counting_view(6);
    struct rt_object *slice = rt_view_slice(view, 2, RT_SLICE_NONE, 1);
    struct rt_buffer buffer;
    assert_number(rt_buffer_get(slice, &buffer), 0);
    assert_number(buffer.size, 4);
    assert_number(buffer.bytes[0], 2);
    assert_number(rt_view_release(slice), -1);
    assert_error(RT_ERROR_BUFFER, "memoryview has 1 exported buffer");
    rt_buffer_release(&buffer);
    assert_number(rt_view_release(slice), 0);
    rt_decref(slice);

    slice = rt_view_slice(view, 0, 6, 2);
    assert_number(rt_buffer_get(slice, &buffer), -1);
    assert_error(RT_ERROR_BUFFER,
                 "memoryview: underlying buffer is not C-contiguous");
    rt_decref(slice);
    rt_decref(view);
}

static void
wrong_items_are_refused(void **state)
{
    (void)state;
    struct rt_object *view = counting_view(5);
    int64_t indices[2] = {5, 0};
    int64_t value;
    assert_number(rt_view_get(view, indices, 1, &value), -1);
    assert_error(RT_ERROR_INDEX, "index out of bounds on dimension 1");
    indices[0] = -6;
    assert_number(rt_view_get(view, indices, 1, &value), -1);
    assert_error(RT_ERROR_INDEX, "index out of bounds on dimension 1");
    assert_number(rt_view_get(view, indices, 2, &value), -1);
    assert_error(RT_ERROR_TYPE,
                 "cannot index 1-dimension view with 2-element tuple");
    indices[0] = 0;
    assert_number(rt_view_set(view, indices, 1, 256), -1);
    assert_error(RT_ERROR_VALUE, "memoryview: invalid value for format 'B'");
    assert_number(rt_view_set(view, indices, 1, -1), -1);
    assert_error(RT_ERROR_VALUE, "memoryview: invalid value for format 'B'");
    rt_decref(view);
}

static void
views_of_bytes_are_readonly_and_can_be_hashed(void **state)
{
    (void)state;
    struct rt_object *bytes = rt_bytes_new("abcd", 4);
    struct rt_object *view = rt_view_new(bytes);
    int64_t zero = 0;
    int64_t hash;
    int64_t expected;
    assert_true(rt_view_readonly(view));
    assert_number(rt_view_set(view, &zero, 1, 1), -1);
    assert_error(RT_ERROR_TYPE, "cannot modify read-only memory");
    assert_number(rt_view_assign(view, bytes), -1);
    assert_error(RT_ERROR_TYPE, "cannot modify read-only memory");
    assert_number(rt_hash(view, &hash), 0);
    assert_number(rt_hash(bytes, &expected), 0);
    assert_number(hash, expected);
    view = instead_of(view, rt_view_cast(view, 'I', NULL, 0));
    assert_number(rt_hash(view, &hash), -1);
    assert_error(RT_ERROR_VALUE, "memoryview: hashing is restricted to "
                                 "formats 'B', 'b' or 'c'");
    rt_decref(view);
    rt_decref(bytes);

    view = counting_view(4);
    assert_number(rt_hash(view, &hash), -1);
    assert_error(RT_ERROR_VALUE, "cannot hash writable memoryview object");
    rt_decref(view);
}

static void
only_bytes_like_objects_can_be_viewed(void **state)
{
    (void)state;
    struct rt_object *number = rt_int_new(5);
    assert_null(rt_view_new(number));
    assert_error(RT_ERROR_TYPE,
                 "memoryview: a bytes-like object is required, not 'int'");
    rt_decref(number);
}

/* --- slices -------------------------------------------------------------- */

static int64_t
bound(int64_t number)
{
    return number == NONE ? RT_SLICE_NONE : number;
}

static void
slices_have_the_shape_and_stride_that_python_gives_them(void **state)
{
    (void)state;
    static const struct {
        int64_t start, stop, step, items, stride, first;
    } EXPECTED[] = {
        {3, 3, NONE, 0, 1, 0},        {2, 3, 5, 1, 5, 2},
        {8, 2, -3, 2, -3, 8},         {5, 6, -1, 0, -1, 0},
        {NONE, NONE, -7, 2, -7, 9},   {9, NONE, 100, 1, 100, 9},
        {NONE, NONE, NONE, 10, 1, 0}, {-3, -1, NONE, 2, 1, 7},
        {1, 7, 2, 3, 2, 1},           {-100, 100, 4, 3, 4, 0},
        {100, -100, -4, 3, -4, 9},    {NONE, -100, -1, 10, -1, 9},
        {20, NONE, NONE, 0, 1, 0},    {NONE, 3, -2, 3, -2, 9},
    };
    struct rt_object *view = counting_view(10);
    for (size_t i = 0; i < sizeof(EXPECTED) / sizeof(EXPECTED[0]); i++) {
        struct rt_object *slice =
            rt_view_slice(view, bound(EXPECTED[i].start),
                          bound(EXPECTED[i].stop), bound(EXPECTED[i].step));
        assert_number(rt_view_shape(slice, 0), EXPECTED[i].items);
        assert_number(rt_view_stride(slice, 0), EXPECTED[i].stride);
        if (EXPECTED[i].items > 0) {
            assert_number(item(slice, 0), EXPECTED[i].first);
        }
        rt_decref(slice);
    }
    assert_null(rt_view_slice(view, 0, 5, 0));
    assert_error(RT_ERROR_VALUE, "slice step cannot be zero");
    rt_decref(view);
}

/* Chains of random slices against a list of the items that must be left. */
static void
slices_of_slices_agree_with_a_model(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (int round = 0; round < 3000; round++) {
        struct rt_object *view = counting_view(40);
        int64_t items[40];
        int64_t count = 40;
        for (int64_t i = 0; i < 40; i++) {
            items[i] = i;
        }
        for (int depth = 0; depth < 4; depth++) {
            int64_t numbers[3];
            for (int i = 0; i < 3; i++) {
                random = random * 6364136223846793005U + 1442695040888963407U;
                numbers[i] = (int64_t)((random >> 33) % 100) - 50;
            }
            numbers[2] = numbers[2] % 5 == 0 ? 1 : numbers[2] % 5;
            view = instead_of(
                view, rt_view_slice(view, numbers[0], numbers[1], numbers[2]));
            /* An item is in if some multiple of step reaches it. */
            int64_t start = numbers[0] + (numbers[0] < 0 ? count : 0);
            int64_t stop = numbers[1] + (numbers[1] < 0 ? count : 0);
            int64_t left[40] = {0};
            int64_t left_count = 0;
            if (numbers[2] > 0) {
                start = start < 0 ? 0 : start;
                for (int64_t i = start; i < stop && i < count;
                     i += numbers[2]) {
                    left[left_count++] = items[i];
                }
            }
            else {
                start = start >= count ? count - 1 : start;
                for (int64_t i = start; i > stop && i >= 0; i += numbers[2]) {
                    left[left_count++] = items[i];
                }
            }
            count = left_count;
            memcpy(items, left, sizeof(items));
            assert_number(rt_view_shape(view, 0), count);
            for (int64_t i = 0; i < count; i++) {
                assert_number(item(view, i), items[i]);
            }
        }
        rt_decref(view);
    }
}

/* --- dimensions and formats ---------------------------------------------- */

static void
a_cast_gives_the_bytes_a_shape(void **state)
{
    (void)state;
    static const int64_t SHAPE[] = {3, 4};
    struct rt_object *view = counting_view(12);
    view = instead_of(view, rt_view_cast(view, 'B', SHAPE, 2));
    assert_number(rt_view_shape(view, 0), 3);
    assert_number(rt_view_shape(view, 1), 4);
    assert_number(rt_view_stride(view, 0), 4);
    assert_number(rt_view_stride(view, 1), 1);
    assert_number(rt_view_nbytes(view), 12);
    int64_t indices[3] = {2, -1, 0};
    int64_t value;
    assert_number(rt_view_get(view, indices, 2, &value), 0);
    assert_number(value, 11);
    indices[1] = 4;
    assert_number(rt_view_get(view, indices, 2, &value), -1);
    assert_error(RT_ERROR_INDEX, "index out of bounds on dimension 2");
    assert_number(rt_view_get(view, indices, 3, &value), -1);
    assert_error(RT_ERROR_TYPE,
                 "cannot index 2-dimension view with 3-element tuple");

    view = instead_of(view,
                      rt_view_slice(view, RT_SLICE_NONE, RT_SLICE_NONE, -1));
    assert_number(rt_view_stride(view, 0), -4);
    assert_false(rt_view_is_contiguous(view));
    assert_bytes(view, "\x8\x9\xA\xB\x4\x5\x6\x7\x0\x1\x2\x3", 12);
    rt_decref(view);
}

static void
formats_read_and_write_their_whole_range(void **state)
{
    (void)state;
    static const struct {
        char format;
        size_t size;
        int64_t least, most;
    } FORMATS[] = {
        {'B', 1, 0, 255},
        {'b', 1, -128, 127},
        {'H', 2, 0, 65535},
        {'h', 2, -32768, 32767},
        {'I', 4, 0, 4294967295},
        {'i', 4, -2147483648, 2147483647},
        {'q', 8, INT64_MIN, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
        struct rt_object *view = counting_view(16);
        view =
            instead_of(view, rt_view_cast(view, FORMATS[i].format, NULL, 0));
        assert_number(rt_view_item_size(view), FORMATS[i].size);
        int64_t last = -1;
        assert_number(rt_view_set(view, &last, 1, FORMATS[i].least), 0);
        assert_number(item(view, last), FORMATS[i].least);
        assert_number(rt_view_set(view, &last, 1, FORMATS[i].most), 0);
        assert_number(item(view, last), FORMATS[i].most);
        if (FORMATS[i].size < 8) {
            assert_number(rt_view_set(view, &last, 1, FORMATS[i].most + 1),
                          -1);
            assert_number(rt_view_set(view, &last, 1, FORMATS[i].least - 1),
                          -1);
        }
        assert_number(item(view, last), FORMATS[i].most);
        rt_decref(view);
    }
}

static void
what_cannot_be_cast_is_refused(void **state)
{
    (void)state;
    static const int64_t SHAPES[][2] = {{3, 5}, {3, 0}, {2, 24}, {3, 16}};
    struct rt_object *odd = counting_view(49);
    struct rt_object *view = rt_view_slice(odd, 0, 48, 1);
    assert_null(rt_view_cast(odd, 'I', NULL, 0));
    assert_error(RT_ERROR_TYPE,
                 "memoryview: length is not a multiple of itemsize");
    assert_null(rt_view_cast(view, 'x', NULL, 0));
    assert_error(RT_ERROR_VALUE,
                 "memoryview: destination format must be a native single "
                 "character format prefixed with an optional '@'");
    assert_null(rt_view_cast(view, 'B', SHAPES[0], 2));
    assert_error(RT_ERROR_TYPE,
                 "memoryview: product(shape) * itemsize != buffer size");
    assert_null(rt_view_cast(view, 'B', SHAPES[1], 2));
    assert_error(RT_ERROR_VALUE, "memoryview.cast(): elements of shape must "
                                 "be integers > 0");
    struct rt_object *table = rt_view_cast(view, 'B', SHAPES[3], 2);
    assert_null(rt_view_cast(table, 'B', SHAPES[2], 2));
    assert_error(RT_ERROR_TYPE,
                 "memoryview: cast must be 1D -> ND or ND -> 1D");
    rt_decref(table);
    struct rt_object *wide = rt_view_cast(view, 'I', NULL, 0);
    assert_null(rt_view_cast(wide, 'H', NULL, 0));
    assert_error(RT_ERROR_TYPE,
                 "memoryview: cannot cast between two non-byte formats");
    rt_decref(wide);
    struct rt_object *every_other = rt_view_slice(view, 0, 48, 2);
    assert_null(rt_view_cast(every_other, 'I', NULL, 0));
    assert_error(RT_ERROR_TYPE,
                 "memoryview: casts are restricted to C-contiguous views");
    rt_decref(every_other);
    struct rt_object *empty = rt_view_slice(view, 0, 0, 1);
    assert_null(rt_view_cast(empty, 'B', SHAPES[3], 1));
    assert_error(RT_ERROR_TYPE, "memoryview: cannot cast view with zeros in "
                                "shape or strides");
    rt_decref(empty);
    rt_decref(view);
    rt_decref(odd);
}

/* --- copies and equality ------------------------------------------------- */

static void
assignment_copies_even_onto_itself(void **state)
{
    (void)state;
    struct rt_object *view = counting_view(6);
    struct rt_object *back =
        rt_view_slice(view, RT_SLICE_NONE, RT_SLICE_NONE, -1);
    assert_number(rt_view_assign(view, back), 0);
    assert_bytes(view, "\5\4\3\2\1\0", 6);
    struct rt_object *bytes = rt_bytes_new("abc", 3);
    struct rt_object *even = rt_view_slice(view, 0, 6, 2);
    assert_number(rt_view_assign(even, bytes), 0);
    assert_bytes(view, "a\4b\2c\0", 6);
    assert_number(rt_view_assign(view, bytes), -1);
    assert_error(RT_ERROR_VALUE, "memoryview assignment: lvalue and rvalue "
                                 "have different structures");
    rt_decref(view);
    rt_decref(back);
    rt_decref(even);
    rt_decref(bytes);
}

static void
views_are_equal_when_their_values_are(void **state)
{
    (void)state;
    struct rt_object *a = counting_view(8);
    struct rt_object *b = counting_view(8);
    struct rt_object *signed_b = rt_view_cast(b, 'b', NULL, 0);
    struct rt_object *shorter = rt_view_slice(b, 0, 7, 1);
    static const int64_t SHAPE[] = {2, 4};
    struct rt_object *table = rt_view_cast(b, 'B', SHAPE, 2);
    assert_number(rt_equal(a, b), 1);
    assert_number(rt_equal(a, signed_b), 1);
    assert_number(rt_equal(a, shorter), 0);
    assert_number(rt_equal(a, table), 0);
    int64_t index = 7;
    assert_number(rt_view_set(b, &index, 1, 200), 0);
    assert_number(rt_equal(a, b), 0);
    assert_number(rt_equal(b, signed_b), 0); // 200 and -56
    rt_decref(a);
    rt_decref(b);
    rt_decref(signed_b);
    rt_decref(shorter);
    rt_decref(table);
}

/* --- failure ------------------------------------------------------------- */

static struct rt_object *
cast_of_a_slice(struct rt_object *array)
{
    static const int64_t SHAPE[] = {2, 2};
    struct rt_object *view = rt_view_new(array);
    struct rt_object *slice =
        view == NULL ? NULL : rt_view_slice(view, 2, 6, 1);
    struct rt_object *cast =
        slice == NULL ? NULL : rt_view_cast(slice, 'B', SHAPE, 2);
    struct rt_object *bytes = cast == NULL ? NULL : rt_view_to_bytes(cast);
    rt_xdecref(view);
    rt_xdecref(slice);
    rt_xdecref(cast);
    return bytes;
}

static void
every_allocation_can_fail(void **state)
{
    (void)state;
    struct rt_object *array = counting(8);
    struct rt_object *bytes = NULL;
    size_t nth = 0;
    while (bytes == NULL) {
        rt_error_clear();
        rt_alloc_fail_nth(++nth);
        bytes = cast_of_a_slice(array);
        assert_true(bytes != NULL || rt_error_occurred() == RT_ERROR_MEMORY);
        assert_number(rt_alloc_live_blocks(), bytes == NULL ? 2 : 3);
        assert_number(((struct rt_bytearray *)array)->exports, 0);
        assert_number(array->ob_refcnt, 1);
    }
    assert_number(nth, 6);
    rt_decref(bytes);
    rt_decref(array);
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_view_writes_through_to_its_object),
        CASE(a_view_keeps_its_object_alive_and_its_size),
        CASE(all_views_of_a_view_share_one_export),
        CASE(a_released_view_can_do_nothing),
        CASE(a_view_with_a_buffer_out_cannot_be_released),
        CASE(wrong_items_are_refused),
        CASE(views_of_bytes_are_readonly_and_can_be_hashed),
        CASE(only_bytes_like_objects_can_be_viewed),
        CASE(slices_have_the_shape_and_stride_that_python_gives_them),
        CASE(slices_of_slices_agree_with_a_model),
        CASE(a_cast_gives_the_bytes_a_shape),
        CASE(formats_read_and_write_their_whole_range),
        CASE(what_cannot_be_cast_is_refused),
        CASE(assignment_copies_even_onto_itself),
        CASE(views_are_equal_when_their_values_are),
        CASE(every_allocation_can_fail),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
