/* What scripts do not ask of events, barriers and timeouts; the rest is held
 * against asyncio by tests/conformance. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/async_barrier.h"
#include "labs/runtime/async_event.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/sleep.h"
#include "labs/runtime/task.h"
#include "labs/runtime/timeout.h"
#include "labs/testing.h"

enum {
    PARTIES = 3
};

static struct rt_loop *loop;
static size_t blocks_before;

static void
turns(int count)
{
    for (int i = 0; i < count; i++) {
        rt_loop_stop(loop);
        assert_number(rt_loop_run_forever(loop), 0);
    }
}

/* A task that does nothing but wait for the coroutine, stolen. */
static struct rt_object *
task_of(struct rt_object *coroutine)
{
    assert_non_null(coroutine);
    struct rt_object *task = rt_task_new(loop, coroutine);
    assert_non_null(task);
    return task;
}

static void
an_event_says_whether_it_is_set(void **state)
{
    (void)state;
    struct rt_object *event = rt_async_event_new();
    assert_false(rt_async_event_is_set(event));
    struct rt_object *task = task_of(rt_async_event_wait(event));
    turns(2);
    assert_false(rt_future_is_done(task));
    assert_number(rt_async_event_set(event), 0);
    assert_true(rt_async_event_is_set(event));
    rt_async_event_clear(event);
    assert_false(rt_async_event_is_set(event));
    turns(2); // it was woken, and goes on
    assert_true(rt_future_is_done(task));
    rt_decref(task);
    rt_decref(event);
}

static void
a_barrier_counts_who_waits(void **state)
{
    (void)state;
    struct rt_object *barrier = rt_async_barrier_new(PARTIES);
    struct rt_object *tasks[PARTIES];
    for (int i = 0; i < PARTIES; i++) {
        assert_number(rt_async_barrier_waiting(barrier), i);
        tasks[i] = task_of(rt_async_barrier_wait(barrier));
        turns(1);
    }
    turns(3);
    assert_number(rt_async_barrier_waiting(barrier), 0);
    for (int i = 0; i < PARTIES; i++) {
        struct rt_object *place = rt_loop_run_until_complete(loop, tasks[i]);
        // The last one to come goes on first, and was preceded by the others.
        assert_number(rt_int_value(place), i);
        rt_decref(place);
        rt_decref(tasks[i]);
    }
    rt_decref(barrier);
}

static void
an_aborted_barrier_is_broken_until_it_is_reset(void **state)
{
    (void)state;
    struct rt_object *barrier = rt_async_barrier_new(PARTIES);
    assert_false(rt_async_barrier_is_broken(barrier));
    struct rt_object *task = task_of(rt_async_barrier_abort(barrier));
    rt_decref(rt_loop_run_until_complete(loop, task));
    rt_decref(task);
    assert_true(rt_async_barrier_is_broken(barrier));
    task = task_of(rt_async_barrier_reset(barrier));
    rt_decref(rt_loop_run_until_complete(loop, task));
    rt_decref(task);
    assert_false(rt_async_barrier_is_broken(barrier));
    rt_decref(barrier);
}

// --- timeouts --------------------------------------------------------------

struct limited {
    struct rt_coroutine frame;
    struct rt_object *limit;
    double when_s; // as it was put off to
};

/* A limit of one second that is put off by another. */
static enum rt_sent
limited_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct limited *my = (struct limited *)frame;
    RT_BEGIN;
    my->limit = rt_timeout_new(1.0);
    if (my->limit == NULL || rt_timeout_enter(my->limit) != 0 ||
        rt_timeout_reschedule(my->limit, 2.0) != 0) {
        RT_FAIL;
    }
    RT_AWAIT(rt_sleep(1.5));
    if (sent == NULL || rt_timeout_expired(my->limit)) {
        RT_FAIL;
    }
    my->when_s = rt_timeout_when(my->limit);
    RT_AWAIT(rt_sleep(5.0));
    if (rt_timeout_exit(my->limit, sent == NULL) == 0 ||
        !rt_timeout_expired(my->limit)) {
        RT_FAIL;
    }
    rt_error_clear(); // the timeout error
    RT_RETURN(rt_int_new((int64_t)my->when_s));
    RT_END;
}

static const struct rt_code limited_code =
    RT_COROUTINE("limited", struct limited, 1, limited_body);

static void
a_timeout_says_when_and_whether_it_was(void **state)
{
    (void)state;
    struct limited *limited = rt_coroutine_new(&limited_code);
    struct rt_object *task = task_of(&limited->frame.head);
    struct rt_object *when_s = rt_loop_run_until_complete(loop, task);
    assert_non_null(when_s);
    assert_number(rt_int_value(when_s), 2);
    assert_true(rt_loop_time(loop) == 2.0);
    rt_decref(when_s);
    rt_decref(task);
}

// --- all -------------------------------------------------------------------

static int
begin(void **state)
{
    (void)state;
    rt_gc_disable();
    blocks_before = rt_alloc_live_blocks();
    loop = rt_loop_new();
    rt_loop_use_virtual_clock(loop);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    (void)rt_loop_close(loop);
    rt_gc_collect(2);
    rt_loop_free(loop);
    rt_handle_clear_pool();
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(an_event_says_whether_it_is_set, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_barrier_counts_who_waits, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            an_aborted_barrier_is_broken_until_it_is_reset, begin, end),
        cmocka_unit_test_setup_teardown(a_timeout_says_when_and_whether_it_was,
                                        begin, end),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
