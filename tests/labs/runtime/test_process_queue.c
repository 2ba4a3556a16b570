#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/process.h"
#include "labs/runtime/process_queue.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/shutdown.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/brood.h"
#include "tests/support/bunch.h"

enum {
    CHILDREN = 4,
    EACH = 200,
    SHORT_US = 1000,
    LARGE = 300000
};

/* The thread sanitizer knows no threads in the child of a process with
 * threads, and so no feeder there. */
#if defined(__SANITIZE_THREAD__)
#define NEED_THREADS_IN_CHILDREN() skip()
#else
#define NEED_THREADS_IN_CHILDREN() (void)0
#endif

static struct rt_process_queue queue, answers;
static struct rt_process_simple_queue simple;
static size_t blocks_before;
static int files_before;

static int
start(void **state)
{
    (void)state;
    rt_error_clear();
    rt_thread_attach();
    blocks_before = rt_alloc_live_blocks();
    files_before = brood_open_files();
    assert_number(rt_process_queue_init(&queue, 0), 0);
    assert_number(rt_process_queue_init(&answers, 0), 0);
    assert_number(rt_process_simple_queue_init(&simple), 0);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_process_simple_queue_destroy(&simple);
    rt_process_queue_destroy(&queue);
    rt_process_queue_destroy(&answers);
    rt_at_exit_run();
    assert_number(rt_process_active_count(), 0);
    assert_number(waitpid(-1, NULL, WNOHANG), -1);
    assert_number(errno, ECHILD);
    assert_number(brood_open_files(), files_before);
    bunch_await(rt_alloc_live_blocks() == blocks_before);
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

static int
put(struct rt_process_queue *to, int64_t value)
{
    struct rt_object *object = rt_int_new(value);
    int result = rt_process_queue_put(to, object, RT_NO_TIMEOUT);
    rt_decref(object);
    return result;
}

/* The next number, or -1 with a pending error, or for None. */
static int64_t
get(struct rt_process_queue *from)
{
    struct rt_object *object = NULL;
    if (rt_process_queue_get(from, RT_NO_TIMEOUT, &object) != 0 ||
        object == NULL) {
        return -1;
    }
    int64_t value = rt_int_value(object);
    rt_decref(object);
    return value;
}

static struct rt_object *
large_list(void)
{
    struct rt_object *list = rt_list_new();
    for (int i = 0; i < LARGE; i++) {
        struct rt_object *item = rt_int_new(i);
        rt_list_append(list, item);
        rt_decref(item);
    }
    return list;
}

// --- queue -----------------------------------------------------------------

static void
what_was_put_comes_out_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_number(put(&queue, i), 0);
    }
    assert_number(rt_process_queue_put(&queue, NULL, 0), 0);
    assert_number(rt_process_queue_size(&queue), 101);
    for (int i = 0; i < 100; i++) {
        assert_number(get(&queue), i);
    }
    assert_number(get(&queue), -1); // None
    assert_number(rt_process_queue_size(&queue), 0);
    assert_number(rt_process_queue_is_empty(&queue), 1);
}

static void
an_empty_one_says_so_in_time(void **state)
{
    (void)state;
    struct rt_object *object = NULL;
    assert_number(rt_process_queue_get(&queue, 0, &object), -1);
    expect_error(RT_ERROR_EMPTY, "");
    assert_number(rt_process_queue_get(&queue, SHORT_US, &object), -1);
    expect_error(RT_ERROR_EMPTY, "");
}

static int
put_one(void *data)
{
    return put(data, 3);
}

static void
a_full_one_waits_for_room(void **state)
{
    (void)state;
    NEED_THREADS_IN_CHILDREN();
    struct rt_process_queue small;
    struct rt_object *object = NULL;
    struct brood brood;
    assert_number(rt_process_queue_init(&small, 2), 0);
    assert_number(put(&small, 1), 0);
    assert_false(rt_process_queue_is_full(&small));
    assert_number(put(&small, 2), 0);
    assert_true(rt_process_queue_is_full(&small));
    assert_number(rt_process_queue_put(&small, NULL, 0), -1);
    expect_error(RT_ERROR_FULL, "");
    assert_number(rt_process_queue_put(&small, NULL, SHORT_US), -1);
    expect_error(RT_ERROR_FULL, "");
    brood_start(&brood, 1, put_one, &small);
    for (int i = 1; i <= 3; i++) {
        assert_number(get(&small), i);
    }
    brood_finish(&brood, 0);
    assert_number(rt_process_queue_get(&small, 0, &object), -1);
    expect_error(RT_ERROR_EMPTY, "");
    rt_process_queue_destroy(&small);
}

