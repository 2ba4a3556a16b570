#include <sched.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gil_release.h"
#include "labs/runtime/thread_lock.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_thread_lock lock;
static atomic_int got, missed;

static int
start_free(void **state)
{
    (void)state;
    rt_thread_lock_init(&lock, NULL);
    atomic_store(&got, 0);
    atomic_store(&missed, 0);
    rt_error_clear();
    return 0;
}

static int
end_free(void **state)
{
    (void)state;
    rt_thread_lock_destroy(&lock);
    return 0;
}

static int
acquire_and_keep(void *data)
{
    (void)data;
    rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT);
    atomic_fetch_add(&got, 1);
    return 0;
}

static int
acquire_and_release(void *data)
{
    acquire_and_keep(data);
    return rt_thread_lock_release(&lock);
}

static int
try_to_acquire(void *data)
{
    (void)data;
    int result = rt_thread_lock_acquire(&lock, 0);
    atomic_fetch_add(result == 1 ? &got : &missed, 1);
    return result >= 0 ? 0 : -1;
}

static int
release(void *data)
{
    (void)data;
    return rt_thread_lock_release(&lock);
}

/* row: TH02 lock_tests.LockTests.test_reacquire */
static void
taken_twice_by_one_thread_it_waits_for_another_to_release_it(void **state)
{
    (void)state;
    assert_number(rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT), 1);
    struct bunch bunch;
    bunch_start(&bunch, 1, acquire_and_release, NULL);
    bunch_await(rt_thread_lock_waiting(&lock) == 1);
    assert_number(atomic_load(&got), 0);
    assert_number(rt_thread_lock_acquire(&lock, 1), 0);
    assert_number(rt_thread_lock_release(&lock), 0);
    bunch_finish(&bunch);
    assert_number(atomic_load(&got), 1);
}

/* row: TH03 lock_tests.LockTests.test_different_thread */
static void
another_thread_may_release_it(void **state)
{
    (void)state;
    rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, 1, release, NULL);
    bunch_finish(&bunch);
    assert_false(rt_thread_lock_is_locked(&lock));
    assert_number(rt_thread_lock_acquire(&lock, 0), 1);
}

/* row: TH04 lock_tests.LockTests.test_state_after_timeout */
static void
a_wait_that_ran_out_leaves_it_usable(void **state)
{
    (void)state;
    rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT);
    assert_number(rt_thread_lock_acquire(&lock, 1000), 0);
    assert_number(rt_thread_lock_waiting(&lock), 0);
    assert_number(rt_thread_lock_release(&lock), 0);
    assert_false(rt_thread_lock_is_locked(&lock));
    assert_number(rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT), 1);
}

/* row: TH05 lock_tests.BaseLockTests.test_acquire_contended */
static void
five_wait_and_all_get_it_after_the_release(void **state)
{
    (void)state;
    rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, 5, acquire_and_release, NULL);
    bunch_await(rt_thread_lock_waiting(&lock) == 5);
    assert_number(atomic_load(&got), 0);
    rt_thread_lock_release(&lock);
    bunch_finish(&bunch);
    assert_number(atomic_load(&got), 5);
}

/* row: TH06 lock_tests.BaseLockTests.test_try_acquire_contended */
static void
an_attempt_that_does_not_wait_fails_while_it_is_taken(void **state)
{
    (void)state;
    rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, 3, try_to_acquire, NULL);
    bunch_finish(&bunch);
    assert_number(atomic_load(&missed), 3);
    assert_number(atomic_load(&got), 0);
    rt_thread_lock_release(&lock);
    assert_number(rt_thread_lock_acquire(&lock, 0), 1);
}

static void
each_release_lets_one_in(void **state)
{
    (void)state;
    rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, 4, acquire_and_keep, NULL);
    for (int i = 1; i <= 4; i++) {
        bunch_await(rt_thread_lock_waiting(&lock) == 5 - i);
        rt_thread_lock_release(&lock);
        bunch_await(atomic_load(&got) == i);
        assert_true(rt_thread_lock_is_locked(&lock));
    }
    bunch_finish(&bunch);
}

static void
a_free_lock_cannot_be_released(void **state)
{
    (void)state;
    assert_number(rt_thread_lock_release(&lock), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_text(rt_error_text(), "release unlocked lock");
    assert_number(rt_thread_lock_acquire(&lock, 0), 1);
}

static void
timeouts_are_checked(void **state)
{
    (void)state;
    assert_number(rt_thread_lock_acquire(&lock, -2), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    assert_text(rt_error_text(),
                "timeout value must be a non-negative number");
    assert_number(rt_thread_lock_acquire(&lock, RT_MAX_TIMEOUT_US + 1), -1);
    assert_number(rt_error_occurred(), RT_ERROR_OVERFLOW);
    assert_text(rt_error_text(), "timeout value is too large");
    assert_number(rt_thread_lock_acquire(&lock, RT_MAX_TIMEOUT_US), 1);
}

static void
a_wait_lasts_as_long_as_its_timeout(void **state)
{
    (void)state;
    rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT);
    int64_t start = rt_monotonic_ns();
    assert_number(rt_thread_lock_acquire(&lock, 20 * 1000), 0);
    assert_true(rt_monotonic_ns() - start >= 20 * 1000 * 1000);
}

/* Exclusion, also where the GIL gives none. */
static int64_t shared;

static int
add_often(void *data)
{
    (void)data;
    for (int i = 0; i < 5000; i++) {
        rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT);
        int64_t seen = shared;
        if (i % 500 == 0) { // let the others run into it
            bool held = rt_gil_release_begin();
            sched_yield();
            rt_gil_release_end(held);
        }
        shared = seen + 1;
        rt_thread_lock_release(&lock);
    }
    return 0;
}

static void
it_excludes(void **state)
{
    (void)state;
    shared = 0;
    struct bunch bunch;
    bunch_start(&bunch, 4, add_often, NULL);
    bunch_finish(&bunch);
    assert_number(shared, 4 * 5000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start_free, end_free)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(taken_twice_by_one_thread_it_waits_for_another_to_release_it),
        CASE(another_thread_may_release_it),
        CASE(a_wait_that_ran_out_leaves_it_usable),
        CASE(five_wait_and_all_get_it_after_the_release),
        CASE(an_attempt_that_does_not_wait_fails_while_it_is_taken),
        CASE(each_release_lets_one_in),
        CASE(a_free_lock_cannot_be_released),
        CASE(timeouts_are_checked),
        CASE(a_wait_lasts_as_long_as_its_timeout),
        CASE(it_excludes),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
