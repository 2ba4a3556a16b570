#include "labs/runtime/alloc.h"
#include "labs/testing.h"

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    return rt_alloc_live_blocks() == 0 && rt_alloc_live_bytes() == 0 ? 0 : -1;
}

static bool
all_bytes_are(const unsigned char *bytes, size_t size, unsigned char value)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

static void
blocks_and_bytes_are_counted(void **state)
{
    (void)state;
    void *first = rt_alloc(100);
    void *second = rt_alloc(0);
    assert_non_null(second);
    assert_number(rt_alloc_live_blocks(), 2);
    assert_number(rt_alloc_live_bytes(), 100);
    rt_free(first);
    assert_number(rt_alloc_live_blocks(), 1);
    assert_number(rt_alloc_live_bytes(), 0);
    rt_free(second);
    rt_free(NULL);
}

static void
blocks_are_aligned_for_any_type(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 64; size++) {
        void *block = rt_alloc(size);
        assert_number((uintptr_t)block % _Alignof(max_align_t), 0);
        rt_free(block);
    }
}

static void
fresh_memory_is_filled_with_the_clean_byte(void **state)
{
    (void)state;
    void *block = rt_alloc(333);
    assert_true(all_bytes_are(block, 333, RT_ALLOC_CLEAN_BYTE));
    rt_free(block);
}

/* Reading a freed block is what address sanitizer exists to stop. */
#ifndef __SANITIZE_ADDRESS__
static void
freed_memory_is_filled_with_the_dead_byte(void **state)
{
    (void)state;
    unsigned char *block = rt_alloc(64);
    memset(block, 7, 64);
    const unsigned char *volatile stale = block;
    rt_free(block);
    assert_true(all_bytes_are(stale, 64, RT_ALLOC_DEAD_BYTE));
}
#endif

static void
realloc_keeps_the_content_and_moves(void **state)
{
    (void)state;
    char *block = rt_alloc(6);
    memcpy(block, "hello", 6);
    uintptr_t before = (uintptr_t)block;
    char *larger = rt_realloc(block, 1000);
    assert_true((uintptr_t)larger != before);
    assert_text(larger, "hello");
    assert_number(rt_alloc_live_blocks(), 1);
    assert_number(rt_alloc_live_bytes(), 1000);
    char *smaller = rt_realloc(larger, 2);
    assert_number(smaller[1], 'e');
    assert_number(rt_alloc_live_bytes(), 2);
    rt_free(smaller);
}

static void
realloc_of_null_allocates(void **state)
{
    (void)state;
    void *block = rt_realloc(NULL, 5);
    assert_number(rt_alloc_live_bytes(), 5);
    rt_free(block);
}

static void
the_ordered_allocation_fails_and_only_that_one(void **state)
{
    (void)state;
    rt_alloc_fail_nth(2);
    void *first = rt_alloc(1);
    assert_non_null(first);
    assert_null(rt_alloc(1));
    void *third = rt_alloc(1);
    assert_non_null(third);
    rt_free(first);
    rt_free(third);
}

static void
an_order_can_be_taken_back(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    rt_alloc_fail_nth(0);
    void *block = rt_alloc(1);
    assert_non_null(block);
    rt_free(block);
}

static void
a_failed_realloc_leaves_the_old_block(void **state)
{
    (void)state;
    char *block = rt_alloc(3);
    memcpy(block, "ab", 3);
    rt_alloc_fail_nth(1);
    assert_null(rt_realloc(block, 50));
    assert_text(block, "ab");
    assert_number(rt_alloc_live_bytes(), 3);
    rt_free(block);
}

static void
a_size_beyond_all_memory_fails(void **state)
{
    (void)state;
    volatile size_t huge = SIZE_MAX;
    assert_null(rt_alloc(huge));
    assert_null(rt_alloc(huge - 8));
}

/* Three blocks or none, whichever allocation fails. */
static bool
take_three(void *blocks[3])
{
    for (int i = 0; i < 3; i++) {
        blocks[i] = rt_alloc(10);
        if (blocks[i] == NULL) {
            while (i-- > 0) {
                rt_free(blocks[i]);
            }
            return false;
        }
    }
    return true;
}

static void
every_place_can_be_made_to_fail_in_turn(void **state)
{
    (void)state;
    void *blocks[3];
    size_t nth = 1;
    for (;; nth++) {
        rt_alloc_fail_nth(nth);
        if (take_three(blocks)) {
            break;
        }
        assert_number(rt_alloc_live_blocks(), 0);
    }
    assert_number(nth, 4);
    for (int i = 0; i < 3; i++) {
        rt_free(blocks[i]);
    }
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(blocks_and_bytes_are_counted),
        CASE(blocks_are_aligned_for_any_type),
        CASE(fresh_memory_is_filled_with_the_clean_byte),
#ifndef __SANITIZE_ADDRESS__
        CASE(freed_memory_is_filled_with_the_dead_byte),
#endif
        CASE(realloc_keeps_the_content_and_moves),
        CASE(realloc_of_null_allocates),
        CASE(the_ordered_allocation_fails_and_only_that_one),
        CASE(an_order_can_be_taken_back),
        CASE(a_failed_realloc_leaves_the_old_block),
        CASE(a_size_beyond_all_memory_fails),
        CASE(every_place_can_be_made_to_fail_in_turn),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
