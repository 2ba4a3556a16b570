#include <limits.h>

#include "labs/runtime/error.h"
#include "labs/runtime/thread_semaphore.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_thread_semaphore semaphore;
static atomic_int phase, in_phase[3], got, missed;

static int
start_clean(void **state)
{
    (void)state;
    atomic_store(&phase, 0);
    for (int i = 0; i < 3; i++) {
        atomic_store(&in_phase[i], 0);
    }
    atomic_store(&got, 0);
    atomic_store(&missed, 0);
    rt_error_clear();
    return 0;
}

static int
acquire_twice(void *data)
{
    (void)data;
    for (int i = 0; i < 2; i++) {
        if (rt_thread_semaphore_acquire(&semaphore, RT_NO_TIMEOUT) != 1) {
            return -1;
        }
        atomic_fetch_add(&in_phase[atomic_load(&phase)], 1);
        atomic_fetch_add(&got, 1);
    }
    return 0;
}

static void
release_in_phase(int next, int count)
{
    atomic_store(&phase, next);
    for (int i = 0; i < count; i++) {
        assert_number(rt_thread_semaphore_release(&semaphore, 1), 0);
    }
}

/* row: TH13 lock_tests.BaseSemaphoreTests.test_acquire_contended */
static void
as_many_get_through_as_there_are_permits(void **state)
{
    (void)state;
    for (int bounded = 0; bounded < 2; bounded++) {
        start_clean(NULL);
        rt_thread_semaphore_init(&semaphore, 7, bounded == 1);
        assert_number(rt_thread_semaphore_acquire(&semaphore, 0), 1);
        struct bunch bunch;
        bunch_start(&bunch, 10, acquire_twice, NULL);
        // All are stuck when the permits are gone: those through twice ended.
        bunch_await(atomic_load(&got) == 6 &&
                    rt_thread_semaphore_waiting(&semaphore) >= 7);
        assert_number(atomic_load(&in_phase[0]), 6);
        release_in_phase(1, 7);
        bunch_await(atomic_load(&got) == 13 &&
                    rt_thread_semaphore_waiting(&semaphore) >= 4);
        assert_number(atomic_load(&in_phase[1]), 7);
        release_in_phase(2, 6);
        bunch_await(atomic_load(&got) == 19 &&
                    rt_thread_semaphore_waiting(&semaphore) == 1);
        assert_number(atomic_load(&in_phase[2]), 6);
        assert_number(rt_thread_semaphore_acquire(&semaphore, 0), 0);
        release_in_phase(2, 1);
        bunch_finish(&bunch);
        assert_number(atomic_load(&got), 20);
        rt_thread_semaphore_destroy(&semaphore);
    }
}

static int
try_twice(void *data)
{
    (void)data;
    for (int i = 0; i < 2; i++) {
        int result = rt_thread_semaphore_acquire(&semaphore, 0);
        atomic_fetch_add(result == 1 ? &got : &missed, 1);
    }
    return 0;
}

/* row: TH14 lock_tests.BaseSemaphoreTests.test_try_acquire_contended */
static void
attempts_that_do_not_wait_share_what_is_left(void **state)
{
    (void)state;
    rt_thread_semaphore_init(&semaphore, 4, false);
    assert_number(rt_thread_semaphore_acquire(&semaphore, RT_NO_TIMEOUT), 1);
    struct bunch bunch;
    bunch_start(&bunch, 5, try_twice, NULL);
    bunch_finish(&bunch);
    assert_number(atomic_load(&got), 3);
    assert_number(atomic_load(&missed), 7);
    rt_thread_semaphore_destroy(&semaphore);
}

static void
assert_value_error(int result, const char *text)
{
    assert_number(result, -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

/* row: TH15 lock_tests.BoundedSemaphoreTests.test_release_unacquired */
static void
a_bounded_one_never_has_more_than_at_first(void **state)
{
    (void)state;
    rt_thread_semaphore_init(&semaphore, 1, true);
    assert_value_error(rt_thread_semaphore_release(&semaphore, 1),
                       "Semaphore released too many times");
    assert_number(rt_thread_semaphore_acquire(&semaphore, 0), 1);
    assert_value_error(rt_thread_semaphore_release(&semaphore, 2),
                       "Semaphore released too many times");
    assert_number(rt_thread_semaphore_release(&semaphore, 1), 0);
    assert_value_error(rt_thread_semaphore_release(&semaphore, 1),
                       "Semaphore released too many times");
    rt_thread_semaphore_destroy(&semaphore);
}

static void
one_without_a_bound_may_have_more(void **state)
{
    (void)state;
    rt_thread_semaphore_init(&semaphore, 0, false);
    assert_number(rt_thread_semaphore_release(&semaphore, 2), 0);
    assert_number(rt_thread_semaphore_acquire(&semaphore, 0), 1);
    assert_number(rt_thread_semaphore_acquire(&semaphore, 0), 1);
    assert_number(rt_thread_semaphore_acquire(&semaphore, 0), 0);
    assert_number(rt_thread_semaphore_acquire(&semaphore, 1000), 0);
    rt_thread_semaphore_destroy(&semaphore);
}

static void
numbers_are_checked(void **state)
{
    (void)state;
    assert_value_error(rt_thread_semaphore_init(&semaphore, -1, false),
                       "semaphore initial value must be >= 0");
    assert_value_error(rt_thread_semaphore_init(&semaphore, INT_MIN, true),
                       "semaphore initial value must be >= 0");
    rt_thread_semaphore_init(&semaphore, 1, false);
    assert_value_error(rt_thread_semaphore_release(&semaphore, 0),
                       "n must be one or more");
    assert_value_error(rt_thread_semaphore_release(&semaphore, -1),
                       "n must be one or more");
    rt_thread_semaphore_destroy(&semaphore);
}

#define CASE(name) cmocka_unit_test_setup(name, start_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(as_many_get_through_as_there_are_permits),
        CASE(attempts_that_do_not_wait_share_what_is_left),
        CASE(a_bounded_one_never_has_more_than_at_first),
        CASE(one_without_a_bound_may_have_more),
        CASE(numbers_are_checked),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
