#include <limits.h>

#include "labs/runtime/error.h"
#include "labs/runtime/process.h"
#include "labs/runtime/process_semaphore.h"
#include "labs/runtime/shared_block.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/brood.h"
#include "tests/support/bunch.h"

enum {
    CHILDREN = 4,
    TURNS = 500,
    SHORT_US = 1000
};

static struct rt_process_semaphore semaphore;
static volatile int *shared; // guarded by semaphore, if that is a lock

static int
start(void **state)
{
    (void)state;
    rt_error_clear();
    rt_thread_attach();
    shared = rt_shared_block_new(2 * sizeof(*shared));
    assert_non_null(shared);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_process_semaphore_destroy(&semaphore);
    union {
        volatile int *given;
        void *block;
    } gone = {.given = shared};
    rt_shared_block_free(gone.block, 2 * sizeof(*shared));
    assert_number(rt_process_active_count(), 0);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    return 0;
}

static void
expect_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

// --- permits ---------------------------------------------------------------

static void
permits_are_taken_and_given_back(void **state)
{
    (void)state;
    assert_number(rt_process_semaphore_init(&semaphore, 2, false), 0);
    assert_number(rt_process_semaphore_acquire(&semaphore, 0), 1);
    assert_number(rt_process_semaphore_acquire(&semaphore, RT_NO_TIMEOUT), 1);
    assert_number(rt_process_semaphore_value(&semaphore), 0);
    assert_number(rt_process_semaphore_acquire(&semaphore, 0), 0);
    assert_number(rt_process_semaphore_acquire(&semaphore, SHORT_US), 0);
    assert_number(rt_process_semaphore_acquire(&semaphore, -7), 0);
    for (int i = 0; i < 3; i++) {
        assert_number(rt_process_semaphore_release(&semaphore), 0);
    }
    assert_number(rt_process_semaphore_value(&semaphore), 3);
}

static void
a_bounded_one_has_a_bound(void **state)
{
    (void)state;
    assert_number(rt_process_semaphore_init(&semaphore, -1, true), -1);
    expect_error(RT_ERROR_VALUE, "semaphore initial value must be >= 0");
    assert_number(rt_process_semaphore_init(&semaphore, 1, true), 0);
    assert_number(rt_process_semaphore_release(&semaphore), -1);
    expect_error(RT_ERROR_VALUE, "semaphore or lock released too many times");
    assert_number(rt_process_semaphore_value(&semaphore), 1);
}

static int
release_in_child(void *data)
{
    return rt_process_semaphore_release(data);
}

static void
any_process_may_give_one_back(void **state)
{
    (void)state;
    struct brood brood;
    assert_number(rt_process_lock_init(&semaphore), 0);
    assert_number(rt_process_semaphore_acquire(&semaphore, 0), 1);
    brood_start(&brood, 1, release_in_child, &semaphore);
    assert_number(rt_process_semaphore_acquire(&semaphore, RT_NO_TIMEOUT), 1);
    brood_finish(&brood, 0);
}

/* Adds to a number in two steps, so that it would be lost if two did so. */
static int
count(void *data)
{
    (void)data;
    for (int i = 0; i < TURNS; i++) {
        rt_process_semaphore_acquire(&semaphore, RT_NO_TIMEOUT);
        int seen = shared[0];
        shared[1] = seen;
        shared[0] = shared[1] + 1;
        rt_process_semaphore_release(&semaphore);
    }
    return 0;
}

static void
a_lock_lets_one_process_in_at_a_time(void **state)
{
    (void)state;
    struct brood brood;
    assert_number(rt_process_lock_init(&semaphore), 0);
    brood_start(&brood, CHILDREN, count, NULL);
    count(NULL);
    brood_finish(&brood, 0);
    assert_number(shared[0], (CHILDREN + 1) * TURNS);
}

/* It waits without the GIL, or the others could not go on. */
static void
it_is_for_threads_as_well(void **state)
{
    (void)state;
    struct bunch bunch;
    assert_number(rt_process_rlock_init(&semaphore), 0);
    bunch_start(&bunch, CHILDREN, count, NULL);
    bunch_finish(&bunch);
    assert_number(shared[0], CHILDREN * TURNS);
}

// --- owners ----------------------------------------------------------------

/* In a child nothing is held, though the parent holds it. */
static int
does_not_hold_it(void *data)
{
    (void)data;
    int refused = rt_process_semaphore_release(&semaphore) == -1 &&
                  rt_error_occurred() == RT_ERROR_ASSERTION;
    rt_error_clear();
    return brood_expect(refused && !rt_process_semaphore_is_mine(&semaphore) &&
                            rt_process_semaphore_acquire(&semaphore, 0) == 0,
                        "it is not the child's");
}

static void
a_recursive_lock_is_its_holders(void **state)
{
    (void)state;
    struct brood brood;
    assert_number(rt_process_rlock_init(&semaphore), 0);
    assert_number(rt_process_semaphore_release(&semaphore), -1);
    expect_error(RT_ERROR_ASSERTION,
                 "attempt to release recursive lock not owned by thread");
    for (int i = 0; i < 3; i++) {
        assert_number(rt_process_semaphore_acquire(&semaphore, RT_NO_TIMEOUT),
                      1);
    }
    brood_start(&brood, 2, does_not_hold_it, NULL);
    brood_finish(&brood, 0);
    for (int i = 0; i < 3; i++) {
        assert_true(rt_process_semaphore_is_mine(&semaphore));
        assert_number(rt_process_semaphore_value(&semaphore), 0);
        assert_number(rt_process_semaphore_release(&semaphore), 0);
    }
    assert_false(rt_process_semaphore_is_mine(&semaphore));
    assert_number(rt_process_semaphore_value(&semaphore), 1);
}

static int
take_and_stay(void *data)
{
    (void)data;
    rt_process_semaphore_acquire(&semaphore, RT_NO_TIMEOUT);
    shared[1] = 1;
    return rt_process_semaphore_acquire(&semaphore, RT_NO_TIMEOUT);
}

/* As in CPython; but whoever knows may give it back for the dead. */
static void
a_killed_holder_does_not_give_it_back(void **state)
{
    (void)state;
    struct brood brood;
    assert_number(rt_process_lock_init(&semaphore), 0);
    brood_start(&brood, 1, take_and_stay, NULL);
    bunch_await(shared[1] == 1);
    brood_kill(&brood, 0);
    assert_number(rt_process_semaphore_acquire(&semaphore, SHORT_US), 0);
    assert_number(rt_process_semaphore_release(&semaphore), 0);
    assert_number(rt_process_semaphore_acquire(&semaphore, SHORT_US), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(permits_are_taken_and_given_back),
        CASE(a_bounded_one_has_a_bound),
        CASE(any_process_may_give_one_back),
        CASE(a_lock_lets_one_process_in_at_a_time),
        CASE(it_is_for_threads_as_well),
        CASE(a_recursive_lock_is_its_holders),
        CASE(a_killed_holder_does_not_give_it_back),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
