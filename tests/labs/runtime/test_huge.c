#include "labs/runtime/heap.h"
#include "labs/runtime/huge.h"
#include "labs/testing.h"

enum {
    MIB = 1 << 20,
    STEP = 64 << 10 // where a mark is written
};

static int
nothing_waits(void **state)
{
    (void)state;
    rt_huge_trim();
    return 0;
}

static void
mark(unsigned char *block, size_t from, size_t to)
{
    for (size_t i = from; i < to; i += STEP) {
        block[i] = (unsigned char)(1 + i / STEP % 251);
    }
}

static bool
is_marked(const unsigned char *block, size_t size)
{
    for (size_t i = 0; i < size; i += STEP) {
        if (block[i] != (unsigned char)(1 + i / STEP % 251)) {
            return false;
        }
    }
    return true;
}

static void
a_block_begins_with_a_page_and_knows_its_size(void **state)
{
    (void)state;
    unsigned char *block = rt_huge_alloc(5 * MIB + 1);
    assert_non_null(block);
    assert_number((uintptr_t)block % RT_HUGE_PAGE_BYTES, 0);
    assert_number(rt_huge_size(block), 5 * MIB + 1);
    mark(block, 0, 5 * MIB + 1);
    assert_true(is_marked(block, 5 * MIB + 1));
    assert_number(rt_huge_size(block + RT_HUGE_PAGE_BYTES), 0);
    rt_huge_free(block);
    assert_number(rt_huge_size(block), 0);
    assert_number(rt_huge_size(NULL), 0);
}

static void
a_growing_block_keeps_its_content(void **state)
{
    (void)state;
    size_t size = 4 * MIB;
    unsigned char *block = rt_huge_alloc(size);
    unsigned char *other = rt_huge_alloc(size); // in the way, perhaps
    mark(block, 0, size);
    while (size < 60 * MIB) {
        size_t larger = size + size / 8;
        block = rt_huge_realloc(block, larger);
        assert_non_null(block);
        assert_number(rt_huge_size(block), larger);
        size_t next = (size + STEP - 1) / STEP * STEP;
        mark(block, next, larger);
        size = larger;
    }
    assert_true(is_marked(block, size));
    rt_huge_free(other);
    rt_huge_free(block);
}

static void
a_shrinking_block_keeps_what_it_has_room_for(void **state)
{
    (void)state;
    unsigned char *block = rt_huge_alloc(40 * MIB);
    mark(block, 0, 40 * MIB);
    assert_ptr_equal(rt_huge_realloc(block, 30 * MIB), block);
    assert_ptr_equal(rt_huge_realloc(block, 5 * MIB), block);
    assert_number(rt_huge_size(block), 5 * MIB);
    block = rt_huge_realloc(block, 50 * MIB);
    assert_true(is_marked(block, 5 * MIB));
    mark(block, 0, 50 * MIB);
    assert_true(is_marked(block, 50 * MIB));
    rt_huge_free(block);
}

static void
the_smallest_that_waits_and_fits_is_used_again(void **state)
{
    (void)state;
    void *small = rt_huge_alloc(6 * MIB);
    void *middle = rt_huge_alloc(10 * MIB);
    void *large = rt_huge_alloc(20 * MIB);
    rt_huge_free(large);
    rt_huge_free(small);
    rt_huge_free(middle);
    assert_ptr_equal(rt_huge_alloc(8 * MIB), middle);
    assert_ptr_equal(rt_huge_alloc(6 * MIB), small);
    assert_ptr_equal(rt_huge_alloc(6 * MIB), large);
    rt_huge_free(large);
    rt_huge_free(small);
    rt_huge_free(middle);
}

static void
a_block_grows_into_one_that_waits_and_stays_there(void **state)
{
    (void)state;
    void *large = rt_huge_alloc(40 * MIB);
    rt_huge_free(large);
    void *taken = rt_huge_alloc(4 * MIB); // all of that
    unsigned char *block = rt_huge_alloc(4 * MIB);
    mark(block, 0, 4 * MIB);
    rt_huge_free(taken);
    assert_ptr_equal(rt_huge_realloc(block, 7 * MIB), large);
    assert_true(is_marked(large, 4 * MIB));
    assert_ptr_equal(rt_huge_realloc(large, 40 * MIB), large);
    assert_ptr_equal(rt_huge_alloc(4 * MIB), block); // waits in its turn
    rt_huge_free(block);
    rt_huge_free(large);
}

static void
too_much_is_refused_and_leaves_the_block_alone(void **state)
{
    (void)state;
    volatile size_t most = PTRDIFF_MAX;
    unsigned char *block = rt_huge_alloc(4 * MIB);
    mark(block, 0, 4 * MIB);
    assert_null(rt_huge_alloc(most));
    assert_null(rt_huge_realloc(block, most));
    assert_number(rt_huge_size(block), 4 * MIB);
    assert_true(is_marked(block, 4 * MIB));
    rt_huge_free(block);
}

static void
many_blocks_come_and_go(void **state)
{
    (void)state;
    unsigned char *blocks[30];
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 30; i++) {
            blocks[i] = rt_huge_alloc((4 + (i * 7 + round) % 30) * MIB);
            assert_non_null(blocks[i]);
            blocks[i][0] = (unsigned char)i;
        }
        for (size_t i = 0; i < 30; i++) {
            assert_number(blocks[i][0], i);
            rt_huge_free(blocks[i]);
        }
    }
}

static void
the_heap_moves_blocks_between_malloc_and_here(void **state)
{
    (void)state;
    unsigned char *block = rt_heap_alloc(MIB);
    mark(block, 0, MIB);
    assert_number(rt_huge_size(block), 0);
    block = rt_heap_realloc(block, 4 * MIB);
    assert_number(rt_huge_size(block), 4 * MIB);
    assert_true(is_marked(block, MIB));
    assert_ptr_equal(rt_heap_realloc(block, 2 * MIB), block);
    block = rt_heap_realloc(block, 2 * MIB - 1);
    assert_number(rt_huge_size(block), 0);
    assert_true(is_marked(block, MIB));
    assert_number(rt_heap_blocks(), 1);
    rt_heap_free(block);
    block = rt_heap_alloc(9 * MIB);
    assert_number(rt_huge_size(block), 9 * MIB);
    rt_heap_free(block);
    assert_number(rt_heap_blocks(), 0);
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_waits)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_block_begins_with_a_page_and_knows_its_size),
        CASE(a_growing_block_keeps_its_content),
        CASE(a_shrinking_block_keeps_what_it_has_room_for),
        CASE(the_smallest_that_waits_and_fits_is_used_again),
        CASE(a_block_grows_into_one_that_waits_and_stays_there),
        CASE(too_much_is_refused_and_leaves_the_block_alone),
        CASE(many_blocks_come_and_go),
        CASE(the_heap_moves_blocks_between_malloc_and_here),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
