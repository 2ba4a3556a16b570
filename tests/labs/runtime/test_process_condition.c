#include "labs/runtime/error.h"
#include "labs/runtime/process.h"
#include "labs/runtime/process_barrier.h"
#include "labs/runtime/process_condition.h"
#include "labs/runtime/process_event.h"
#include "labs/runtime/shared_block.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/brood.h"
#include "tests/support/bunch.h"

enum {
    CHILDREN = 4,
    ROUNDS = 100,
    SHORT_US = 1000
};

static struct rt_process_semaphore lock;
static struct rt_process_condition condition;
static struct rt_process_event event;
static struct rt_process_barrier barrier;
static _Atomic int *shared; // two numbers

static int
start(void **state)
{
    (void)state;
    rt_error_clear();
    rt_thread_attach();
    shared = rt_shared_block_new(2 * sizeof(*shared));
    assert_number(rt_process_rlock_init(&lock), 0);
    assert_number(rt_process_condition_init(&condition, &lock), 0);
    assert_number(rt_process_event_init(&event), 0);
    assert_number(
        rt_process_barrier_init(&barrier, CHILDREN, NULL, NULL, RT_NO_TIMEOUT),
        0);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_process_barrier_destroy(&barrier);
    rt_process_event_destroy(&event);
    rt_process_condition_destroy(&condition);
    rt_process_semaphore_destroy(&lock);
    rt_shared_block_free(shared, 2 * sizeof(*shared));
    assert_number(rt_process_active_count(), 0);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    return 0;
}

static void
take(void)
{
    assert_number(rt_process_semaphore_acquire(&lock, RT_NO_TIMEOUT), 1);
}

static void
give(void)
{
    assert_number(rt_process_semaphore_release(&lock), 0);
}

static void
expect_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

// --- condition -------------------------------------------------------------

static void
it_is_used_with_its_lock_taken(void **state)
{
    (void)state;
    assert_number(rt_process_condition_wait(&condition, 0), -1);
    expect_error(RT_ERROR_ASSERTION,
                 "must acquire() condition before using wait()");
    assert_number(rt_process_condition_notify_all(&condition), -1);
    expect_error(RT_ERROR_ASSERTION, "lock is not owned");
}

/* As often as it was taken it is taken again. */
static void
a_wait_without_a_notification_ends_in_time(void **state)
{
    (void)state;
    take();
    take();
    assert_number(rt_process_condition_wait(&condition, SHORT_US), 0);
    give();
    assert_true(rt_process_semaphore_is_mine(&lock));
    assert_number(rt_process_condition_notify_all(&condition), 0); // nobody
    give();
    assert_false(rt_process_semaphore_is_mine(&lock));
}

static bool
is_told(void *data)
{
    (void)data;
    return atomic_load(&shared[0]) > 0;
}

/* Counts itself with the lock taken: so who sees it, sees it asleep. */
static int
wait_to_be_told(void *data)
{
    (void)data;
    rt_process_semaphore_acquire(&lock, RT_NO_TIMEOUT);
    atomic_fetch_add(&shared[1], 1);
    int result = rt_process_condition_wait_for(&condition, is_told, NULL,
                                               RT_NO_TIMEOUT);
    rt_process_semaphore_release(&lock);
    return brood_expect(result == 1, "not told");
}

static void
all_that_wait_are_told(void **state)
{
    (void)state;
    struct brood brood;
    brood_start(&brood, CHILDREN, wait_to_be_told, NULL);
    bunch_await(atomic_load(&shared[1]) == CHILDREN);
    take();
    atomic_store(&shared[0], 1);
    assert_number(rt_process_condition_notify_all(&condition), 0);
    give();
    brood_finish(&brood, 0);
}

static int
wait_once(void *data)
{
    (void)data;
    rt_process_semaphore_acquire(&lock, RT_NO_TIMEOUT);
    atomic_fetch_add(&shared[1], 1);
    int result = rt_process_condition_wait(&condition, RT_NO_TIMEOUT);
    atomic_fetch_add(&shared[0], 1);
    rt_process_semaphore_release(&lock);
    return brood_expect(result == 1, "not told");
}

