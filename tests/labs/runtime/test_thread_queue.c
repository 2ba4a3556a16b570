#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/object.h"
#include "labs/runtime/thread_queue.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_thread_queue queue;
static size_t blocks_before;
static atomic_int done, failed;
static atomic_llong sum;

static int
start_clean(void **state)
{
    (void)state;
    rt_error_clear();
    atomic_store(&done, 0);
    atomic_store(&failed, 0);
    atomic_store(&sum, 0);
    blocks_before = rt_alloc_live_blocks();
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_thread_queue_destroy(&queue);
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static bool
goes_before(struct rt_object *a, struct rt_object *b)
{
    return rt_int_value(a) < rt_int_value(b);
}

static int
put(int64_t value, int64_t timeout_us)
{
    struct rt_object *item = rt_int_new(1000 + value);
    int result = rt_thread_queue_put(&queue, item, timeout_us);
    rt_decref(item);
    return result;
}

/* What comes out, or -1 with a pending error. */
static int64_t
get(int64_t timeout_us)
{
    struct rt_object *item = NULL;
    if (rt_thread_queue_get(&queue, timeout_us, &item) != 0) {
        return -1;
    }
    int64_t value = rt_int_value(item) - 1000;
    rt_decref(item);
    return value;
}

static void
assert_error(int64_t result, enum rt_error error)
{
    assert_number(result, -1);
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    rt_error_clear();
}

// --- one thread ------------------------------------------------------------

static void
assert_order(enum rt_thread_queue_kind kind, const int *order)
{
    rt_thread_queue_init(&queue, kind, 0,
                         kind == RT_QUEUE_PRIORITY ? goes_before : NULL);
    static const int PUT[] = {5, 3, 9, 1, 7, 2, 8, 4, 6, 0};
    for (int i = 0; i < 10; i++) {
        assert_number(put(PUT[i], RT_NO_TIMEOUT), 0);
    }
    assert_number(rt_thread_queue_size(&queue), 10);
    for (int i = 0; i < 10; i++) {
        assert_number(get(RT_NO_TIMEOUT), order[i]);
    }
}

static void
a_fifo_gives_them_in_the_order_put(void **state)
{
    (void)state;
    assert_order(RT_QUEUE_FIFO, (const int[]){5, 3, 9, 1, 7, 2, 8, 4, 6, 0});
}

static void
a_lifo_gives_the_last_one_first(void **state)
{
    (void)state;
    assert_order(RT_QUEUE_LIFO, (const int[]){0, 6, 4, 8, 2, 7, 1, 9, 3, 5});
}

static void
a_priority_queue_gives_the_least_first(void **state)
{
    (void)state;
    assert_order(RT_QUEUE_PRIORITY,
                 (const int[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

static void
a_ring_that_grows_keeps_the_order(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 0, NULL);
    int in = 0;
    int out = 0;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 7; i++) {
            put(in++, 0);
        }
        for (int i = 0; i < 4; i++) {
            assert_number(get(0), out++);
        }
    }
    while (out < in) {
        assert_number(get(0), out++);
    }
}

static void
a_full_queue_and_an_empty_one_say_so(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 2, NULL);
    assert_error(get(0), RT_ERROR_EMPTY);
    assert_error(get(1000), RT_ERROR_EMPTY);
    put(1, 0);
    put(2, 0);
    assert_error(put(3, 0), RT_ERROR_FULL);
    assert_error(put(3, 1000), RT_ERROR_FULL);
    assert_error(put(3, -2), RT_ERROR_VALUE);
    assert_number(get(0), 1);
    assert_number(put(3, 0), 0);
    assert_number(get(0), 2);
    assert_number(get(0), 3);
    assert_error(get(-2), RT_ERROR_VALUE);
}

static void
none_is_an_item(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 0, NULL);
    assert_number(rt_thread_queue_put(&queue, NULL, 0), 0);
    struct rt_object *item = (struct rt_object *)&queue;
    assert_number(rt_thread_queue_get(&queue, 0, &item), 0);
    assert_null(item);
}

static void
what_is_left_is_released_with_the_queue(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_LIFO, 0, NULL);
    for (int i = 0; i < 20; i++) {
        put(i, 0);
    }
}

static void
without_memory_nothing_is_put(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 0, NULL);
    rt_alloc_fail_nth(2); // the first is the item
    assert_error(put(1, 0), RT_ERROR_MEMORY);
    assert_number(rt_thread_queue_size(&queue), 0);
    assert_number(rt_thread_queue_join(&queue), 0);
    assert_number(put(1, 0), 0);
}

// --- several threads -------------------------------------------------------

enum {
    ITEMS = 400
};

