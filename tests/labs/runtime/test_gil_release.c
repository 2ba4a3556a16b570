#include <errno.h>
#include <unistd.h>

#include "labs/runtime/gil_release.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static int ends[2];
static atomic_bool stop;

static int
open_pipe(void **state)
{
    rt_gil_set_rule((enum rt_gil_rule)(intptr_t)*state);
    return pipe(ends);
}

static int
close_pipe(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    rt_thread_detach();
    rt_gil_set_rule(RT_GIL_CPYTHON);
    return 0;
}

static int
write_a_byte(void *data)
{
    (void)data;
    return rt_blocking_write(ends[1], "x", 1) == 1 ? 0 : -1;
}

static void
others_run_while_one_reads(void **state)
{
    (void)state;
    struct rt_thread *thread = rt_thread_new(NULL, write_a_byte, NULL);
    rt_thread_attach();
    rt_thread_start(thread);
    char byte = '-';
    assert_number(rt_blocking_read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'x');
    assert_true(rt_thread_state()->holds_gil);
    rt_thread_join(thread, RT_NO_TIMEOUT);
    rt_thread_free(thread);
}

static void
without_the_gil_nothing_is_released(void **state)
{
    (void)state;
    assert_false(rt_thread_state()->holds_gil);
    assert_false(rt_gil_release_begin());
    rt_gil_release_end(false);
    assert_false(rt_thread_state()->holds_gil);
}

static void
the_inner_of_two_pairs_does_nothing(void **state)
{
    (void)state;
    rt_thread_attach();
    bool outer = rt_gil_release_begin();
    assert_true(outer);
    bool inner = rt_gil_release_begin();
    assert_false(inner);
    rt_gil_release_end(inner);
    assert_false(rt_thread_state()->holds_gil);
    rt_gil_release_end(outer);
    assert_true(rt_thread_state()->holds_gil);
}

static void
errno_of_a_call_that_failed_is_kept(void **state)
{
    (void)state;
    rt_thread_attach();
    assert_number(rt_blocking_read(-1, NULL, 0), -1);
    assert_number(errno, EBADF);
    assert_number(rt_blocking_write(-1, NULL, 0), -1);
    assert_number(errno, EBADF);
}

static void
note_whether_held(void *data)
{
    *(bool *)data = rt_thread_state()->holds_gil;
}

static void
a_computation_runs_without_the_gil(void **state)
{
    (void)state;
    rt_thread_attach();
    bool held = true;
    rt_without_gil(note_whether_held, &held);
    assert_false(held);
    assert_true(rt_thread_state()->holds_gil);
}

// --- safe points -----------------------------------------------------------

static int64_t shared; // guarded by the GIL

/* Reading and writing are two steps; only at the safe point behind them may
 * another thread come in. */
static int
count(void *data)
{
    (void)data;
    for (int i = 0; i < 200000; i++) {
        int64_t seen = shared;
        shared = seen + 1;
        if (rt_safe_point() != 0) {
            return -1;
        }
    }
    return 0;
}

static void
between_safe_points_nobody_else_runs(void **state)
{
    (void)state;
    shared = 0;
    rt_thread_attach();
    rt_set_switch_interval_us(50);
    int64_t before = rt_switch_stats().hand_overs;
    struct bunch bunch;
    bunch_start(&bunch, 4, count, NULL);
    bunch_finish(&bunch);
    assert_number(shared, 4 * 200000);
    assert_true(rt_switch_stats().hand_overs - before >= 4);
    rt_set_switch_interval_us(5000);
}

static int
compute(void *data)
{
    (void)data;
    while (!atomic_load(&stop)) {
        rt_safe_point();
    }
    return 0;
}

static void
a_thread_that_computes_lets_others_in(void **state)
{
    (void)state;
    atomic_store(&stop, false);
    struct bunch bunch;
    bunch_start(&bunch, 2, compute, NULL);
    for (int i = 0; i < 10; i++) {
        assert_number(write_a_byte(NULL), 0);
        char byte = '-';
        assert_number(rt_blocking_read(ends[0], &byte, 1), 1);
    }
    atomic_store(&stop, true);
    bunch_finish(&bunch);
}

#define CASE(name, rule)                                                      \
    {                                                                         \
#name " " #rule, name, open_pipe, close_pipe,                         \
            (void *)(intptr_t)(rule)                                          \
    }
#define CASES(rule)                                                           \
    CASE(others_run_while_one_reads, rule),                                   \
        CASE(without_the_gil_nothing_is_released, rule),                      \
        CASE(the_inner_of_two_pairs_does_nothing, rule),                      \
        CASE(errno_of_a_call_that_failed_is_kept, rule),                      \
        CASE(a_computation_runs_without_the_gil, rule),                       \
        CASE(between_safe_points_nobody_else_runs, rule),                     \
        CASE(a_thread_that_computes_lets_others_in, rule)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASES(RT_GIL_CPYTHON),
        CASES(RT_GIL_IO_FIRST),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