static void
as_many_are_woken_as_are_notified(void **state)
{
    (void)state;
    struct brood brood;
    brood_start(&brood, CHILDREN, wait_once, NULL);
    bunch_await(atomic_load(&shared[1]) == CHILDREN);
    take();
    assert_number(rt_process_condition_notify(&condition, 3), 0);
    give();
    bunch_await(atomic_load(&shared[0]) == 3);
    take();
    assert_number(rt_process_semaphore_value(&condition.wake_ups), 0);
    assert_number(rt_process_condition_notify(&condition, 3), 0);
    give();
    brood_finish(&brood, 0);
    assert_number(atomic_load(&shared[0]), CHILDREN);
}

// --- event -----------------------------------------------------------------

static int
wait_for_event(void *data)
{
    (void)data;
    return brood_expect(rt_process_event_wait(&event, RT_NO_TIMEOUT) == 1,
                        "not set");
}

static void
an_event_lets_all_go_on(void **state)
{
    (void)state;
    struct brood brood;
    assert_number(rt_process_event_wait(&event, 0), 0);
    assert_number(rt_process_event_wait(&event, SHORT_US), 0);
    brood_start(&brood, CHILDREN, wait_for_event, NULL);
    rt_process_event_set(&event);
    rt_process_event_set(&event);
    brood_finish(&brood, 0);
    assert_true(rt_process_event_is_set(&event));
    rt_process_event_clear(&event);
    assert_false(rt_process_event_is_set(&event));
    rt_process_event_clear(&event);
    assert_number(rt_process_event_wait(&event, 0), 0);
}

// --- barrier ---------------------------------------------------------------

/* Nobody begins a round before all have ended the one before. */
static int
go_round(void *data)
{
    (void)data;
    for (int round = 0; round < ROUNDS; round++) {
        int index = -1;
        int before = atomic_load(&shared[0]);
        if (rt_process_barrier_wait(&barrier, RT_NO_TIMEOUT, &index) != 0) {
            return -1;
        }
        atomic_fetch_add(&shared[1], index);
        if (before < round * CHILDREN) {
            return brood_expect(0, "too early");
        }
        atomic_fetch_add(&shared[0], 1);
        if (rt_process_barrier_wait(&barrier, RT_NO_TIMEOUT, &index) != 0) {
            return -1;
        }
    }
    return 0;
}

static void
processes_wait_for_each_other(void **state)
{
    (void)state;
    struct brood brood;
    brood_start(&brood, CHILDREN, go_round, NULL);
    brood_finish(&brood, 0);
    assert_number(atomic_load(&shared[0]), CHILDREN * ROUNDS);
    assert_number(atomic_load(&shared[1]), (0 + 1 + 2 + 3) * ROUNDS);
    assert_number(rt_process_barrier_waiting(&barrier), 0);
}

static int
wait_in_vain(void *data)
{
    (void)data;
    int index = -1;
    int broken =
        rt_process_barrier_wait(&barrier, RT_NO_TIMEOUT, &index) == -1 &&
        rt_error_occurred() == RT_ERROR_BROKEN_BARRIER;
    rt_error_clear();
    return brood_expect(broken, "not broken");
}

static void
a_broken_barrier_is_broken_for_all(void **state)
{
    (void)state;
    struct brood brood;
    int index = -1;
    brood_start(&brood, CHILDREN - 2, wait_in_vain, NULL);
    bunch_await(rt_process_barrier_waiting(&barrier) == CHILDREN - 2);
    assert_number(rt_process_barrier_wait(&barrier, SHORT_US, &index), -1);
    expect_error(RT_ERROR_BROKEN_BARRIER, "");
    brood_finish(&brood, 0);
    assert_true(rt_process_barrier_is_broken(&barrier));
    rt_process_barrier_reset(&barrier);
    assert_false(rt_process_barrier_is_broken(&barrier));
    brood_start(&brood, 1, wait_in_vain, NULL);
    bunch_await(rt_process_barrier_waiting(&barrier) == 1);
    rt_process_barrier_abort(&barrier);
    brood_finish(&brood, 0);
}

static void
a_barrier_is_for_somebody(void **state)
{
    (void)state;
    struct rt_process_barrier none;
    assert_number(rt_process_barrier_init(&none, 0, NULL, NULL, 0), -1);
    expect_error(RT_ERROR_VALUE, "parties must be > 0");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(it_is_used_with_its_lock_taken),
        CASE(a_wait_without_a_notification_ends_in_time),
        CASE(all_that_wait_are_told),
        CASE(as_many_are_woken_as_are_notified),
        CASE(an_event_lets_all_go_on),
        CASE(processes_wait_for_each_other),
        CASE(a_broken_barrier_is_broken_for_all),
        CASE(a_barrier_is_for_somebody),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
