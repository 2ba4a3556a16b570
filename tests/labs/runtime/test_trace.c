#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/trace.h"
#include "labs/testing.h"

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_trace_stop();
    rt_error_clear();
    return rt_alloc_live_blocks() == 0 && rt_trace_overhead() == 0 ? 0 : -1;
}

static void
start(int frames)
{
    assert_number(rt_trace_start(frames), 0);
}

/* row: TM01 test_tracemalloc.TestTracemallocEnabled.test_is_tracing */
static void
tracing_lasts_from_start_to_stop(void **state)
{
    (void)state;
    assert_false(rt_trace_is_tracing());
    start(1);
    assert_true(rt_trace_is_tracing());
    rt_trace_stop();
    assert_false(rt_trace_is_tracing());
    rt_trace_stop();
}

/* row: TM02 test_tracemalloc.TestTracemallocEnabled.test_get_traces */
static void
a_block_is_recorded_with_its_size_and_place(void **state)
{
    (void)state;
    start(3);
    rt_trace_push_frame("main.py", 10);
    rt_trace_push_frame("work.py", 1);
    rt_trace_set_line(2);
    void *block = rt_alloc(12345);
    const struct rt_traceback *place = rt_trace_of(block);
    assert_non_null(place);
    assert_number(place->frame_count, 2);
    assert_text(place->frames[0].file, "work.py");
    assert_number(place->frames[0].line, 2);
    assert_text(place->frames[1].file, "main.py");
    assert_number(place->frames[1].line, 10);
    assert_number(rt_trace_count(), 1);
    assert_number(rt_trace_current(), 12345);
    rt_trace_stop();
    assert_null(rt_trace_of(block));
    assert_number(rt_trace_count(), 0);
    rt_free(block);
    rt_trace_pop_frame();
    rt_trace_pop_frame();
}

/* row: TM03 test_tracemalloc.TestTracemallocEnabled.test_get_traced_memory */
static void
current_and_peak_follow_the_blocks(void **state)
{
    (void)state;
    start(1);
    void *block = rt_alloc(1000);
    void *other = rt_alloc(24);
    assert_number(rt_trace_current(), 1024);
    rt_free(block);
    assert_number(rt_trace_current(), 24);
    assert_number(rt_trace_peak(), 1024);
    rt_trace_clear();
    assert_number(rt_trace_current(), 0);
    assert_number(rt_trace_peak(), 0);
    rt_free(other);
    assert_number(rt_trace_current(), 0);
    other = rt_alloc(5);
    rt_trace_stop();
    assert_number(rt_trace_current(), 0);
    assert_number(rt_trace_peak(), 0);
    rt_free(other);
}

/* row: TM04 test_tracemalloc.TestTracemallocEnabled.test_reset_peak */
static void
the_peak_can_fall_to_the_current(void **state)
{
    (void)state;
    start(1);
    rt_free(rt_alloc(100000));
    void *block = rt_alloc(10);
    assert_number(rt_trace_peak(), 100000);
    rt_trace_reset_peak();
    assert_number(rt_trace_peak(), 10);
    rt_free(rt_alloc(500));
    assert_number(rt_trace_peak(), 510);
    rt_free(block);
}

/* row: TM05 test_tracemalloc.TestTracemallocEnabled.test_clear_traces */
static void
a_live_block_has_no_trace_after_clear(void **state)
{
    (void)state;
    start(1);
    void *block = rt_alloc(123);
    assert_non_null(rt_trace_of(block));
    rt_trace_clear();
    assert_null(rt_trace_of(block));
    rt_free(block);
}

/* row: TM06 test_tracemalloc.TestTracemallocEnabled.test_set_traceback_limit
 */
static void
the_limit_bounds_the_frames(void **state)
{
    (void)state;
    for (int line = 1; line <= 40; line++) {
        rt_trace_push_frame("deep.py", line);
    }
    start(10);
    assert_number(rt_trace_frame_limit(), 10);
    void *block = rt_alloc(1);
    assert_number(rt_trace_of(block)->frame_count, 10);
    assert_number(rt_trace_of(block)->total_frames, 40);
    assert_number(rt_trace_of(block)->frames[0].line, 40);
    assert_number(rt_trace_of(block)->frames[9].line, 31);
    assert_number(rt_trace_start(20), 0); // is started already
    assert_number(rt_trace_frame_limit(), 10);
    rt_free(block);
    rt_trace_stop();
    start(1);
    block = rt_alloc(1);
    assert_number(rt_trace_of(block)->frame_count, 1);
    rt_free(block);
    for (int line = 1; line <= 40; line++) {
        rt_trace_pop_frame();
    }
}

