#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/snapshot.h"
#include "labs/testing.h"

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_trace_stop();
    rt_error_clear();
    return rt_alloc_live_blocks() == 0 && rt_trace_overhead() == 0 ? 0 : -1;
}

/* The traces of create_snapshots() in CPython's test_tracemalloc.py. The
 * texts that are expected below are what Lib/tracemalloc.py of 3.12 prints for
 * them. */
struct row {
    unsigned domain;
    size_t size;
    struct rt_frame frames[2]; // most recent call first
};

static const struct row BEFORE[] = {
    {0, 10, {{"a.py", 2}, {"b.py", 4}}}, {0, 10, {{"a.py", 2}, {"b.py", 4}}},
    {0, 10, {{"a.py", 2}, {"b.py", 4}}}, {1, 2, {{"a.py", 5}, {"b.py", 4}}},
    {2, 66, {{"b.py", 1}, {NULL, 0}}},   {3, 7, {{NULL, 0}, {NULL, 0}}},
};

static const struct row AFTER[] = {
    {0, 10, {{"a.py", 2}, {"b.py", 4}}},
    {0, 10, {{"a.py", 2}, {"b.py", 4}}},
    {0, 10, {{"a.py", 2}, {"b.py", 4}}},
    {2, 2, {{"a.py", 5}, {"b.py", 4}}},
    {2, 5000, {{"a.py", 5}, {"b.py", 4}}},
    {4, 400, {{"c.py", 578}, {NULL, 0}}},
};

static struct rt_snapshot *
snapshot_of(const struct row *rows, size_t count)
{
    assert_number(rt_trace_start(2), 0);
    for (size_t i = 0; i < count; i++) {
        int pushed = 0;
        for (int frame = 1; frame >= 0; frame--) {
            const struct rt_frame *from = &rows[i].frames[frame];
            if (from->file != NULL) {
                rt_trace_push_frame(from->file, from->line);
                pushed++;
            }
        }
        assert_number(
            rt_trace_track(rows[i].domain, 0x1000 * (i + 1), rows[i].size), 0);
        for (; pushed > 0; pushed--) {
            rt_trace_pop_frame();
        }
    }
    struct rt_snapshot *snapshot = rt_snapshot_new();
    assert_non_null(snapshot);
    rt_trace_stop();
    return snapshot;
}

static struct rt_snapshot *
before(void)
{
    return snapshot_of(BEFORE, sizeof(BEFORE) / sizeof(BEFORE[0]));
}

static struct rt_snapshot *
after(void)
{
    return snapshot_of(AFTER, sizeof(AFTER) / sizeof(AFTER[0]));
}

static void
assert_prints(struct rt_statistics *statistics, bool difference,
              const char *expected)
{
    char *text = NULL;
    size_t length;
    FILE *output = open_memstream(&text, &length);
    for (size_t i = 0; i < statistics->count; i++) {
        rt_statistics_print(statistics, i, difference, output);
        fputc('\n', output);
    }
    fclose(output);
    assert_text(text, expected);
    free(text);
    rt_statistics_release(statistics);
}

static void
assert_statistics(enum rt_snapshot_key key, bool cumulative,
                  const char *expected)
{
    struct rt_snapshot *snapshot = before();
    struct rt_statistics statistics;
    assert_number(
        rt_snapshot_statistics(snapshot, key, cumulative, &statistics), 0);
    assert_prints(&statistics, false, expected);
    rt_snapshot_free(snapshot);
}

static void
assert_difference(enum rt_snapshot_key key, bool cumulative,
                  const char *expected)
{
    struct rt_snapshot *old = before();
    struct rt_snapshot *snapshot = after();
    struct rt_statistics statistics;
    assert_number(
        rt_snapshot_compare(snapshot, old, key, cumulative, &statistics), 0);
    assert_prints(&statistics, true, expected);
    rt_snapshot_free(old);
    rt_snapshot_free(snapshot);
}

