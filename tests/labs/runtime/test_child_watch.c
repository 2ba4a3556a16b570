#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/child_watch.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/testing.h"

static struct rt_loop *loop;

/* A child that waits for a signal, or ends at once with a status. */
static pid_t
child_that(bool waits, int status)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!waits) {
            _exit(status);
        }
        for (;;) {
            pause();
        }
    }
    return child;
}

static int64_t
end_of(struct rt_object *future)
{
    assert_non_null(future);
    struct rt_object *status = rt_loop_run_until_complete(loop, future);
    assert_non_null(status);
    int64_t number = rt_int_value(status);
    rt_decref(status);
    rt_decref(future);
    return number;
}

static void
the_status_of_a_child_comes_as_a_future(void **state)
{
    (void)state;
    pid_t child = child_that(false, 7);
    assert_number(end_of(rt_loop_watch_child(loop, child)), 7);
    assert_number(waitpid(child, NULL, 0), -1); // no zombie
    assert_number(errno, ECHILD);
}

static void
a_signal_that_ends_a_child_is_a_negative_status(void **state)
{
    (void)state;
    pid_t child = child_that(true, 0);
    struct rt_object *future = rt_loop_watch_child(loop, child);
    kill(child, SIGKILL);
    assert_number(end_of(future), -SIGKILL);
}

static void
a_status_that_somebody_else_has_read_is_255(void **state)
{
    (void)state;
    pid_t child = child_that(true, 0);
    struct rt_object *future = rt_loop_watch_child(loop, child);
    kill(child, SIGKILL);
    assert_number(waitpid(child, NULL, 0), child);
    assert_number(end_of(future), 255);
}

static void
a_child_is_waited_for_though_nobody_asks_any_more(void **state)
{
    (void)state;
    pid_t lost = child_that(true, 0);
    struct rt_object *future = rt_loop_watch_child(loop, lost);
    rt_future_cancel(future, NULL);
    rt_decref(future);
    kill(lost, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)lost, &info, WEXITED | WNOWAIT);
    pid_t child = child_that(true, 0);
    future = rt_loop_watch_child(loop, child);
    rt_loop_stop(loop);
    assert_number(rt_loop_run_forever(loop), 0);
    kill(child, SIGKILL);
    assert_number(end_of(future), -SIGKILL);
    assert_number(waitpid(lost, NULL, WNOHANG), -1);
}

static void
a_closed_loop_forgets_its_children(void **state)
{
    (void)state;
    pid_t child = child_that(true, 0);
    struct rt_object *future = rt_loop_watch_child(loop, child);
    assert_number(rt_loop_close(loop), 0);
    assert_false(rt_future_is_done(future));
    rt_decref(future);
    kill(child, SIGKILL);
    assert_number(waitpid(child, NULL, 0), child);
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    pid_t child = child_that(false, 3);
    struct rt_object *future = NULL;
    size_t nth = 0;
    while (future == NULL) {
        rt_alloc_fail_nth(++nth);
        future = rt_loop_watch_child(loop, child);
        if (future == NULL) {
            assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
            rt_error_clear();
        }
    }
    rt_alloc_fail_nth(0);
    assert_number(nth, 5);
    assert_number(end_of(future), 3);
    assert_null(rt_loop_watch_child(loop, child));
    assert_number(rt_error_occurred(), RT_ERROR_OS);
    assert_contains(rt_error_text(), "[Errno 3] cannot watch a process");
    rt_error_clear();
}

static int
begin(void **state)
{
    (void)state;
    rt_gc_disable();
    loop = rt_loop_new();
    assert_non_null(loop);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_loop_free(loop);
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_alloc_live_blocks(), 0);
    return 0;
}

#define CHILD_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CHILD_TEST(the_status_of_a_child_comes_as_a_future),
        CHILD_TEST(a_signal_that_ends_a_child_is_a_negative_status),
        CHILD_TEST(a_status_that_somebody_else_has_read_is_255),
        CHILD_TEST(a_child_is_waited_for_though_nobody_asks_any_more),
        CHILD_TEST(a_closed_loop_forgets_its_children),
        CHILD_TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
