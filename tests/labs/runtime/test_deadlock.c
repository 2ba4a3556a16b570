#include "labs/runtime/deadlock.h"
#include "labs/runtime/error.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_event.h"
#include "labs/runtime/thread_rlock.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_thread_lock a, b, c, unnamed;
static struct rt_thread_event go;

static int
start_watching(void **state)
{
    (void)state;
    rt_thread_lock_init(&a, "A");
    rt_thread_lock_init(&b, "B");
    rt_thread_lock_init(&c, "C");
    rt_thread_lock_init(&unnamed, NULL);
    rt_thread_event_init(&go);
    rt_error_clear();
    rt_deadlock_watch();
    return 0;
}

static int
end_watching(void **state)
{
    (void)state;
    rt_deadlock_unwatch();
    rt_thread_event_destroy(&go);
    rt_thread_lock_destroy(&unnamed);
    rt_thread_lock_destroy(&c);
    rt_thread_lock_destroy(&b);
    rt_thread_lock_destroy(&a);
    return 0;
}

static void
take_both(struct rt_thread_lock *first, struct rt_thread_lock *second)
{
    rt_thread_lock_acquire(first, RT_NO_TIMEOUT);
    rt_thread_lock_acquire(second, RT_NO_TIMEOUT);
    rt_thread_lock_release(second);
    rt_thread_lock_release(first);
}

static int
take_b_and_a(void *data)
{
    (void)data;
    take_both(&b, &a);
    return 0;
}

static void
run(const char *name, int (*body)(void *data), void *data)
{
    struct rt_thread *thread = rt_thread_new(name, body, data);
    rt_thread_start(thread);
    rt_thread_join(thread, RT_NO_TIMEOUT);
    rt_thread_free(thread);
}

// --- order -----------------------------------------------------------------

static void
one_order_is_no_reason_to_worry(void **state)
{
    (void)state;
    take_both(&a, &b);
    take_both(&b, &c);
    take_both(&a, &c);
    take_both(&a, &b);
    assert_number(rt_deadlock_report_count(), 0);
}

static void
two_orders_are_reported_though_nothing_happened(void **state)
{
    (void)state;
    take_both(&a, &b);
    run("other", take_b_and_a, NULL);
    assert_number(rt_deadlock_report_count(), 1);
    assert_text(
        rt_deadlock_report(0),
        "wrong order: other took A after B, MainThread took B after A");
    run("other", take_b_and_a, NULL);
    take_both(&a, &b);
    assert_number(rt_deadlock_report_count(), 1);
}

static void
a_circle_of_three_is_reported(void **state)
{
    (void)state;
    take_both(&a, &b);
    take_both(&b, &c);
    assert_number(rt_deadlock_report_count(), 0);
    take_both(&c, &a);
    assert_number(rt_deadlock_report_count(), 1);
    const char *report = rt_deadlock_report(0);
    assert_contains(report, "MainThread took A after C");
    assert_contains(report, "MainThread took B after A");
    assert_contains(report, "MainThread took C after B");
}

static void
attempts_that_do_not_wait_have_no_order(void **state)
{
    (void)state;
    take_both(&a, &b);
    rt_thread_lock_acquire(&b, RT_NO_TIMEOUT);
    assert_number(rt_thread_lock_acquire(&a, 0), 1);
    rt_thread_lock_release(&a);
    rt_thread_lock_release(&b);
    assert_number(rt_deadlock_report_count(), 0);
}

static void
locks_without_a_name_are_not_watched(void **state)
{
    (void)state;
    take_both(&a, &unnamed);
    take_both(&unnamed, &a);
    assert_number(rt_deadlock_report_count(), 0);
}

static void
a_lock_that_has_ended_is_forgotten(void **state)
{
    (void)state;
    take_both(&a, &b);
    rt_thread_lock_destroy(&a);
    rt_thread_lock_init(&a, "another A");
    take_both(&b, &a);
    assert_number(rt_deadlock_report_count(), 0);
}

static void
watching_again_forgets(void **state)
{
    (void)state;
    take_both(&a, &b);
    take_both(&b, &a);
    assert_number(rt_deadlock_report_count(), 1);
    rt_deadlock_watch();
    assert_number(rt_deadlock_report_count(), 0);
    take_both(&b, &a);
    assert_number(rt_deadlock_report_count(), 0);
}

// --- deadlocks -------------------------------------------------------------

static atomic_int failures;

/* Takes its own lock, waits until the others have theirs, wants the next. */
struct philosopher {
    struct rt_thread_lock *left, *right;
    atomic_int *seated;
    int count;
};

