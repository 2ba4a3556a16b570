#include "labs/runtime/alloc.h"
#include "labs/runtime/buffer.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/testing.h"

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_error_clear();
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static void
bytes_are_a_copy_and_end_in_zero(void **state)
{
    (void)state;
    char source[] = {'a', 0, 'b', 'x'};
    struct rt_object *bytes = rt_bytes_new(source, 3);
    source[0] = 'z';
    assert_true(rt_bytes_check(bytes));
    assert_number(rt_bytes_size(bytes), 3);
    assert_memory_equal(rt_bytes_data(bytes), "a\0b", 4);
    rt_decref(bytes);
}

/* sys.getsizeof(b"") is 33: the head, the hash and the zero byte. */
static void
a_block_is_as_large_as_in_cpython(void **state)
{
    (void)state;
    struct rt_object *empty = rt_bytes_new("", 0);
    assert_number(rt_alloc_live_bytes(), 33);
    struct rt_object *ten = rt_bytes_new("0123456789", 10);
    assert_number(rt_alloc_live_bytes(), 33 + 43);
    rt_decref(empty);
    rt_decref(ten);
}

static void
equal_bytes_have_equal_hashes(void **state)
{
    (void)state;
    struct rt_object *a = rt_bytes_new("a\0b", 3);
    struct rt_object *b = rt_bytes_new("a\0b", 3);
    struct rt_object *c = rt_bytes_new("a\0c", 3);
    int64_t first;
    int64_t second;
    assert_number(rt_equal(a, b), 1);
    assert_number(rt_equal(a, c), 0);
    assert_number(rt_hash(a, &first), 0);
    assert_number(rt_hash(b, &second), 0);
    assert_number(first, second);
    assert_number(rt_hash(a, &second), 0); // kept
    assert_number(first, second);
    rt_decref(a);
    rt_decref(b);
    rt_decref(c);
}

static void
a_buffer_of_bytes_is_readonly(void **state)
{
    (void)state;
    struct rt_object *bytes = rt_bytes_new("abc", 3);
    struct rt_buffer buffer;
    assert_number(rt_buffer_get(bytes, &buffer), 0);
    assert_ptr_equal(buffer.bytes, rt_bytes_data(bytes));
    assert_number(buffer.size, 3);
    assert_true(buffer.readonly);
    rt_decref(bytes);
    assert_memory_equal(buffer.bytes, "abc", 3); // the buffer keeps them
    rt_buffer_release(&buffer);
}

static void
a_copy_is_the_object_itself(void **state)
{
    (void)state;
    struct rt_object *bytes = rt_bytes_new("abc", 3);
    struct rt_object *copy = rt_deepcopy(bytes);
    assert_ptr_equal(copy, bytes);
    rt_decref(copy);
    rt_decref(bytes);
}

static void
out_of_memory_is_a_pending_error(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_bytes_new("abc", 3));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    volatile size_t huge = SIZE_MAX;
    assert_null(rt_bytes_new(NULL, huge));
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(bytes_are_a_copy_and_end_in_zero),
        CASE(a_block_is_as_large_as_in_cpython),
        CASE(equal_bytes_have_equal_hashes),
        CASE(a_buffer_of_bytes_is_readonly),
        CASE(a_copy_is_the_object_itself),
        CASE(out_of_memory_is_a_pending_error),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
