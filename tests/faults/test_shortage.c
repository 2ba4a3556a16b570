/* What makes descriptors and processes, each time without the n-th of them;
 * and a loop on a machine that slept. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "labs/runtime/address.h"
#include "labs/runtime/alloc.h"
#include "labs/runtime/child_watch.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/connection.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/http.h"
#include "labs/runtime/http_server.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/manager.h"
#include "labs/runtime/object.h"
#include "labs/runtime/pool_future.h"
#include "labs/runtime/process.h"
#include "labs/runtime/process_pool.h"
#include "labs/runtime/process_queue.h"
#include "labs/runtime/resource_tracker.h"
#include "labs/runtime/shared_memory.h"
#include "labs/runtime/stream_server.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/faults/faults.h"
#include "tests/support/brood.h"
#include "tests/support/bunch.h"

enum {
    NEVER = -1
};

// --- what is tried: 0, or -1 with a pending error --------------------------

static int
use_pipe(void)
{
    struct rt_connection ends[2];
    if (rt_pipe(true, ends) != 0) {
        return -1;
    }
    rt_connection_close(&ends[0]);
    rt_connection_close(&ends[1]);
    return 0;
}

static int
do_nothing(void *unused)
{
    (void)unused;
    return 0;
}

static int
use_process(void)
{
    struct rt_process *process = rt_process_new(NULL, do_nothing, NULL);
    int result = rt_process_start(process);
    if (result == 0) {
        result = rt_process_join(process, RT_NO_TIMEOUT);
    }
    rt_process_free(process);
    return result;
}

static int
use_shared_memory(void)
{
    struct rt_object *memory = rt_shared_memory_create(NULL, 100);
    int result = memory == NULL ? -1 : rt_shared_memory_unlink(memory);
    rt_xdecref(memory);
    rt_resource_tracker_stop();
    return result;
}

static int
use_queue(void)
{
    struct rt_process_queue queue;
    struct rt_object *got = NULL;
    if (rt_process_queue_init(&queue, 0) != 0) {
        return -1;
    }
    int result = rt_process_queue_put(&queue, NULL, RT_NO_TIMEOUT);
    if (result == 0) {
        result = rt_process_queue_get(&queue, RT_NO_TIMEOUT, &got);
    }
    rt_process_queue_destroy(&queue);
    return result;
}

static int
give_back(struct rt_object *argument, struct rt_object **result)
{
    *result = rt_new_ref(argument);
    return 0;
}

static int
use_pool(void)
{
    struct rt_process_pool *pool = rt_process_pool_new(2, NULL);
    if (pool == NULL) {
        return -1;
    }
    struct rt_object *argument = rt_int_new(1000);
    struct rt_object *result = NULL;
    struct rt_object *future =
        rt_process_pool_submit(pool, give_back, argument);
    if (future != NULL) {
        rt_pool_future_result(future, RT_NO_TIMEOUT, &result);
    }
    int status = result != NULL && rt_int_value(result) == 1000 ? 0 : -1;
    rt_xdecref(result);
    rt_xdecref(future);
    rt_decref(argument);
    rt_process_pool_free(pool);
    rt_thread_shutdown();
    return status;
}

static int
use_manager(void)
{
    struct rt_manager *manager = rt_manager_start();
    if (manager == NULL) {
        return -1;
    }
    struct rt_object *value = NULL;
    int64_t number = rt_manager_keep(manager, NULL);
    int result =
        number < 0 ? -1
                   : rt_manager_call(manager, number, "get", NULL, 0, &value);
    rt_manager_free(manager);
    return result;
}

static int
use_loop(void)
{
    struct rt_loop *loop = rt_loop_new();
    if (loop == NULL) {
        return -1;
    }
    rt_loop_free(loop);
    return 0;
}

static int
use_server(void)
{
    static const struct rt_http_answer ANSWERS[] = {
        {.path = "/", .status = 200, .body = "here"}};
    struct rt_http_site site = {.answers = ANSWERS, .count = 1};
    struct rt_loop *loop = rt_loop_new();
    if (loop == NULL) {
        return -1;
    }
    struct rt_object *addresses = rt_address_of_number("127.0.0.1", 0);
    struct rt_object *server =
        rt_server_new(loop, addresses, 5, rt_http_serve, &site);
    struct rt_object *answer = NULL;
    if (server != NULL) {
        answer = rt_loop_run_until_complete(
            loop, rt_http_fetch("127.0.0.1", rt_server_port(server), "/"));
        rt_server_close(server);
        rt_xdecref(
            rt_loop_run_until_complete(loop, rt_server_wait_closed(server)));
    }
    int result = answer != NULL && rt_http_status(answer) == 200 ? 0 : -1;
    rt_xdecref(answer);
    rt_xdecref(server);
    rt_decref(addresses);
    rt_loop_free(loop);
    return result;
}

static int
use_child_watch(void)
{
    struct rt_loop *loop = rt_loop_new();
    if (loop == NULL) {
        return -1;
    }
    pid_t child = fork(); // that of the test: it does not fail
    if (child == 0) {
        _exit(3);
    }
    struct rt_object *future = rt_loop_watch_child(loop, child);
    struct rt_object *code =
        future != NULL ? rt_loop_run_until_complete(loop, future) : NULL;
    if (future == NULL) {
        waitpid(child, NULL, 0);
    }
    int result = code != NULL && rt_int_value(code) == 3 ? 0 : -1;
    rt_xdecref(code);
    rt_xdecref(future);
    rt_loop_free(loop);
    return result;
}

static const struct attempt {
    const char *name;
    int (*use)(void);
} ATTEMPTS[] = {
    {"pipe", use_pipe},
    {"process", use_process},
    {"shared memory", use_shared_memory},
    {"process queue", use_queue},
    {"process pool", use_pool},
    {"manager", use_manager},
    {"loop", use_loop},
    {"server", use_server},
    {"watch of a child", use_child_watch},
};

// --- cases -----------------------------------------------------------------

static int
begin(void **state)
{
    (void)state;
    faults_stop();
    rt_thread_attach();
    rt_error_clear();
    return 0;
}

static void
expect_nothing_left(size_t blocks, int files)
{
    assert_number(rt_process_active_count(), 0);
    assert_number(waitpid(-1, NULL, WNOHANG), -1);
    assert_number(brood_open_files(), files);
    rt_gc_collect(RT_GC_GENERATIONS - 1);
    rt_handle_clear_pool();
    bunch_await(rt_alloc_live_blocks() == blocks);
}

/* Returns whether the n-th was needed. */
static bool
works_without(const struct attempt *attempt, int n)
{
    size_t blocks = rt_alloc_live_blocks();
    int files = brood_open_files();
    faults_shortage(n, EMFILE);
    int result = attempt->use();
    bool came = faults_shortage_came();
    faults_shortage(NEVER, 0);
    if (result != 0 && rt_error_occurred() == RT_ERROR_NONE) {
        print_error("%s, without number %d: no error\n", attempt->name, n);
        fail();
    }
    if (!came && result != 0) {
        print_error("%s: %s\n", attempt->name, rt_error_text());
        fail();
    }
    rt_error_clear();
    expect_nothing_left(blocks, files);
    return came;
}

