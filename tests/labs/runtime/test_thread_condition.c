#include "labs/runtime/error.h"
#include "labs/runtime/thread_condition.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_thread_lock lock;
static struct rt_thread_rlock rlock;
static struct rt_thread_condition condition; // of lock
static struct rt_thread_condition owned;     // of rlock
static int woken, late;                      // guarded by lock

static int
start_empty(void **state)
{
    (void)state;
    rt_thread_lock_init(&lock, NULL);
    rt_thread_rlock_init(&rlock, NULL);
    rt_thread_condition_init(&condition, &lock);
    rt_thread_condition_init_rlock(&owned, &rlock);
    woken = late = 0;
    rt_error_clear();
    return 0;
}

static int
end_empty(void **state)
{
    (void)state;
    rt_thread_rlock_destroy(&rlock);
    rt_thread_lock_destroy(&lock);
    return 0;
}

static void
take(void)
{
    assert_number(rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT), 1);
}

static void
give(void)
{
    assert_number(rt_thread_lock_release(&lock), 0);
}

/* With the lock taken inside. */
static int
count_of(const int *number)
{
    take();
    int count = *number;
    give();
    return count;
}

static int
count_waiting(void)
{
    take();
    int count = rt_thread_condition_waiting(&condition);
    give();
    return count;
}

/* data: NULL, or a timeout. */
static int
wait_once(void *data)
{
    int64_t timeout_us = data != NULL ? *(int64_t *)data : RT_NO_TIMEOUT;
    rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT);
    int result = rt_thread_condition_wait(&condition, timeout_us);
    *(result == 1 ? &woken : &late) += 1;
    rt_thread_lock_release(&lock);
    return result >= 0 ? 0 : -1;
}

static void
notify(int count)
{
    take();
    assert_number(rt_thread_condition_notify(&condition, count), 0);
    give();
}

/* row: TH10 lock_tests.ConditionTests.test_notify */
static void
as_many_wake_as_are_notified(void **state)
{
    (void)state;
    struct bunch bunch;
    bunch_start(&bunch, 6, wait_once, NULL);
    bunch_await(count_waiting() == 6);
    notify(3);
    bunch_await(count_of(&woken) == 3);
    assert_number(count_waiting(), 3);
    notify(1);
    bunch_await(count_of(&woken) == 4);
    assert_number(count_waiting(), 2);
    notify(5);
    bunch_finish(&bunch);
    assert_number(woken, 6);
    notify(1); // nobody is there
    assert_number(late, 0);
}