/* row: TM08 test_tracemalloc.TestSnapshot.test_snapshot_group_by_line */
static void
by_line(void **state)
{
    (void)state;
    assert_statistics(RT_SNAPSHOT_BY_LINE, false,
                      "b.py:1: size=66 B, count=1, average=66 B\n"
                      "a.py:2: size=30 B, count=3, average=10 B\n"
                      "<unknown>:0: size=7 B, count=1, average=7 B\n"
                      "a.py:5: size=2 B, count=1, average=2 B\n");
    assert_difference(
        RT_SNAPSHOT_BY_LINE, false,
        "a.py:5: size=5002 B (+5000 B), count=2 (+1), average=2501 B\n"
        "c.py:578: size=400 B (+400 B), count=1 (+1), average=400 B\n"
        "b.py:1: size=0 B (-66 B), count=0 (-1)\n"
        "<unknown>:0: size=0 B (-7 B), count=0 (-1)\n"
        "a.py:2: size=30 B (+0 B), count=3 (+0), average=10 B\n");
}

static void
by_file(void **state)
{
    (void)state;
    assert_statistics(RT_SNAPSHOT_BY_FILE, false,
                      "b.py:0: size=66 B, count=1, average=66 B\n"
                      "a.py:0: size=32 B, count=4, average=8 B\n"
                      "<unknown>:0: size=7 B, count=1, average=7 B\n");
    assert_difference(
        RT_SNAPSHOT_BY_FILE, false,
        "a.py:0: size=5032 B (+5000 B), count=5 (+1), average=1006 B\n"
        "c.py:0: size=400 B (+400 B), count=1 (+1), average=400 B\n"
        "b.py:0: size=0 B (-66 B), count=0 (-1)\n"
        "<unknown>:0: size=0 B (-7 B), count=0 (-1)\n");
}

static void
by_traceback(void **state)
{
    (void)state;
    assert_statistics(RT_SNAPSHOT_BY_TRACEBACK, false,
                      "b.py:1: size=66 B, count=1, average=66 B\n"
                      "b.py:4: size=30 B, count=3, average=10 B\n"
                      "<unknown>:0: size=7 B, count=1, average=7 B\n"
                      "b.py:4: size=2 B, count=1, average=2 B\n");
    assert_difference(
        RT_SNAPSHOT_BY_TRACEBACK, false,
        "b.py:4: size=5002 B (+5000 B), count=2 (+1), average=2501 B\n"
        "c.py:578: size=400 B (+400 B), count=1 (+1), average=400 B\n"
        "b.py:1: size=0 B (-66 B), count=0 (-1)\n"
        "<unknown>:0: size=0 B (-7 B), count=0 (-1)\n"
        "b.py:4: size=30 B (+0 B), count=3 (+0), average=10 B\n");
}

/* sort(reverse=True) with the traceback as the last part of the key. */
static void
of_equal_sizes_the_later_name_is_first(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {0, 8, {{"b.py", 1}, {NULL, 0}}},
        {0, 8, {{"c.py", 1}, {NULL, 0}}},
        {0, 8, {{"c.py", 9}, {NULL, 0}}},
        {0, 8, {{"a.py", 1}, {NULL, 0}}},
    };
    struct rt_snapshot *snapshot = snapshot_of(ROWS, 4);
    struct rt_statistics statistics;
    assert_number(rt_snapshot_statistics(snapshot, RT_SNAPSHOT_BY_LINE, false,
                                         &statistics),
                  0);
    assert_prints(&statistics, false,
                  "c.py:9: size=8 B, count=1, average=8 B\n"
                  "c.py:1: size=8 B, count=1, average=8 B\n"
                  "b.py:1: size=8 B, count=1, average=8 B\n"
                  "a.py:1: size=8 B, count=1, average=8 B\n");
    rt_snapshot_free(snapshot);
}

