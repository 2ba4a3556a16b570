#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/alloc_debug.h"
#include "labs/runtime/heap.h"
#include "labs/runtime/heap_stats.h"
#include "labs/runtime/trace.h"
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

/* --- guards -------------------------------------------------------------- */

/* What the child says on stderr while it runs code that must abort. */
static void
last_words(void (*code)(void), char *text, size_t size)
{
    int ends[2];
    assert_number(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        code();
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got = 1; got > 0 && length < size - 1;
         length += (size_t)got) {
        got = read(ends[0], text + length, size - 1 - length);
        assert_true(got >= 0);
    }
    text[length] = '\0';
    close(ends[0]);
    int status;
    assert_number(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void
write_before(void)
{
    void *block = rt_alloc(16);
    ((volatile unsigned char *)block)[-3] = 0x41;
    rt_free(block);
}

static void
a_write_before_a_block_is_found_when_it_is_freed(void **state)
{
    (void)state;
    char text[2000];
    last_words(write_before, text, sizeof(text));
    assert_contains(text, "    16 bytes originally requested\n"
                          "    The 7 pad bytes at p-7 are not all "
                          "FORBIDDENBYTE (0xfd):\n"
                          "        at p-7: 0xfd\n");
    assert_contains(text, "        at p-3: 0x41 *** OUCH\n"
                          "        at p-2: 0xfd\n");
    assert_contains(text, "rt_free: bad leading pad byte\n");
}

#ifndef __SANITIZE_ADDRESS__
static void
free_twice(void)
{
    void *volatile block = rt_alloc(40);
    rt_free(block);
    rt_free(block);
}

static void
a_second_free_is_found(void **state)
{
    (void)state;
    char text[2000];
    last_words(free_twice, text, sizeof(text));
    assert_contains(text, "not a block, or freed twice");
}

static void
write_behind(void)
{
    void *block = rt_alloc(16);
    ((volatile unsigned char *)block)[16] = 'x';
    rt_free(block);
}

/* row: TM14 test_capi.test_misc.PyMemDebugTests.test_buffer_overflow
 *
 * The same words as python3 -X dev prints, but for the address and the
 * letter. */
static void
a_write_behind_a_block_is_found_when_it_is_freed(void **state)
{
    (void)state;
    char text[2000];
    last_words(write_behind, text, sizeof(text));
    assert_contains(text, "Debug memory block at address p=0x");
    assert_contains(text, ": API 'o'\n"
                          "    16 bytes originally requested\n"
                          "    The 7 pad bytes at p-7 are FORBIDDENBYTE, as "
                          "expected.\n"
                          "    The 8 pad bytes at tail=0x");
    assert_contains(text, " are not all FORBIDDENBYTE (0xfd):\n"
                          "        at tail+0: 0x78 *** OUCH\n"
                          "        at tail+1: 0xfd\n"
                          "        at tail+2: 0xfd\n"
                          "        at tail+3: 0xfd\n"
                          "        at tail+4: 0xfd\n"
                          "        at tail+5: 0xfd\n"
                          "        at tail+6: 0xfd\n"
                          "        at tail+7: 0xfd\n"
                          "    Data at p: cd cd cd cd cd cd cd cd cd cd cd cd "
                          "cd cd cd cd\n");
    assert_contains(text, "\nEnable tracemalloc to get the memory block "
                          "allocation traceback\n");
    assert_contains(text, "rt_free: bad trailing pad byte\n");
}

static void
write_behind_while_tracing(void)
{
    rt_trace_start(5);
    rt_trace_push_frame("overflow.py", 12);
    write_behind();
}

static void
the_report_of_a_traced_block_says_where_it_was_allocated(void **state)
{
    (void)state;
    char text[2000];
    last_words(write_behind_while_tracing, text, sizeof(text));
    assert_contains(text,
                    "Memory block allocated at (most recent call first):\n"
                    "  File \"overflow.py\", line 12\n");
}

static void
each_of_the_guarding_bytes_is_looked_at(void **state)
{
    (void)state;
    void *block = rt_alloc(21);
    volatile unsigned char *bytes = block;
    for (int i = -7; i < 29; i++) {
        bool guard = i < 0 || i >= 21;
        unsigned char before = bytes[i];
        bytes[i] = 0x11;
        assert_true((rt_debug_check(block) != NULL) == guard);
        bytes[i] = before;
    }
    assert_null(rt_debug_check(block));
    rt_free(block);
}

static void
blocks_come_from_the_private_heap(void **state)
{
    (void)state;
    size_t before = rt_heap_blocks();
    void *small = rt_alloc(100);
    void *large = rt_alloc(10000);
    assert_number(rt_heap_blocks(), before + 2);
    assert_number(rt_heap_stats().classes[7].blocks, 1); // 100 + 24 bytes
    rt_free(small);
    rt_free(large);
    assert_number(rt_heap_blocks(), before);
}
#endif

/* --- allocators ---------------------------------------------------------- */

/* A hook that counts the calls and passes them on. */
struct counter {
    struct rt_allocator beneath;
    int allocs, reallocs, frees;
};

static void *
counting_alloc(void *context, size_t size)
{
    struct counter *counter = context;
    counter->allocs++;
    return counter->beneath.alloc(counter->beneath.context, size);
}

static void *
counting_realloc(void *context, void *block, size_t size)
{
    struct counter *counter = context;
    counter->reallocs++;
    return counter->beneath.realloc(counter->beneath.context, block, size);
}

static void
counting_free(void *context, void *block)
{
    struct counter *counter = context;
    counter->frees++;
    counter->beneath.free(counter->beneath.context, block);
}

static void
a_hook_sees_every_call(void **state)
{
    (void)state;
    struct counter counter = {.beneath = rt_alloc_get()};
    rt_alloc_set(&(struct rt_allocator){&counter, counting_alloc,
                                        counting_realloc, counting_free});
    void *block = rt_alloc(10);
    block = rt_realloc(block, 20);
    assert_number(rt_alloc_live_bytes(), 20);
    rt_free(block);
    rt_free(NULL);
    rt_alloc_set(&counter.beneath);
    rt_free(rt_alloc(1));
    assert_number(counter.allocs, 1);
    assert_number(counter.reallocs, 1);
    assert_number(counter.frees, 2);
}

static void
the_plain_allocators_keep_no_account(void **state)
{
    (void)state;
    const struct rt_allocator *const PLAIN[] = {&rt_allocator_heap,
                                                &rt_allocator_malloc};
    for (size_t i = 0; i < 2; i++) {
        rt_alloc_set(PLAIN[i]);
        char *block = rt_alloc(6);
        memcpy(block, "hello", 6);
        assert_number(rt_alloc_live_blocks(), 0);
        block = rt_realloc(block, 1000);
        assert_text(block, "hello");
        rt_free(block);
        rt_free(rt_alloc(0));
        rt_alloc_set(&rt_allocator_debug);
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
        CASE(a_write_before_a_block_is_found_when_it_is_freed),
#ifndef __SANITIZE_ADDRESS__
        CASE(a_second_free_is_found),
        CASE(a_write_behind_a_block_is_found_when_it_is_freed),
        CASE(the_report_of_a_traced_block_says_where_it_was_allocated),
        CASE(each_of_the_guarding_bytes_is_looked_at),
        CASE(blocks_come_from_the_private_heap),
#endif
        CASE(a_hook_sees_every_call),
        CASE(the_plain_allocators_keep_no_account),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
