/* Threads of the system, so that nothing but the lock itself is tried. */
#include <errno.h>
#include <pthread.h>

#include "labs/runtime/deadline.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

enum {
    THREADS = 4,
    TURNS = 20000
};

static struct rt_gil gil;
static char main_thread; // its address names it

static int
start_free(void **state)
{
    (void)state;
    rt_gil_init(&gil);
    rt_error_clear();
    return 0;
}

static int
end_free(void **state)
{
    (void)state;
    rt_gil_destroy(&gil);
    return 0;
}

// --- exclusion -------------------------------------------------------------

static int inside;        // guarded by gil, if it guards
static int64_t most, sum; // the same

static void *
take_and_drop(void *data)
{
    for (int i = 0; i < TURNS; i++) {
        rt_gil_take(&gil, data);
        inside++;
        most = inside > most ? inside : most;
        sum++;
        inside--;
        rt_gil_drop(&gil, data);
    }
    return NULL;
}

static void
only_one_thread_holds_it(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    char names[THREADS];
    inside = 0;
    most = sum = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, take_and_drop, &names[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_number(most, 1);
    assert_number(sum, THREADS * TURNS);
}

// --- requests --------------------------------------------------------------

static atomic_bool taken, stop;

static void *
take_once(void *data)
{
    rt_gil_take(&gil, data);
    atomic_store(&taken, true);
    rt_gil_drop(&gil, data);
    return NULL;
}

static void
who_waits_makes_a_request_after_the_interval(void **state)
{
    (void)state;
    assert_number(rt_gil_set_interval_us(&gil, 3000), 0);
    rt_gil_take(&gil, &main_thread);
    assert_false(rt_gil_drop_requested(&gil));
    pthread_t thread;
    char name;
    int64_t start = rt_monotonic_ns();
    pthread_create(&thread, NULL, take_once, &name);
    bunch_await(rt_gil_drop_requested(&gil));
    assert_true(rt_monotonic_ns() - start >= 3000 * 1000);
    assert_false(atomic_load(&taken));
    rt_gil_drop(&gil, &main_thread);
    pthread_join(thread, NULL);
}

static void
the_dropper_waits_until_another_has_taken_it(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        atomic_store(&taken, false);
        rt_gil_set_interval_us(&gil, 100);
        rt_gil_take(&gil, &main_thread);
        pthread_t thread;
        char name;
        pthread_create(&thread, NULL, take_once, &name);
        bunch_await(rt_gil_drop_requested(&gil));
        struct rt_gil_stats before = rt_gil_stats(&gil);
        rt_gil_drop(&gil, &main_thread);
        assert_number(rt_gil_stats(&gil).hand_overs, before.hand_overs + 1);
        rt_gil_take(&gil, &main_thread);
        assert_true(atomic_load(&taken));
        assert_false(rt_gil_drop_requested(&gil));
        rt_gil_drop(&gil, &main_thread);
        pthread_join(thread, NULL);
    }
}

static void
nobody_waits_for_anybody_without_a_request(void **state)
{
    (void)state;
    rt_gil_take(&gil, &main_thread);
    rt_gil_drop(&gil, &main_thread);
    rt_gil_take(&gil, &main_thread);
    rt_gil_drop(&gil, NULL);
    assert_number(rt_gil_stats(&gil).hand_overs, 1);
    assert_number(rt_gil_stats(&gil).waits, 0);
    assert_number(rt_gil_stats(&gil).longest_wait_ns, 0);
}

/* Computes, and looks at the request in each round. */
static void *
compute(void *data)
{
    rt_gil_take(&gil, data);
    while (!atomic_load(&stop)) {
        if (rt_gil_drop_requested(&gil)) {
            rt_gil_drop(&gil, data);
            rt_gil_take(&gil, data);
        }
    }
    rt_gil_drop(&gil, data);
    return NULL;
}

static void
no_thread_waits_for_ever_beside_threads_that_compute(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    char names[THREADS];
    atomic_store(&stop, false);
    rt_gil_set_interval_us(&gil, 500);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, compute, &names[i]);
    }
    bunch_await(rt_gil_stats(&gil).hand_overs >= 100);
    rt_gil_take(&gil, &main_thread);
    rt_gil_drop(&gil, &main_thread);
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    struct rt_gil_stats stats = rt_gil_stats(&gil);
    assert_true(stats.waits > 0);
    /* Four others may be served before, each after an interval: 2 ms. A busy
     * machine may stretch that, but not a thousand times. */
    assert_true(stats.longest_wait_ns < INT64_C(2000) * 1000 * 1000);
}

static void
errno_survives(void **state)
{
    (void)state;
    errno = 1234;
    rt_gil_take(&gil, &main_thread);
    assert_number(errno, 1234);
    rt_gil_drop(&gil, &main_thread);
}

// --- the interval ----------------------------------------------------------

/* row: TH01 test_sys.SysModuleTest.test_switchinterval */
static void
the_interval_is_positive_and_read_back(void **state)
{
    (void)state;
    int64_t usual = rt_switch_interval_us();
    assert_number(usual, 5000);
    assert_number(rt_set_switch_interval_us(0), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    assert_text(rt_error_text(), "switch interval must be strictly positive");
    rt_error_clear();
    assert_number(rt_set_switch_interval_us(-1), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    assert_number(rt_switch_interval_us(), usual);
    assert_number(rt_set_switch_interval_us(50), 0);
    assert_number(rt_switch_interval_us(), 50);
    assert_number(rt_set_switch_interval_us(usual), 0);
    rt_error_clear();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start_free, end_free)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(only_one_thread_holds_it),
        CASE(who_waits_makes_a_request_after_the_interval),
        CASE(the_dropper_waits_until_another_has_taken_it),
        CASE(nobody_waits_for_anybody_without_a_request),
        CASE(no_thread_waits_for_ever_beside_threads_that_compute),
        CASE(errno_survives),
        CASE(the_interval_is_positive_and_read_back),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