/* row: TM09 test_tracemalloc.TestSnapshot.test_snapshot_group_by_cumulative */
static void
cumulative_counts_every_frame(void **state)
{
    (void)state;
    assert_statistics(RT_SNAPSHOT_BY_LINE, true,
                      "b.py:1: size=66 B, count=1, average=66 B\n"
                      "b.py:4: size=32 B, count=4, average=8 B\n"
                      "a.py:2: size=30 B, count=3, average=10 B\n"
                      "<unknown>:0: size=7 B, count=1, average=7 B\n"
                      "a.py:5: size=2 B, count=1, average=2 B\n");
    assert_difference(
        RT_SNAPSHOT_BY_FILE, true,
        "a.py:0: size=5032 B (+5000 B), count=5 (+1), average=1006 B\n"
        "b.py:0: size=5032 B (+4934 B), count=5 (+0), average=1006 B\n"
        "c.py:0: size=400 B (+400 B), count=1 (+1), average=400 B\n"
        "<unknown>:0: size=0 B (-7 B), count=0 (-1)\n");
}

static void
cumulative_by_traceback_is_a_value_error(void **state)
{
    (void)state;
    struct rt_snapshot *snapshot = before();
    struct rt_statistics statistics = {.count = 77};
    assert_number(rt_snapshot_statistics(snapshot, RT_SNAPSHOT_BY_TRACEBACK,
                                         true, &statistics),
                  -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    assert_number(rt_snapshot_compare(snapshot, snapshot,
                                      RT_SNAPSHOT_BY_TRACEBACK, true,
                                      &statistics),
                  -1);
    assert_number(statistics.count, 77);
    rt_snapshot_free(snapshot);
}

static void
a_snapshot_needs_tracing(void **state)
{
    (void)state;
    assert_null(rt_snapshot_new());
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_contains(rt_error_text(), "must be tracing memory allocations");
    rt_snapshot_free(NULL);
}

static void
sizes_are_printed_in_large_units(void **state)
{
    (void)state;
    static const struct {
        int64_t size;
        const char *text;
    } EXPECTED[] = {
        {10239, "size=10239 B (+10239 B)"},
        {10240, "size=10.0 KiB (+10.0 KiB)"},
        {102399, "size=100.0 KiB (+100.0 KiB)"},
        {102400, "size=100 KiB (+100 KiB)"},
        {10485759, "size=10240 KiB (+10240 KiB)"},
        {10485760, "size=10.0 MiB (+10.0 MiB)"},
        {1000000000000000000, "size=909495 TiB (+909495 TiB)"},
    };
    struct rt_frame frame = {"x.py", 1};
    for (size_t i = 0; i < sizeof(EXPECTED) / sizeof(EXPECTED[0]); i++) {
        struct rt_statistic item = {&frame,           1, EXPECTED[i].size, 1,
                                    EXPECTED[i].size, 1};
        struct rt_statistics one = {RT_SNAPSHOT_BY_LINE, 1, &item};
        char *text = NULL;
        size_t length;
        FILE *output = open_memstream(&text, &length);
        rt_statistics_print(&one, 0, true, output);
        fclose(output);
        assert_contains(text, EXPECTED[i].text);
        free(text);
    }
}

/* --- filters ------------------------------------------------------------- */

static size_t
passing(const struct rt_trace_filter *filters, size_t count)
{
    struct rt_snapshot *snapshot = before();
    struct rt_snapshot *passed = rt_snapshot_filter(snapshot, filters, count);
    assert_non_null(passed);
    rt_snapshot_free(snapshot); // what passed does not depend on it
    size_t passed_count = passed->count;
    size_t bytes = 0;
    for (size_t i = 0; i < passed_count; i++) {
        assert_true(passed->traces[i].traceback->frame_count > 0);
        bytes += passed->traces[i].size;
    }
    rt_snapshot_free(passed);
    return bytes;
}

/* row: TM10 test_tracemalloc.TestSnapshot.test_filter_traces */
static void
inclusive_filters_are_added_and_exclusive_ones_remove(void **state)
{
    (void)state;
    const struct rt_trace_filter only_a2 = {true, "a.py", 2, false, -1};
    const struct rt_trace_filter only_b = {true, "b.py", 0, false, -1};
    const struct rt_trace_filter not_b = {false, "b.py", 0, false, -1};
    const struct rt_trace_filter not_a5 = {false, "a.py", 5, false, -1};
    assert_number(passing(NULL, 0), 105);
    assert_number(passing(&only_a2, 1), 30);
    assert_number(passing(&not_b, 1), 39);
    assert_number(passing((struct rt_trace_filter[]){only_a2, only_b}, 2), 96);
    assert_number(passing((struct rt_trace_filter[]){not_b, not_a5}, 2), 37);
    assert_number(
        passing((struct rt_trace_filter[]){only_a2, only_b, not_b}, 3), 30);
}

static void
filters_can_look_at_all_frames_and_at_patterns(void **state)
{
    (void)state;
    const struct rt_trace_filter b_anywhere = {true, "b.py", 4, true, -1};
    const struct rt_trace_filter no_b_anywhere = {false, "b.py", 0, true, -1};
    const struct rt_trace_filter pattern = {true, "<*>", 0, false, -1};
    assert_number(passing(&b_anywhere, 1), 32);
    assert_number(passing(&no_b_anywhere, 1), 7);
    assert_number(passing(&pattern, 1), 7);
}

/* test_tracemalloc.TestSnapshot.test_filter_traces_domain */
static void
filters_can_ask_for_a_domain(void **state)
{
    (void)state;
    const struct rt_trace_filter only_1 = {true, NULL, 0, false, 1};
    const struct rt_trace_filter not_2 = {false, NULL, 0, false, 2};
    const struct rt_trace_filter a_in_0 = {true, "a.py", 0, false, 0};
    const struct rt_trace_filter not_a_in_0 = {false, "a.py", 0, false, 0};
    assert_number(passing(&only_1, 1), 2);
    assert_number(passing(&not_2, 1), 39);
    assert_number(passing(&a_in_0, 1), 30);
    assert_number(passing(&not_a_in_0, 1), 75);
}

/* --- a leak -------------------------------------------------------------- */

static void
the_place_that_leaks_is_on_top(void **state)
{
    (void)state;
    assert_number(rt_trace_start(5), 0);
    void *kept[20];
    struct rt_snapshot *first = rt_snapshot_new();
    for (int i = 0; i < 20; i++) {
        rt_trace_push_frame("app.py", 100);
        rt_trace_push_frame("cache.py", 7);
        kept[i] = rt_alloc(1000);
        rt_trace_set_line(8);
        rt_free(rt_alloc(50000));
        rt_trace_pop_frame();
        rt_trace_pop_frame();
    }
    struct rt_snapshot *second = rt_snapshot_new();
    struct rt_statistics top;
    assert_number(
        rt_snapshot_compare(second, first, RT_SNAPSHOT_BY_LINE, false, &top),
        0);
    assert_prints(
        &top, true,
        "cache.py:7: size=19.5 KiB (+19.5 KiB), count=20 (+20), average=1000 "
        "B\n");
    rt_snapshot_free(first);
    rt_snapshot_free(second);
    for (int i = 0; i < 20; i++) {
        rt_free(kept[i]);
    }
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(by_line),
        CASE(by_file),
        CASE(by_traceback),
        CASE(of_equal_sizes_the_later_name_is_first),
        CASE(cumulative_counts_every_frame),
        CASE(cumulative_by_traceback_is_a_value_error),
        CASE(a_snapshot_needs_tracing),
        CASE(sizes_are_printed_in_large_units),
        CASE(inclusive_filters_are_added_and_exclusive_ones_remove),
        CASE(filters_can_look_at_all_frames_and_at_patterns),
        CASE(filters_can_ask_for_a_domain),
        CASE(the_place_that_leaks_is_on_top),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
