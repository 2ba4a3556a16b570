#include "labs/runtime/error.h"
#include "labs/runtime/thread_rlock.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_thread_rlock rlock;
static atomic_int got, refused;

static int
start_free(void **state)
{
    (void)state;
    rt_thread_rlock_init(&rlock, NULL);
    atomic_store(&got, 0);
    atomic_store(&refused, 0);
    rt_error_clear();
    return 0;
}

static int
end_free(void **state)
{
    (void)state;
    rt_thread_rlock_destroy(&rlock);
    return 0;
}

static int
try_to_acquire(void *data)
{
    (void)data;
    if (rt_thread_rlock_acquire(&rlock, 0) == 1) {
        atomic_fetch_add(&got, 1);
        rt_thread_rlock_release(&rlock);
    }
    return 0;
}

static int
acquire(void *data)
{
    (void)data;
    rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT);
    atomic_fetch_add(&got, 1);
    return rt_thread_rlock_release(&rlock);
}

static int
release_anothers(void *data)
{
    (void)data;
    if (rt_thread_rlock_release(&rlock) == -1 &&
        rt_error_occurred() == RT_ERROR_RUNTIME &&
        !rt_thread_rlock_is_owned(&rlock)) {
        atomic_fetch_add(&refused, 1);
    }
    rt_error_clear();
    return 0;
}

/* Whether another thread finds it free. */
static bool
is_free_for_others(void)
{
    int before = atomic_load(&got);
    struct bunch bunch;
    bunch_start(&bunch, 1, try_to_acquire, NULL);
    bunch_finish(&bunch);
    return atomic_load(&got) > before;
}

/* row: TH07 lock_tests.RLockTests.test_reacquire */
static void
it_needs_as_many_releases_as_it_was_taken(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_number(rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT), 1);
    }
    for (int i = 0; i < 3; i++) {
        assert_false(is_free_for_others());
        assert_number(rt_thread_rlock_release(&rlock), 0);
    }
    assert_true(is_free_for_others());
}

/* row: TH08 lock_tests.RLockTests.test_release_unacquired */
static void
a_release_too_many_is_refused(void **state)
{
    (void)state;
    assert_number(rt_thread_rlock_release(&rlock), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_text(rt_error_text(), "cannot release un-acquired lock");
    rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT);
    rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT);
    assert_number(rt_thread_rlock_release(&rlock), 0);
    assert_number(rt_thread_rlock_release(&rlock), 0);
    assert_number(rt_thread_rlock_release(&rlock), -1);
}

/* row: TH09 lock_tests.RLockTests.test_different_thread */
static void
only_the_owner_may_release_it(void **state)
{
    (void)state;
    rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, 3, release_anothers, NULL);
    bunch_finish(&bunch);
    assert_number(atomic_load(&refused), 3);
    assert_true(rt_thread_rlock_is_owned(&rlock));
    assert_number(rt_thread_rlock_release(&rlock), 0);
}

static void
others_wait_until_the_last_release(void **state)
{
    (void)state;
    rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT);
    rt_thread_rlock_acquire(&rlock, 0);
    struct bunch bunch;
    bunch_start(&bunch, 4, acquire, NULL);
    bunch_await(rt_thread_lock_waiting(&rlock.lock) == 4);
    rt_thread_rlock_release(&rlock);
    assert_number(atomic_load(&got), 0);
    assert_number(rt_thread_lock_waiting(&rlock.lock), 4);
    rt_thread_rlock_release(&rlock);
    bunch_finish(&bunch);
    assert_number(atomic_load(&got), 4);
}

static void
all_of_it_is_released_and_taken_again_for_a_condition(void **state)
{
    (void)state;
    rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT);
    rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT);
    unsigned long count = rt_thread_rlock_release_all(&rlock);
    assert_number(count, 2);
    assert_true(is_free_for_others());
    assert_number(rt_thread_rlock_acquire_again(&rlock, count), 0);
    assert_number(rt_thread_rlock_release(&rlock), 0);
    assert_false(is_free_for_others());
    assert_number(rt_thread_rlock_release(&rlock), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start_free, end_free)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(it_needs_as_many_releases_as_it_was_taken),
        CASE(a_release_too_many_is_refused),
        CASE(only_the_owner_may_release_it),
        CASE(others_wait_until_the_last_release),
        CASE(all_of_it_is_released_and_taken_again_for_a_condition),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
