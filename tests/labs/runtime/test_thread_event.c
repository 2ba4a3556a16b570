#include "labs/runtime/error.h"
#include "labs/runtime/thread_event.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_thread_event event;
static atomic_int woken;

static int
start_clear(void **state)
{
    (void)state;
    rt_thread_event_init(&event);
    atomic_store(&woken, 0);
    rt_error_clear();
    return 0;
}

static int
end_clear(void **state)
{
    (void)state;
    rt_thread_event_destroy(&event);
    return 0;
}

static int
wait_for_it(void *data)
{
    (void)data;
    if (rt_thread_event_wait(&event, RT_NO_TIMEOUT) == 1) {
        atomic_fetch_add(&woken, 1);
    }
    return 0;
}

static void
it_is_set_until_it_is_cleared(void **state)
{
    (void)state;
    assert_false(rt_thread_event_is_set(&event));
    assert_number(rt_thread_event_wait(&event, 0), 0);
    assert_number(rt_thread_event_wait(&event, 1000), 0);
    rt_thread_event_set(&event);
    rt_thread_event_set(&event);
    assert_true(rt_thread_event_is_set(&event));
    assert_number(rt_thread_event_wait(&event, RT_NO_TIMEOUT), 1);
    assert_number(rt_thread_event_wait(&event, 0), 1);
    rt_thread_event_clear(&event);
    assert_false(rt_thread_event_is_set(&event));
    assert_number(rt_thread_event_wait(&event, 0), 0);
}

static void
all_wait_until_it_is_set(void **state)
{
    (void)state;
    struct bunch bunch;
    bunch_start(&bunch, 5, wait_for_it, NULL);
    bunch_await(rt_thread_event_waiting(&event) == 5);
    assert_number(atomic_load(&woken), 0);
    rt_thread_event_set(&event);
    bunch_finish(&bunch);
    assert_number(atomic_load(&woken), 5);
}

/* row: TH12 lock_tests.EventTests.test_set_and_clear */
static void
set_and_cleared_at_once_it_wakes_all(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        atomic_store(&woken, 0);
        struct bunch bunch;
        bunch_start(&bunch, 5, wait_for_it, NULL);
        bunch_await(rt_thread_event_waiting(&event) == 5);
        rt_thread_event_set(&event);
        rt_thread_event_clear(&event);
        bunch_finish(&bunch);
        assert_number(atomic_load(&woken), 5);
    }
}

static void
timeouts_are_checked(void **state)
{
    (void)state;
    assert_number(rt_thread_event_wait(&event, -2), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_clear, end_clear)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(it_is_set_until_it_is_cleared),
        CASE(all_wait_until_it_is_set),
        CASE(set_and_cleared_at_once_it_wakes_all),
        CASE(timeouts_are_checked),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