static void
a_shortage_is_an_error_and_leaves_nothing_behind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ATTEMPTS) / sizeof(*ATTEMPTS); i++) {
        int needed = 0;
        while (works_without(&ATTEMPTS[i], needed)) {
            needed++;
        }
        assert_in_range(needed, 1, 100);
    }
}

// --- a machine that slept --------------------------------------------------

static struct rt_loop *loop;
static char order[8];

static int
note(struct rt_object *letter)
{
    size_t length = strlen(order);
    order[length] = (char)rt_int_value(letter);
    order[length + 1] = '\0';
    if (order[length] == 'z') {
        rt_loop_stop(loop);
    }
    return 0;
}
static struct rt_static_function noting = RT_STATIC_FUNCTION(note);

static int
sleep_long(struct rt_object *unused)
{
    (void)unused;
    faults_jump(7200);
    return 0;
}
static struct rt_static_function sleeping = RT_STATIC_FUNCTION(sleep_long);

static void
later(double delay_s, char letter)
{
    struct rt_object *argument = rt_int_new(letter);
    struct rt_object *timer =
        rt_loop_call_later(loop, delay_s, &noting.head, argument);
    assert_non_null(timer);
    rt_decref(timer);
    rt_decref(argument);
}

static void
what_was_due_meanwhile_comes_once_and_in_order(void **state)
{
    (void)state;
    loop = rt_loop_new();
    order[0] = '\0';
    later(3600, 'c');
    later(1800, 'b');
    later(7200.001, 'z');
    later(0, 'a');
    assert_number(rt_loop_call_soon(loop, &sleeping.head, NULL), 0);
    assert_number(rt_loop_run_forever(loop), 0);
    assert_text(order, "abcz");
    later(0.001, 'z'); // and the clock is good for more
    assert_number(rt_loop_run_forever(loop), 0);
    assert_text(order, "abczz");
    rt_loop_free(loop);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            a_shortage_is_an_error_and_leaves_nothing_behind, begin),
        cmocka_unit_test_setup(what_was_due_meanwhile_comes_once_and_in_order,
                               begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
