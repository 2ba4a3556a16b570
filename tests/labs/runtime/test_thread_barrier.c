#include "labs/runtime/error.h"
#include "labs/runtime/thread_barrier.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

enum {
    PARTIES = 5,
    ROUNDS = 200
};

static struct rt_thread_barrier barrier;
static atomic_int inside, torn, broken, through, actions;
static atomic_int seen[PARTIES]; // how often each index was given out

static int
start_clean(void **state)
{
    (void)state;
    atomic_store(&inside, 0);
    atomic_store(&torn, 0);
    atomic_store(&broken, 0);
    atomic_store(&through, 0);
    atomic_store(&actions, 0);
    for (int i = 0; i < PARTIES; i++) {
        atomic_store(&seen[i], 0);
    }
    rt_error_clear();
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_thread_barrier_destroy(&barrier);
    return 0;
}

static void
make(int (*action)(void *data), int64_t timeout_us)
{
    assert_number(
        rt_thread_barrier_init(&barrier, PARTIES, action, NULL, timeout_us),
        0);
}

/* All are inside before anybody goes on. */
static int
pass_often(void *data)
{
    (void)data;
    for (int round = 1; round <= ROUNDS; round++) {
        int index = -1;
        atomic_fetch_add(&inside, 1);
        if (rt_thread_barrier_wait(&barrier, RT_NO_TIMEOUT, &index) != 0) {
            return -1;
        }
        atomic_fetch_add(&torn, atomic_load(&inside) < round * PARTIES);
        atomic_fetch_add(&seen[index], 1);
    }
    return 0;
}

static void
nobody_passes_before_the_last_one_has_come(void **state)
{
    (void)state;
    make(NULL, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, PARTIES, pass_often, NULL);
    bunch_finish(&bunch);
    assert_number(atomic_load(&torn), 0);
    for (int i = 0; i < PARTIES; i++) {
        assert_number(atomic_load(&seen[i]), ROUNDS);
    }
}

static int
wait_once(void *data)
{
    int64_t timeout_us = data != NULL ? *(int64_t *)data : RT_NO_TIMEOUT;
    int index = -1;
    if (rt_thread_barrier_wait(&barrier, timeout_us, &index) == 0) {
        atomic_fetch_add(&through, 1);
    }
    else if (rt_error_occurred() == RT_ERROR_BROKEN_BARRIER) {
        atomic_fetch_add(&broken, 1);
    }
    rt_error_clear();
    return 0;
}

static int
count_action(void *data)
{
    (void)data;
    atomic_fetch_add(&actions, 1);
    return atomic_load(&through) == 0 ? 0 : -1;
}

static void
the_action_comes_once_and_first(void **state)
{
    (void)state;
    make(count_action, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, PARTIES, wait_once, NULL);
    bunch_finish(&bunch);
    assert_number(atomic_load(&actions), 1);
    assert_number(atomic_load(&through), PARTIES);
}

static int
fail_on_purpose(void *data)
{
    (void)data;
    return rt_error_set(RT_ERROR_VALUE, "on purpose");
}

static void
an_action_that_fails_breaks_it(void **state)
{
    (void)state;
    make(fail_on_purpose, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, PARTIES, wait_once, NULL);
    bunch_finish(&bunch);
    assert_number(atomic_load(&broken), PARTIES - 1);
    assert_true(rt_thread_barrier_is_broken(&barrier));
    wait_once(NULL);
    assert_number(atomic_load(&broken), PARTIES);
}

static void
abort_breaks_it_for_all(void **state)
{
    (void)state;
    make(NULL, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, PARTIES - 1, wait_once, NULL);
    bunch_await(rt_thread_barrier_waiting(&barrier) == PARTIES - 1);
    assert_false(rt_thread_barrier_is_broken(&barrier));
    rt_thread_barrier_abort(&barrier);
    bunch_finish(&bunch);
    assert_number(atomic_load(&broken), PARTIES - 1);
    assert_true(rt_thread_barrier_is_broken(&barrier));
    assert_number(rt_thread_barrier_waiting(&barrier), 0);
    rt_thread_barrier_reset(&barrier);
    assert_false(rt_thread_barrier_is_broken(&barrier));
    bunch_start(&bunch, PARTIES, wait_once, NULL);
    bunch_finish(&bunch);
    assert_number(atomic_load(&through), PARTIES);
}

static void
reset_breaks_it_for_those_inside_only(void **state)
{
    (void)state;
    make(NULL, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, PARTIES - 1, wait_once, NULL);
    bunch_await(rt_thread_barrier_waiting(&barrier) == PARTIES - 1);
    rt_thread_barrier_reset(&barrier);
    bunch_finish(&bunch);
    assert_number(atomic_load(&broken), PARTIES - 1);
    assert_false(rt_thread_barrier_is_broken(&barrier));
    bunch_start(&bunch, PARTIES, wait_once, NULL);
    bunch_finish(&bunch);
    assert_number(atomic_load(&through), PARTIES);
}

static void
one_whose_time_is_over_breaks_it_for_all(void **state)
{
    (void)state;
    make(NULL, RT_NO_TIMEOUT);
    struct bunch bunch;
    int64_t timeout_us = 2000;
    bunch_start(&bunch, PARTIES - 2, wait_once, NULL);
    bunch_await(rt_thread_barrier_waiting(&barrier) == PARTIES - 2);
    wait_once(&timeout_us);
    bunch_finish(&bunch);
    assert_number(atomic_load(&broken), PARTIES - 1);
    assert_true(rt_thread_barrier_is_broken(&barrier));
}

static void
it_has_a_timeout_of_its_own(void **state)
{
    (void)state;
    make(NULL, 2000);
    wait_once(NULL);
    assert_number(atomic_load(&broken), 1);
}

static void
it_needs_somebody_to_wait_for(void **state)
{
    (void)state;
    assert_number(rt_thread_barrier_init(&barrier, 0, NULL, NULL, 0), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    rt_error_clear();
    assert_number(rt_thread_barrier_init(&barrier, 1, NULL, NULL, 0), 0);
    int index = -1;
    assert_number(rt_thread_barrier_wait(&barrier, RT_NO_TIMEOUT, &index), 0);
    assert_number(index, 0);
    assert_number(rt_thread_barrier_wait(&barrier, RT_NO_TIMEOUT, &index), 0);
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(nobody_passes_before_the_last_one_has_come),
        CASE(the_action_comes_once_and_first),
        CASE(an_action_that_fails_breaks_it),
        CASE(abort_breaks_it_for_all),
        CASE(reset_breaks_it_for_those_inside_only),
        CASE(one_whose_time_is_over_breaks_it_for_all),
        CASE(it_has_a_timeout_of_its_own),
        CASE(it_needs_somebody_to_wait_for),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