static void
a_limit_out_of_range_is_a_value_error(void **state)
{
    (void)state;
    static const int BAD[] = {-1, 0, 65536};
    for (size_t i = 0; i < 3; i++) {
        assert_number(rt_trace_start(BAD[i]), -1);
        assert_number(rt_error_occurred(), RT_ERROR_VALUE);
        assert_text(rt_error_text(),
                    "the number of frames must be in range [1; 65535]");
        rt_error_clear();
        assert_false(rt_trace_is_tracing());
    }
    start(65535);
}

/* row: TM07 test_tracemalloc.TestTracemallocEnabled.test_new_reference */
static void
a_block_used_again_gets_the_trace_of_its_new_use(void **state)
{
    (void)state;
    start(1);
    rt_trace_push_frame("first.py", 1);
    void *block = rt_alloc(40);
    rt_trace_pop_frame();
    rt_trace_push_frame("second.py", 2);
    rt_trace_new_reference(block);
    rt_trace_new_reference(&block); // not traced: nothing happens
    rt_trace_pop_frame();
    assert_text(rt_trace_of(block)->frames[0].file, "second.py");
    assert_number(rt_trace_count(), 1);
    assert_number(rt_trace_current(), 40);
    rt_free(block);
}

/* row: TM11 test_tracemalloc.TestCAPI.test_track */
static void
outside_memory_can_be_tracked(void **state)
{
    (void)state;
    assert_number(rt_trace_track(5, 0x1000, 10), -2);
    start(1);
    rt_trace_push_frame("driver.py", 3);
    assert_number(rt_trace_track(0, 0x1000, 123), 0);
    assert_number(rt_trace_track(5, 0x1000, 7), 0);
    assert_number(rt_trace_current(), 130);
    assert_number(rt_trace_track(5, 0x1000, 9), 0); // again: replaced
    assert_number(rt_trace_current(), 132);
    assert_number(rt_trace_count(), 2);
    rt_trace_pop_frame();
}

/* row: TM12 test_tracemalloc.TestCAPI.test_untrack */
static void
untracking_twice_is_harmless(void **state)
{
    (void)state;
    start(1);
    assert_number(rt_trace_track(5, 0x1000, 10), 0);
    assert_number(rt_trace_untrack(4, 0x1000), 0);
    assert_number(rt_trace_current(), 10);
    assert_number(rt_trace_untrack(5, 0x1000), 0);
    assert_number(rt_trace_untrack(5, 0x1000), 0);
    assert_number(rt_trace_count(), 0);
    rt_trace_stop();
    assert_number(rt_trace_untrack(5, 0x1000), -2);
}

static void
realloc_moves_the_trace(void **state)
{
    (void)state;
    start(1);
    void *block = rt_realloc(NULL, 10);
    assert_number(rt_trace_current(), 10);
    rt_trace_push_frame("grow.py", 7);
    void *larger = rt_realloc(block, 500);
    rt_trace_pop_frame();
    assert_number(rt_trace_count(), 1);
    assert_number(rt_trace_current(), 500);
    assert_text(rt_trace_of(larger)->frames[0].file, "grow.py");
    rt_alloc_fail_nth(1);
    assert_null(rt_realloc(larger, 1000));
    assert_number(rt_trace_current(), 500);
    rt_free(larger);
    assert_number(rt_trace_count(), 0);
}

static void
a_failed_allocation_leaves_no_trace(void **state)
{
    (void)state;
    start(1);
    rt_alloc_fail_nth(1);
    assert_null(rt_alloc(10));
    assert_number(rt_trace_count(), 0);
    assert_number(rt_trace_peak(), 0);
}

static void
blocks_from_before_the_start_are_not_traced(void **state)
{
    (void)state;
    void *old = rt_alloc(10);
    start(1);
    rt_free(old);
    assert_number(rt_trace_current(), 0);
    void *kept = rt_alloc(20);
    rt_trace_stop();
    rt_free(kept);
}

