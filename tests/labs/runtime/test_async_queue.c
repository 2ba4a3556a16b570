#include "labs/runtime/alloc.h"
#include "labs/runtime/async_queue.h"
#include "labs/runtime/error.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/none.h"
#include "labs/runtime/task.h"
#include "labs/testing.h"

static struct rt_loop *loop;
static struct rt_object *queue;

static struct rt_object *
start(struct rt_object *coroutine)
{
    struct rt_object *task = rt_task_new(loop, coroutine);
    assert_non_null(task);
    rt_loop_stop(loop);
    assert_number(rt_loop_run_forever(loop), 0);
    return task;
}

static void
expect_shut_down(void)
{
    assert_text(rt_error_name(rt_error_occurred()), "QueueShutDown");
    rt_error_clear();
}

static void
expect_failed(struct rt_object *task)
{
    assert_null(rt_loop_run_until_complete(loop, task));
    expect_shut_down();
    rt_decref(task);
}

static void
those_who_wait_for_an_item_hear_of_it(void **state)
{
    (void)state;
    struct rt_object *first = start(rt_async_queue_get(queue));
    struct rt_object *second = start(rt_async_queue_get(queue));
    assert_number(rt_async_queue_shut_down(queue, false), 0);
    expect_failed(first);
    expect_failed(second);
    assert_null(rt_async_queue_get_nowait(queue));
    expect_shut_down();
    assert_number(rt_async_queue_put_nowait(queue, rt_none), -1);
    expect_shut_down();
}

static void
those_who_wait_for_a_place_hear_of_it(void **state)
{
    (void)state;
    assert_number(rt_async_queue_put_nowait(queue, rt_none), 0);
    struct rt_object *putter = start(rt_async_queue_put(queue, rt_none));
    assert_number(rt_async_queue_shut_down(queue, false), 0);
    expect_failed(putter);
    assert_ptr_equal(rt_async_queue_get_nowait(queue), rt_none);
    assert_null(rt_async_queue_get_nowait(queue));
    expect_shut_down();
}

static void
an_immediate_end_throws_away_what_is_left(void **state)
{
    (void)state;
    assert_number(rt_async_queue_put_nowait(queue, rt_none), 0);
    struct rt_object *join = start(rt_async_queue_join(queue));
    assert_number(rt_async_queue_shut_down(queue, true), 0);
    assert_number(rt_async_queue_size(queue), 0);
    assert_ptr_equal(rt_loop_run_until_complete(loop, join), rt_none);
    rt_decref(join);
}

static int
begin(void **state)
{
    (void)state;
    rt_gc_disable();
    loop = rt_loop_new();
    assert_non_null(loop);
    queue = rt_async_queue_new(RT_QUEUE_FIFO, 1);
    assert_non_null(queue);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_clear(&queue);
    rt_loop_free(loop);
    rt_gc_collect(2);
    rt_handle_clear_pool();
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_alloc_live_blocks(), 0);
    return 0;
}

#define QUEUE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        QUEUE_TEST(those_who_wait_for_an_item_hear_of_it),
        QUEUE_TEST(those_who_wait_for_a_place_hear_of_it),
        QUEUE_TEST(an_immediate_end_throws_away_what_is_left),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
