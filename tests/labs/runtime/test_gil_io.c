/* Threads of the system, so that nothing but the lock itself is tried. */
#include <errno.h>
#include <pthread.h>

#include "labs/runtime/deadline.h"
#include "labs/runtime/gil_io.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

enum {
    THREADS = 4,
    TURNS = 20000
};

static struct rt_gil_io gil;
static char main_thread; // its address names it

static int
start_free(void **state)
{
    (void)state;
    rt_gil_io_init(&gil);
    return 0;
}

// --- exclusion -------------------------------------------------------------

static int inside;        // guarded by gil, if it guards
static int64_t most, sum; // the same

static void *
take_and_drop(void *data)
{
    for (int i = 0; i < TURNS; i++) {
        rt_gil_io_take(&gil, data, i % 2 == 0);
        inside++;
        most = inside > most ? inside : most;
        sum++;
        inside--;
        rt_gil_io_drop(&gil);
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
come_back(void *data)
{
    rt_gil_io_take(&gil, data, true);
    atomic_store(&taken, true);
    rt_gil_io_drop(&gil);
    return NULL;
}

static void *
compute_once(void *data)
{
    rt_gil_io_take(&gil, data, false);
    atomic_store(&taken, true);
    rt_gil_io_drop(&gil);
    return NULL;
}

static void
who_comes_from_outside_makes_a_request_at_once(void **state)
{
    (void)state;
    // So long that the test would fail if it waited for that.
    atomic_store(&gil.interval_us, INT64_C(3600) * 1000 * 1000);
    rt_gil_io_take(&gil, &main_thread, false);
    pthread_t thread;
    char name;
    pthread_create(&thread, NULL, come_back, &name);
    bunch_await(rt_gil_io_drop_requested(&gil));
    rt_gil_io_drop(&gil);
    pthread_join(thread, NULL);
}

static void
who_computes_makes_a_request_after_the_interval(void **state)
{
    (void)state;
    atomic_store(&gil.interval_us, 3000);
    rt_gil_io_take(&gil, &main_thread, false);
    pthread_t thread;
    char name;
    int64_t start = rt_monotonic_ns();
    pthread_create(&thread, NULL, compute_once, &name);
    bunch_await(rt_gil_io_drop_requested(&gil));
    assert_true(rt_monotonic_ns() - start >= 3000 * 1000);
    rt_gil_io_drop(&gil);
    pthread_join(thread, NULL);
}

static void
after_a_request_another_thread_is_next(void **state)
{
    (void)state;
    atomic_store(&gil.interval_us, 100);
    for (int i = 0; i < 40; i++) {
        atomic_store(&taken, false);
        rt_gil_io_take(&gil, &main_thread, false);
        pthread_t thread;
        char name;
        pthread_create(&thread, NULL, i % 2 == 0 ? come_back : compute_once,
                       &name);
        bunch_await(rt_gil_io_drop_requested(&gil));
        rt_gil_io_drop(&gil);
        rt_gil_io_take(&gil, &main_thread, false);
        assert_true(atomic_load(&taken));
        rt_gil_io_drop(&gil);
        pthread_join(thread, NULL);
    }
}

/* Computes, and looks at the request in each round. */
static void *
compute(void *data)
{
    rt_gil_io_take(&gil, data, false);
    while (!atomic_load(&stop)) {
        if (rt_gil_io_drop_requested(&gil)) {
            rt_gil_io_drop(&gil);
            rt_gil_io_take(&gil, data, false);
        }
    }
    rt_gil_io_drop(&gil);
    return NULL;
}

static void
who_comes_from_outside_does_not_wait_for_an_interval(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    char names[THREADS];
    atomic_store(&stop, false);
    // Each wait for an interval would be an hour.
    atomic_store(&gil.interval_us, INT64_C(3600) * 1000 * 1000);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, compute, &names[i]);
    }
    for (int i = 0; i < 2000; i++) {
        rt_gil_io_take(&gil, &main_thread, true);
        rt_gil_io_drop(&gil);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void
threads_that_compute_take_turns(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    char names[THREADS];
    atomic_store(&stop, false);
    atomic_store(&gil.interval_us, 200);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, compute, &names[i]);
    }
    bunch_await(atomic_load(&gil.hand_overs) >= 200);
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    rt_gil_io_take(&gil, &main_thread, false);
    struct rt_gil_stats stats = rt_gil_io_stats(&gil);
    rt_gil_io_drop(&gil);
    assert_true(stats.hand_overs >= 200);
    assert_true(stats.waits > 0);
    assert_true(stats.longest_wait_ns > 0);
}

static void
errno_survives_waiting(void **state)
{
    (void)state;
    rt_gil_io_take(&gil, &main_thread, false);
    pthread_t thread;
    char name;
    pthread_create(&thread, NULL, come_back, &name);
    bunch_await(rt_gil_io_drop_requested(&gil));
    rt_gil_io_drop(&gil);
    errno = 1234;
    rt_gil_io_take(&gil, &main_thread, false);
    assert_number(errno, 1234);
    rt_gil_io_drop(&gil);
    pthread_join(thread, NULL);
}

#define CASE(name) cmocka_unit_test_setup(name, start_free)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(only_one_thread_holds_it),
        CASE(who_comes_from_outside_makes_a_request_at_once),
        CASE(who_computes_makes_a_request_after_the_interval),
        CASE(after_a_request_another_thread_is_next),
        CASE(who_comes_from_outside_does_not_wait_for_an_interval),
        CASE(threads_that_compute_take_turns),
        CASE(errno_survives_waiting),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