static int
put_all(void *data)
{
    (void)data;
    for (int i = 1; i <= ITEMS; i++) {
        if (put(i, RT_NO_TIMEOUT) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
get_all(void *data)
{
    (void)data;
    for (int i = 1; i <= ITEMS; i++) {
        atomic_fetch_add(&sum, get(RT_NO_TIMEOUT));
    }
    return 0;
}

static void
nothing_is_lost_between_threads(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 3, NULL);
    struct bunch putters;
    struct bunch getters;
    bunch_start(&putters, 4, put_all, NULL);
    bunch_start(&getters, 4, get_all, NULL);
    bunch_finish(&putters);
    bunch_finish(&getters);
    assert_number(atomic_load(&sum), 4 * (ITEMS * (ITEMS + 1) / 2));
    assert_number(rt_thread_queue_size(&queue), 0);
}

/* Until it gets a -1 for an end. */
static int
work(void *data)
{
    (void)data;
    int64_t value = 0;
    do {
        value = get(RT_NO_TIMEOUT);
        if (value > 0) {
            atomic_fetch_add(&sum, value);
        }
        rt_thread_queue_task_done(&queue);
    } while (value >= 0);
    return 0;
}

/* row: TH17 test_queue.BaseQueueTestMixin.test_queue_join */
static void
join_waits_until_every_item_is_done(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 0, NULL);
    struct bunch bunch;
    bunch_start(&bunch, 2, work, NULL);
    for (int i = 0; i < 100; i++) {
        put(i, RT_NO_TIMEOUT);
    }
    assert_number(rt_thread_queue_join(&queue), 0);
    assert_number(atomic_load(&sum), 99 * 100 / 2);
    put(-1, 0);
    put(-1, 0);
    assert_number(rt_thread_queue_join(&queue), 0);
    bunch_finish(&bunch);
    assert_error(rt_thread_queue_task_done(&queue), RT_ERROR_VALUE);
}

static int
join_it(void *data)
{
    (void)data;
    int result = rt_thread_queue_join(&queue);
    atomic_fetch_add(&done, 1);
    return result;
}

static int
joiners(void)
{
    rt_thread_lock_acquire(&queue.mutex, RT_NO_TIMEOUT);
    int count = rt_thread_condition_waiting(&queue.all_done);
    rt_thread_lock_release(&queue.mutex);
    return count;
}

static void
an_item_that_was_taken_is_not_done_yet(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 0, NULL);
    put(1, 0);
    put(2, 0);
    struct bunch bunch;
    bunch_start(&bunch, 2, join_it, NULL);
    bunch_await(joiners() == 2);
    get(0);
    get(0);
    assert_number(rt_thread_queue_task_done(&queue), 0);
    assert_number(joiners(), 2);
    assert_number(atomic_load(&done), 0);
    assert_number(rt_thread_queue_task_done(&queue), 0);
    bunch_finish(&bunch);
    assert_error(rt_thread_queue_task_done(&queue), RT_ERROR_VALUE);
}

// --- shutting down (CPython 3.13) ------------------------------------------

static void
a_queue_shut_down_gives_what_it_has_and_takes_nothing(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 0, NULL);
    put(1, 0);
    put(2, 0);
    rt_thread_queue_shut_down(&queue, false);
    assert_error(put(3, 0), RT_ERROR_SHUT_DOWN);
    assert_error(put(3, RT_NO_TIMEOUT), RT_ERROR_SHUT_DOWN);
    assert_number(get(RT_NO_TIMEOUT), 1);
    assert_number(get(0), 2);
    assert_error(get(0), RT_ERROR_SHUT_DOWN);
    assert_error(get(RT_NO_TIMEOUT), RT_ERROR_SHUT_DOWN);
}

static void
shut_down_at_once_it_has_nothing_left(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 0, NULL);
    put(1, 0);
    put(2, 0);
    struct bunch bunch;
    bunch_start(&bunch, 1, join_it, NULL);
    bunch_await(joiners() == 1);
    rt_thread_queue_shut_down(&queue, true);
    bunch_finish(&bunch);
    assert_number(rt_thread_queue_size(&queue), 0);
    assert_error(get(0), RT_ERROR_SHUT_DOWN);
    assert_error(rt_thread_queue_task_done(&queue), RT_ERROR_VALUE);
}

static int
get_until_shut_down(void *data)
{
    (void)data;
    if (get(RT_NO_TIMEOUT) == -1 &&
        rt_error_occurred() == RT_ERROR_SHUT_DOWN) {
        atomic_fetch_add(&failed, 1);
    }
    rt_error_clear();
    return 0;
}

static int
put_until_shut_down(void *data)
{
    (void)data;
    if (put(7, RT_NO_TIMEOUT) == -1 &&
        rt_error_occurred() == RT_ERROR_SHUT_DOWN) {
        atomic_fetch_add(&failed, 1);
    }
    rt_error_clear();
    return 0;
}

static int
putters_waiting(void)
{
    rt_thread_lock_acquire(&queue.mutex, RT_NO_TIMEOUT);
    int count = rt_thread_condition_waiting(&queue.not_full);
    rt_thread_lock_release(&queue.mutex);
    return count;
}

static void
shutting_down_wakes_all_who_wait(void **state)
{
    (void)state;
    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 1, NULL);
    struct bunch bunch;
    bunch_start(&bunch, 4, get_until_shut_down, NULL);
    bunch_await(rt_thread_queue_getters(&queue) == 4);
    rt_thread_queue_shut_down(&queue, false);
    bunch_finish(&bunch);
    assert_number(atomic_load(&failed), 4);
    rt_thread_queue_destroy(&queue);

    rt_thread_queue_init(&queue, RT_QUEUE_FIFO, 1, NULL);
    put(1, 0);
    bunch_start(&bunch, 4, put_until_shut_down, NULL);
    bunch_await(putters_waiting() == 4);
    rt_thread_queue_shut_down(&queue, false);
    bunch_finish(&bunch);
    assert_number(atomic_load(&failed), 8);
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_fifo_gives_them_in_the_order_put),
        CASE(a_lifo_gives_the_last_one_first),
        CASE(a_priority_queue_gives_the_least_first),
        CASE(a_ring_that_grows_keeps_the_order),
        CASE(a_full_queue_and_an_empty_one_say_so),
        CASE(none_is_an_item),
        CASE(what_is_left_is_released_with_the_queue),
        CASE(without_memory_nothing_is_put),
        CASE(nothing_is_lost_between_threads),
        CASE(join_waits_until_every_item_is_done),
        CASE(an_item_that_was_taken_is_not_done_yet),
        CASE(a_queue_shut_down_gives_what_it_has_and_takes_nothing),
        CASE(shut_down_at_once_it_has_nothing_left),
        CASE(shutting_down_wakes_all_who_wait),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