/* A put never waits for the pipe: the feeder does. And a child that has put
 * something is not over before it was taken. */
static int
put_much(void *data)
{
    (void)data;
    struct rt_object *list = large_list();
    int result = 0;
    for (int i = 0; i < 3 && result == 0; i++) {
        result = rt_process_queue_put(&queue, list, 0);
    }
    rt_decref(list);
    return result;
}

static void
a_child_ends_when_the_pipe_has_taken_all(void **state)
{
    (void)state;
    NEED_THREADS_IN_CHILDREN();
    struct brood brood;
    brood_start(&brood, 2, put_much, NULL);
    for (int i = 0; i < 6; i++) {
        struct rt_object *list = NULL;
        assert_number(rt_process_queue_get(&queue, RT_NO_TIMEOUT, &list), 0);
        assert_number(rt_list_size(list), LARGE);
        rt_decref(list);
    }
    brood_finish(&brood, 0);
}

static int
put_and_abandon(void *data)
{
    rt_process_queue_cancel_join_thread(&queue);
    return put_much(data);
}

/* Nobody takes it, and yet the child ends. */
static void
what_is_abandoned_is_not_waited_for(void **state)
{
    (void)state;
    NEED_THREADS_IN_CHILDREN();
    struct brood brood;
    brood_start(&brood, 2, put_and_abandon, NULL);
    brood_finish(&brood, 0);
}

/* Squares until None comes. */
static int
work(void *data)
{
    (void)data;
    int64_t value = get(&queue);
    while (value >= 0) {
        if (put(&answers, value * value) != 0) {
            return -1;
        }
        value = get(&queue);
    }
    return rt_error_occurred() != RT_ERROR_NONE ? -1 : 0;
}

static void
many_processes_share_the_work(void **state)
{
    (void)state;
    NEED_THREADS_IN_CHILDREN();
    struct brood brood;
    int64_t sum = 0;
    int64_t expected = 0;
    brood_start(&brood, CHILDREN, work, NULL);
    for (int i = 0; i < CHILDREN * EACH; i++) {
        expected += (int64_t)i * i;
        assert_number(put(&queue, i), 0);
    }
    for (int i = 0; i < CHILDREN; i++) {
        assert_number(rt_process_queue_put(&queue, NULL, 0), 0);
    }
    for (int i = 0; i < CHILDREN * EACH; i++) {
        sum += get(&answers);
    }
    assert_number(sum, expected);
    brood_finish(&brood, 0);
    assert_number(rt_process_queue_size(&queue), 0);
}