/* row: TH11 lock_tests.ConditionTests.test_unacquired_wait */
static void
waiting_without_the_lock_is_refused(void **state)
{
    (void)state;
    assert_number(rt_thread_condition_wait(&condition, RT_NO_TIMEOUT), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_text(rt_error_text(), "cannot wait on un-acquired lock");
    rt_error_clear();
    assert_number(rt_thread_condition_wait(&owned, 0), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
}

static void
notifying_without_the_lock_is_refused(void **state)
{
    (void)state;
    assert_number(rt_thread_condition_notify(&condition, 1), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_text(rt_error_text(), "cannot notify on un-acquired lock");
    rt_error_clear();
    assert_number(rt_thread_condition_notify_all(&owned), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
}

static void
all_wake_when_all_are_notified(void **state)
{
    (void)state;
    struct bunch bunch;
    bunch_start(&bunch, 5, wait_once, NULL);
    bunch_await(count_waiting() == 5);
    take();
    assert_number(rt_thread_condition_notify_all(&condition), 0);
    assert_number(rt_thread_condition_waiting(&condition), 0);
    assert_number(woken, 0); // they need the lock for that
    give();
    bunch_finish(&bunch);
    assert_number(woken, 5);
}

static void
a_wait_that_ran_out_leaves_the_line(void **state)
{
    (void)state;
    int64_t timeout_us = 1000;
    struct bunch bunch;
    bunch_start(&bunch, 3, wait_once, &timeout_us);
    bunch_finish(&bunch);
    assert_number(late, 3);
    assert_number(count_waiting(), 0);
    take();
    assert_number(rt_thread_condition_wait(&condition, 0), 0);
    assert_true(rt_thread_lock_is_locked(&lock));
    give();
}

/* Timeouts and notifications meet; what is notified is counted as woken. */
static void
no_notification_is_lost_to_one_whose_time_is_over(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        int64_t timeout_us = 100;
        struct bunch bunch;
        woken = late = 0;
        bunch_start(&bunch, 4, wait_once, &timeout_us);
        int notified = 0;
        take();
        for (int i = 0; i < 4; i++) {
            notified += rt_thread_condition_waiting(&condition) > 0;
            rt_thread_condition_notify(&condition, 1);
        }
        give();
        bunch_finish(&bunch);
        assert_number(woken, notified);
        assert_number(woken + late, 4);
    }
}

static bool
is_positive(void *data)
{
    return *(int *)data > 0;
}

static int
wait_for_permits(void *data)
{
    rt_thread_lock_acquire(&lock, RT_NO_TIMEOUT);
    int result = rt_thread_condition_wait_for(&condition, is_positive, data,
                                              RT_NO_TIMEOUT);
    if (result == 1) {
        *(int *)data -= 1;
        woken++;
    }
    rt_thread_lock_release(&lock);
    return result == 1 ? 0 : -1;
}

static void
waiting_for_a_predicate_goes_on_until_it_holds(void **state)
{
    (void)state;
    int permits = 0;
    struct bunch bunch;
    bunch_start(&bunch, 4, wait_for_permits, &permits);
    bunch_await(count_waiting() == 4);
    take();
    permits = 2;
    rt_thread_condition_notify_all(&condition);
    give();
    bunch_await(count_of(&woken) == 2 && count_waiting() == 2);
    take();
    permits = 2;
    rt_thread_condition_notify_all(&condition);
    give();
    bunch_finish(&bunch);
    assert_number(permits, 0);
}

static void
a_predicate_that_never_holds_runs_out_of_time(void **state)
{
    (void)state;
    int never = 0;
    take();
    int64_t start = rt_monotonic_ns();
    assert_number(
        rt_thread_condition_wait_for(&condition, is_positive, &never, 5000),
        0);
    assert_true(rt_monotonic_ns() - start >= 5000 * 1000);
    assert_number(
        rt_thread_condition_wait_for(&condition, is_positive, &never, 0), 0);
    assert_number(
        rt_thread_condition_wait_for(&condition, is_positive, &never, -2), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    give();
}

static int
wait_with_three(void *data)
{
    (void)data;
    for (int i = 0; i < 3; i++) {
        rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT);
    }
    woken = rt_thread_condition_wait(&owned, RT_NO_TIMEOUT);
    for (int i = 0; i < 3; i++) {
        if (rt_thread_rlock_release(&rlock) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
count_waiting_owned(void)
{
    rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT);
    int count = rt_thread_condition_waiting(&owned);
    rt_thread_rlock_release(&rlock);
    return count;
}

static void
an_rlock_is_released_wholly_and_taken_again_as_often(void **state)
{
    (void)state;
    struct bunch bunch;
    bunch_start(&bunch, 1, wait_with_three, NULL);
    bunch_await(count_waiting_owned() == 1);
    rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT);
    assert_number(rt_thread_condition_notify(&owned, 1), 0);
    rt_thread_rlock_release(&rlock);
    bunch_finish(&bunch);
    assert_number(woken, 1);
    assert_number(rt_thread_rlock_acquire(&rlock, 0), 1);
    rt_thread_rlock_release(&rlock);
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_empty, end_empty)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(as_many_wake_as_are_notified),
        CASE(waiting_without_the_lock_is_refused),
        CASE(notifying_without_the_lock_is_refused),
        CASE(all_wake_when_all_are_notified),
        CASE(a_wait_that_ran_out_leaves_the_line),
        CASE(no_notification_is_lost_to_one_whose_time_is_over),
        CASE(waiting_for_a_predicate_goes_on_until_it_holds),
        CASE(a_predicate_that_never_holds_runs_out_of_time),
        CASE(an_rlock_is_released_wholly_and_taken_again_as_often),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
