#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/freelist.h"
#include "labs/runtime/trace.h"
#include "labs/testing.h"

static struct rt_freelist list;

static int
start_with_three(void **state)
{
    (void)state;
    rt_freelist_init(&list, 40, 3);
    return 0;
}

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_freelist_clear(&list);
    rt_error_clear();
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static void
the_block_given_last_is_taken_first(void **state)
{
    (void)state;
    void *first = rt_freelist_take(&list);
    void *second = rt_freelist_take(&list);
    assert_ptr_not_equal(first, second);
    assert_number(rt_alloc_live_bytes(), 80);
    assert_number(rt_freelist_give(&list, first), 0);
    assert_number(rt_freelist_give(&list, second), 0);
    assert_number(list.count, 2);
    assert_ptr_equal(rt_freelist_take(&list), second);
    assert_ptr_equal(rt_freelist_take(&list), first);
    assert_number(list.reused, 2);
    assert_number(list.count, 0);
    rt_free(first);
    rt_free(second);
}

static void
no_more_than_the_limit_wait(void **state)
{
    (void)state;
    void *blocks[5];
    for (int i = 0; i < 5; i++) {
        blocks[i] = rt_freelist_take(&list);
    }
    for (int i = 0; i < 5; i++) {
        assert_number(rt_freelist_give(&list, blocks[i]), 0);
    }
    assert_number(list.count, 3);
    assert_number(rt_alloc_live_blocks(), 3);
    assert_ptr_equal(rt_freelist_take(&list), blocks[2]);
    rt_free(blocks[2]);
}

static void
a_limit_of_zero_keeps_nothing(void **state)
{
    (void)state;
    struct rt_freelist none;
    rt_freelist_init(&none, 16, 0);
    assert_number(rt_freelist_give(&none, rt_freelist_take(&none)), 0);
    assert_number(none.count, 0);
    assert_number(rt_alloc_live_blocks(), 0);
}

static void
a_block_given_twice_is_refused(void **state)
{
    (void)state;
    void *first = rt_freelist_take(&list);
    void *second = rt_freelist_take(&list);
    assert_number(rt_freelist_give(&list, first), 0);
    assert_number(rt_freelist_give(&list, second), 0);
    void *const twice[] = {first, second};
    for (int i = 0; i < 2; i++) {
        assert_number(rt_freelist_give(&list, twice[i]), -1);
        assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
        assert_text(rt_error_text(), "block was given back twice");
        rt_error_clear();
        assert_number(list.count, 2);
    }
    assert_ptr_equal(rt_freelist_take(&list), second);
    assert_ptr_equal(rt_freelist_take(&list), first);
    assert_null(list.first);
    assert_number(rt_freelist_give(&list, first), 0);
    rt_free(second);
}

static void
a_full_list_refuses_too(void **state)
{
    (void)state;
    void *blocks[3];
    for (int i = 0; i < 3; i++) {
        blocks[i] = rt_freelist_take(&list);
    }
    for (int i = 0; i < 3; i++) {
        rt_freelist_give(&list, blocks[i]);
    }
    assert_number(rt_freelist_give(&list, blocks[0]), -1);
    assert_number(rt_alloc_live_blocks(), 3);
}

static void
content_that_looks_like_a_mark_is_no_mark(void **state)
{
    (void)state;
    void **block = rt_freelist_take(&list);
    block[0] = block;
    block[1] = &list;
    assert_number(rt_freelist_give(&list, block), 0);
    assert_number(list.count, 1);
}

static void
null_is_nothing_to_give(void **state)
{
    (void)state;
    assert_number(rt_freelist_give(&list, NULL), 0);
    assert_number(list.count, 0);
}

static void
without_memory_there_is_an_error_unless_a_block_waits(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_freelist_take(&list));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_freelist_give(&list, rt_freelist_take(&list));
    rt_alloc_fail_nth(1);
    void *block = rt_freelist_take(&list);
    rt_alloc_fail_nth(0);
    assert_non_null(block);
    rt_free(block);
}

/* row: TM07 test_tracemalloc.TestTracemallocEnabled.test_new_reference */
static void
a_reused_block_is_traced_where_it_is_taken(void **state)
{
    (void)state;
    rt_trace_start(1);
    rt_trace_push_frame("first.py", 1);
    void *block = rt_freelist_take(&list);
    rt_freelist_give(&list, block);
    rt_trace_set_line(2);
    assert_ptr_equal(rt_freelist_take(&list), block);
    rt_trace_pop_frame();
    assert_number(rt_trace_of(block)->frames[0].line, 2);
    rt_free(block);
    rt_trace_stop();
}

/* No block is ever with two owners, whatever is given when. */
static void
random_scripts_hand_out_each_block_once(void **state)
{
    (void)state;
    void *owned[64] = {0};
    uint64_t random = 99;
    rt_freelist_init(&list, 24, 20);
    for (int i = 0; i < 20000; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        size_t at = (random >> 33) % 64;
        if (owned[at] == NULL) {
            owned[at] = rt_freelist_take(&list);
            for (size_t other = 0; other < 64; other++) {
                assert_true(other == at || owned[other] != owned[at]);
            }
            memset(owned[at], (int)at, 24);
        }
        else {
            assert_number(((unsigned char *)owned[at])[23], at);
            size_t before = list.count;
            assert_number(rt_freelist_give(&list, owned[at]), 0);
            if (before < list.limit) {
                assert_number(rt_freelist_give(&list, owned[at]), -1);
            }
            owned[at] = NULL;
        }
        assert_true(list.count <= list.limit);
    }
    for (size_t at = 0; at < 64; at++) {
        rt_freelist_give(&list, owned[at]);
    }
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_with_three, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(the_block_given_last_is_taken_first),
        CASE(no_more_than_the_limit_wait),
        CASE(a_limit_of_zero_keeps_nothing),
        CASE(a_block_given_twice_is_refused),
        CASE(a_full_list_refuses_too),
        CASE(content_that_looks_like_a_mark_is_no_mark),
        CASE(null_is_nothing_to_give),
        CASE(without_memory_there_is_an_error_unless_a_block_waits),
        CASE(a_reused_block_is_traced_where_it_is_taken),
        CASE(random_scripts_hand_out_each_block_once),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