/* Threads of one process at both ends. */
static int
put_each(void *data)
{
    (void)data;
    for (int i = 0; i < EACH; i++) {
        if (put(&queue, 1) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
pass_each_on(void *data)
{
    (void)data;
    for (int i = 0; i < EACH; i++) {
        if (put(&answers, get(&queue) + 1) != 0) {
            return -1;
        }
    }
    return 0;
}

static void
it_is_for_threads_as_well(void **state)
{
    (void)state;
    struct bunch putters;
    struct bunch getters;
    int64_t sum = 0;
    bunch_start(&getters, CHILDREN, pass_each_on, NULL);
    bunch_start(&putters, CHILDREN, put_each, NULL);
    for (int i = 0; i < CHILDREN * EACH; i++) {
        sum += get(&answers);
    }
    bunch_finish(&putters);
    bunch_finish(&getters);
    assert_number(sum, 2 * CHILDREN * EACH);
}

/* The parent's buffer is the parent's: a child does not send it again. */
static int
put_two(void *data)
{
    (void)data;
    return put(&queue, 20) == 0 ? put(&queue, 21) : -1;
}

static void
a_child_begins_with_an_empty_buffer(void **state)
{
    (void)state;
    NEED_THREADS_IN_CHILDREN();
    struct brood brood;
    int64_t sum = 0;
    for (int i = 0; i < 10; i++) {
        assert_number(put(&queue, 1), 0);
    }
    brood_start(&brood, 3, put_two, NULL);
    for (int i = 0; i < 16; i++) {
        sum += get(&queue);
    }
    brood_finish(&brood, 0);
    assert_number(sum, 10 * 1 + 3 * (20 + 21));
    assert_number(rt_process_queue_is_empty(&queue), 1);
}

static void
what_cannot_be_sent_is_dropped(void **state)
{
    (void)state;
    struct rt_object *wrong = rt_exception_new(RT_ERROR_VALUE, "");
    assert_number(rt_process_queue_put(&queue, wrong, 0), 0);
    rt_decref(wrong);
    assert_number(put(&queue, 5), 0);
    assert_number(get(&queue), 5); // the one before was told on stderr
    assert_number(rt_process_queue_size(&queue), 0);
}

static void
a_closed_one_is_of_no_use(void **state)
{
    (void)state;
    assert_number(rt_process_queue_join_thread(&queue), -1);
    expect_error(RT_ERROR_ASSERTION, "Queue is not closed");
    assert_number(put(&queue, 1), 0);
    rt_process_queue_close(&queue);
    assert_number(rt_process_queue_join_thread(&queue), 0);
    assert_number(rt_process_queue_join_thread(&queue), 0);
    assert_number(put(&queue, 1), -1);
    expect_error(RT_ERROR_VALUE, "Queue is closed");
    assert_number(get(&queue), -1);
    expect_error(RT_ERROR_VALUE, "Queue is closed");
}

static int
put_for_ever(void *data)
{
    (void)data;
    while (put(&queue, 1) == 0) {
        (void)rt_safe_point(); // for the feeder
    }
    return -1;
}

/* One that puts is killed, at whatever moment: as long as it did not hold the
 * lock, the others go on; and who waits with a timeout always comes back. */
static void
a_killed_putter_makes_nobody_wait_for_ever(void **state)
{
    (void)state;
    NEED_THREADS_IN_CHILDREN();
    struct brood brood;
    brood_start(&brood, 1, put_for_ever, NULL);
    for (int i = 0; i < 100; i++) {
        assert_number(get(&queue), 1);
    }
    brood_kill(&brood, 0);
    struct rt_object *object = NULL;
    while (rt_connection_poll(&queue.pipe.reader, 0) == 1 &&
           rt_process_semaphore_value(&queue.pipe.write_lock) == 1 &&
           rt_process_queue_get(&queue, SHORT_US, &object) == 0) {
        rt_decref(object);
    }
    if (rt_process_semaphore_value(&queue.pipe.write_lock) == 1) {
        assert_number(put(&queue, 2), 0);
        assert_number(get(&queue), 2);
    }
    rt_error_clear();
}

// --- simple queue ----------------------------------------------------------

static int
echo(void *data)
{
    (void)data;
    struct rt_object *object = NULL;
    while (rt_process_simple_queue_get(&simple, RT_NO_TIMEOUT, &object) == 0 &&
           object != NULL) {
        if (put(&answers, rt_int_value(object)) != 0) {
            return -1;
        }
        rt_decref(object);
    }
    return 0;
}

static void
a_simple_queue_has_no_feeder(void **state)
{
    (void)state;
    NEED_THREADS_IN_CHILDREN();
    struct brood brood;
    int64_t sum = 0;
    assert_number(rt_process_simple_queue_is_empty(&simple), 1);
    brood_start(&brood, CHILDREN, echo, NULL);
    for (int i = 0; i < EACH; i++) {
        struct rt_object *object = rt_int_new(i);
        assert_number(rt_process_simple_queue_put(&simple, object), 0);
        rt_decref(object);
    }
    for (int i = 0; i < CHILDREN; i++) {
        assert_number(rt_process_simple_queue_put(&simple, NULL), 0);
    }
    for (int i = 0; i < EACH; i++) {
        sum += get(&answers);
    }
    brood_finish(&brood, 0);
    assert_number(sum, EACH * (EACH - 1) / 2);
    assert_number(rt_process_simple_queue_is_empty(&simple), 1);
    rt_process_simple_queue_close(&simple);
    assert_number(rt_process_simple_queue_put(&simple, NULL), -1);
    expect_error(RT_ERROR_OS, "handle is closed");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(what_was_put_comes_out_in_order),
        CASE(an_empty_one_says_so_in_time),
        CASE(a_full_one_waits_for_room),
        CASE(a_child_ends_when_the_pipe_has_taken_all),
        CASE(what_is_abandoned_is_not_waited_for),
        CASE(many_processes_share_the_work),
        CASE(it_is_for_threads_as_well),
        CASE(a_child_begins_with_an_empty_buffer),
        CASE(what_cannot_be_sent_is_dropped),
        CASE(a_closed_one_is_of_no_use),
        CASE(a_killed_putter_makes_nobody_wait_for_ever),
        CASE(a_simple_queue_has_no_feeder),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