static void
outside_of_all_calls_the_place_is_unknown(void **state)
{
    (void)state;
    start(25);
    void *block = rt_alloc(1);
    assert_number(rt_trace_of(block)->frame_count, 1);
    assert_number(rt_trace_of(block)->total_frames, 1);
    assert_text(rt_trace_of(block)->frames[0].file, "<unknown>");
    assert_number(rt_trace_of(block)->frames[0].line, 0);
    rt_free(block);
}

static void
equal_places_are_kept_once(void **state)
{
    (void)state;
    start(2);
    void *blocks[1000];
    char name[] = "loop.py";
    for (int i = 0; i < 1000; i++) {
        rt_trace_push_frame(i % 2 == 0 ? name : "loop.py", 5);
        blocks[i] = rt_alloc(8);
        rt_trace_pop_frame();
        assert_ptr_equal(rt_trace_of(blocks[i]), rt_trace_of(blocks[0]));
    }
    assert_number(rt_trace_current(), 8000);
    assert_true(rt_trace_overhead() > 1000 * 48);
    for (int i = 0; i < 1000; i++) {
        rt_free(blocks[i]);
    }
    assert_number(rt_trace_current(), 0);
}

static void
a_dump_names_the_place_or_how_to_get_it(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length;
    FILE *output = open_memstream(&text, &length);
    void *block = rt_alloc(1);
    rt_trace_dump(block, output);
    start(2);
    rt_trace_dump(block, output);
    rt_free(block);
    rt_trace_push_frame("main.py", 1);
    rt_trace_push_frame("leak.py", 23);
    block = rt_alloc(1);
    rt_trace_dump(block, output);
    rt_free(block);
    rt_trace_pop_frame();
    rt_trace_pop_frame();
    fclose(output);
    assert_text(text,
                "\nEnable tracemalloc to get the memory block allocation "
                "traceback\n\n"
                "\nMemory block allocated at (most recent call first):\n"
                "  File \"leak.py\", line 23\n"
                "  File \"main.py\", line 1\n\n");
    free(text);
}

/* Seeded scripts against a model that knows size and place of each block. */
static void
random_scripts_agree_with_a_model(void **state)
{
    (void)state;
    static const char *const FILES[] = {"a.py", "b.py", "c.py"};
    struct {
        void *block;
        size_t size;
        int line;
    } slots[200] = {0};
    uint64_t random = 7;
    start(1);
    size_t sum = 0;
    size_t most = 0;
    for (int i = 0; i < 20000; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        size_t at = (random >> 33) % 200;
        size_t size = (random >> 41) % 900;
        int line = (int)((random >> 20) % 50) + 1;
        sum -= slots[at].size;
        if (slots[at].block != NULL) {
            const struct rt_frame *frame =
                &rt_trace_of(slots[at].block)->frames[0];
            assert_number(frame->line, slots[at].line);
            assert_text(frame->file, FILES[slots[at].line % 3]);
        }
        if (slots[at].block == NULL || size % 3 == 0) {
            rt_trace_push_frame(FILES[line % 3], line);
            slots[at].block = rt_realloc(slots[at].block, size);
            slots[at].size = size;
            slots[at].line = line;
            rt_trace_pop_frame();
        }
        else {
            rt_free(slots[at].block);
            slots[at].block = NULL;
            slots[at].size = 0;
        }
        sum += slots[at].size;
        most = sum > most ? sum : most;
        assert_number(rt_trace_current(), sum);
    }
    assert_true(rt_trace_peak() >= most);
    for (size_t i = 0; i < 200; i++) {
        rt_free(slots[i].block);
    }
    assert_number(rt_trace_count(), 0);
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(tracing_lasts_from_start_to_stop),
        CASE(a_block_is_recorded_with_its_size_and_place),
        CASE(current_and_peak_follow_the_blocks),
        CASE(the_peak_can_fall_to_the_current),
        CASE(a_live_block_has_no_trace_after_clear),
        CASE(the_limit_bounds_the_frames),
        CASE(a_limit_out_of_range_is_a_value_error),
        CASE(a_block_used_again_gets_the_trace_of_its_new_use),
        CASE(outside_memory_can_be_tracked),
        CASE(untracking_twice_is_harmless),
        CASE(realloc_moves_the_trace),
        CASE(a_failed_allocation_leaves_no_trace),
        CASE(blocks_from_before_the_start_are_not_traced),
        CASE(outside_of_all_calls_the_place_is_unknown),
        CASE(equal_places_are_kept_once),
        CASE(a_dump_names_the_place_or_how_to_get_it),
        CASE(random_scripts_agree_with_a_model),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