static int
dine(void *data)
{
    const struct philosopher *self = data;
    rt_thread_lock_acquire(self->left, RT_NO_TIMEOUT);
    if (atomic_fetch_add(self->seated, 1) + 1 == self->count) {
        rt_thread_event_set(&go);
    }
    rt_thread_event_wait(&go, RT_NO_TIMEOUT);
    if (rt_thread_lock_acquire(self->right, RT_NO_TIMEOUT) == 1) {
        rt_thread_lock_release(self->right);
    }
    else {
        atomic_fetch_add(&failures, rt_error_occurred() == RT_ERROR_RUNTIME);
        rt_error_clear();
    }
    return rt_thread_lock_release(self->left);
}

static void
of_a_circle_the_last_one_fails_and_the_others_go_on(void **state)
{
    (void)state;
    atomic_int seated = 0;
    struct philosopher philosophers[] = {
        {&a, &b, &seated, 3}, {&b, &c, &seated, 3}, {&c, &a, &seated, 3}};
    struct rt_thread *threads[3];
    static const char *const NAMES[] = {"Kant", "Hume", "Marx"};
    atomic_store(&failures, 0);
    for (int i = 0; i < 3; i++) {
        threads[i] = rt_thread_new(NAMES[i], dine, &philosophers[i]);
        rt_thread_start(threads[i]);
    }
    for (int i = 0; i < 3; i++) {
        rt_thread_join(threads[i], RT_NO_TIMEOUT);
        rt_thread_free(threads[i]);
    }
    assert_number(atomic_load(&failures), 1);
    assert_number(rt_deadlock_report_count(), 2); // the order was wrong, too
    bool first = strncmp(rt_deadlock_report(0), "deadlock", 8) == 0;
    const char *report = rt_deadlock_report(first ? 0 : 1);
    assert_contains(report, "Kant waits for B, which Hume has");
    assert_contains(report, "Hume waits for C, which Marx has");
    assert_contains(report, "Marx waits for A, which Kant has");
}

static void
a_lock_taken_twice_by_one_thread_is_a_deadlock(void **state)
{
    (void)state;
    rt_thread_lock_acquire(&a, RT_NO_TIMEOUT);
    assert_number(rt_thread_lock_acquire(&a, 0), 0);
    assert_number(rt_thread_lock_acquire(&a, 1000), 0);
    assert_number(rt_deadlock_report_count(), 0);
    assert_number(rt_thread_lock_acquire(&a, RT_NO_TIMEOUT), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_text(rt_error_text(),
                "deadlock: MainThread waits for A, which MainThread has");
    rt_error_clear();
    rt_thread_lock_release(&a);
}

static void
an_rlock_taken_twice_is_none(void **state)
{
    (void)state;
    struct rt_thread_rlock rlock;
    rt_thread_rlock_init(&rlock, "R");
    assert_number(rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT), 1);
    assert_number(rt_thread_rlock_acquire(&rlock, RT_NO_TIMEOUT), 1);
    rt_thread_rlock_release(&rlock);
    rt_thread_rlock_release(&rlock);
    rt_thread_rlock_destroy(&rlock);
    assert_number(rt_deadlock_report_count(), 0);
}

static int
take_a(void *data)
{
    (void)data;
    int result = rt_thread_lock_acquire(&a, RT_NO_TIMEOUT);
    return result == 1 ? rt_thread_lock_release(&a) : -1;
}

static void
waiting_for_one_who_does_not_wait_is_none(void **state)
{
    (void)state;
    rt_thread_lock_acquire(&a, RT_NO_TIMEOUT);
    struct bunch bunch;
    bunch_start(&bunch, 4, take_a, NULL);
    bunch_await(rt_thread_lock_waiting(&a) == 4);
    rt_thread_lock_acquire(&b, RT_NO_TIMEOUT);
    rt_thread_lock_release(&b);
    rt_thread_lock_release(&a);
    bunch_finish(&bunch);
    assert_number(rt_deadlock_report_count(), 0);
}

static int
release_a(void *data)
{
    (void)data;
    return rt_thread_lock_release(&a);
}

static void
a_lock_released_by_another_thread_has_no_owner(void **state)
{
    (void)state;
    rt_thread_lock_acquire(&a, RT_NO_TIMEOUT);
    run("other", release_a, NULL);
    assert_number(rt_thread_lock_acquire(&a, RT_NO_TIMEOUT), 1);
    rt_thread_lock_release(&a);
    assert_number(rt_deadlock_report_count(), 0);
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_watching, end_watching)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(one_order_is_no_reason_to_worry),
        CASE(two_orders_are_reported_though_nothing_happened),
        CASE(a_circle_of_three_is_reported),
        CASE(attempts_that_do_not_wait_have_no_order),
        CASE(locks_without_a_name_are_not_watched),
        CASE(a_lock_that_has_ended_is_forgotten),
        CASE(watching_again_forgets),
        CASE(of_a_circle_the_last_one_fails_and_the_others_go_on),
        CASE(a_lock_taken_twice_by_one_thread_is_a_deadlock),
        CASE(an_rlock_taken_twice_is_none),
        CASE(waiting_for_one_who_does_not_wait_is_none),
        CASE(a_lock_released_by_another_thread_has_no_owner),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
