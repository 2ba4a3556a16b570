#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/boolean.h"
#include "labs/runtime/connection.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/manager.h"
#include "labs/runtime/process.h"
#include "labs/runtime/process_semaphore.h"
#include "labs/runtime/string.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/brood.h"
#include "tests/support/bunch.h"

enum {
    CHILDREN = 4,
    TURNS = 50
};

static struct rt_manager *manager;
static int64_t number; // of what it keeps
static struct rt_process_semaphore lock;
static size_t blocks_before;
static int files_before;

/* The server has threads, so its fork comes before there are any here. */
static int
start(void **state)
{
    (void)state;
    rt_error_clear();
    rt_thread_attach();
    blocks_before = rt_alloc_live_blocks();
    files_before = brood_open_files();
    manager = rt_manager_start();
    assert_non_null(manager);
    assert_number(rt_process_lock_init(&lock), 0);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_manager_free(manager);
    rt_process_semaphore_destroy(&lock);
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

/* Steals the object. */
static void
keep(struct rt_object *object)
{
    number = rt_manager_keep(manager, object);
    rt_xdecref(object);
    assert_true(number >= 0);
}

/* Calls with up to two ints, -1: none; the result, an int, -1 for None or with
 * a pending error. */
static int64_t
call(const char *method, int64_t first, int64_t second)
{
    struct rt_object *arguments[2] = {NULL};
    struct rt_object *result = NULL;
    size_t count = 0;
    if (first >= 0) {
        arguments[count++] = rt_int_new(first);
    }
    if (second >= 0) {
        arguments[count++] = rt_int_new(second);
    }
    int failed =
        rt_manager_call(manager, number, method, arguments, count, &result);
    while (count > 0) {
        rt_decref(arguments[--count]);
    }
    if (failed != 0 || result == NULL) {
        return -1;
    }
    int64_t value =
        rt_bool_check(result) ? rt_bool_value(result) : rt_int_value(result);
    rt_decref(result);
    return value;
}

static void
a_dict_is_used_from_afar(void **state)
{
    (void)state;
    keep(rt_dict_new());
    assert_number(call("__len__", -1, -1), 0);
    assert_number(call("__setitem__", 3, 30), -1);
    assert_number(call("__setitem__", 4, 40), -1);
    assert_number(call("__getitem__", 3, -1), 30);
    assert_number(call("get", 5, -1), -1);
    assert_number(call("__contains__", 5, -1), 0);
    assert_number(call("__contains__", 4, -1), 1);
    assert_number(call("pop", 4, -1), 40);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(call("__delitem__", 4, -1), -1);
    expect_error(RT_ERROR_KEY, "");
    assert_number(call("__getitem__", 4, -1), -1);
    expect_error(RT_ERROR_KEY, "");
    struct rt_object *copy = NULL;
    assert_number(rt_manager_call(manager, number, "copy", NULL, 0, &copy), 0);
    assert_number(rt_dict_size(copy), 1);
    rt_decref(copy);
    assert_number(call("__delitem__", 3, -1), -1);
    assert_number(call("clear", -1, -1), -1);
    assert_number(call("__len__", -1, -1), 0);
}

static void
a_list_is_used_from_afar(void **state)
{
    (void)state;
    keep(rt_list_new());
    for (int i = 0; i < 5; i++) {
        assert_number(call("append", 10 * i, -1), -1);
    }
    assert_number(call("__len__", -1, -1), 5);
    assert_number(call("__getitem__", 4, -1), 40);
    assert_number(call("__setitem__", 1, 77), -1);
    assert_number(call("pop", -1, -1), 40);
    struct rt_object *copy = NULL;
    assert_number(rt_manager_call(manager, number, "copy", NULL, 0, &copy), 0);
    assert_number(rt_int_value(rt_list_at(copy, 1)), 77);
    struct rt_object *none = NULL;
    assert_number(rt_manager_call(manager, number, "extend", &copy, 1, &none),
                  0);
    rt_decref(copy);
    assert_number(call("__len__", -1, -1), 8);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(call("__getitem__", 8, -1), -1);
    expect_error(RT_ERROR_INDEX, "list index out of range");
    assert_number(call("clear", -1, -1), -1);
    assert_number(call("pop", -1, -1), -1);
    assert_number(rt_error_occurred(), RT_ERROR_INDEX);
    rt_error_clear();
}

static void
a_value_is_used_from_afar(void **state)
{
    (void)state;
    keep(rt_int_new(1000));
    int64_t first = number;
    keep(NULL);
    assert_number(call("get", -1, -1), -1);
    number = first;
    assert_number(call("get", -1, -1), 1000);
    assert_number(call("set", 2000, -1), -1);
    assert_number(call("get", -1, -1), 2000);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
}

static void
what_it_cannot_do_is_an_error(void **state)
{
    (void)state;
    keep(rt_list_new());
    call("fly", -1, -1);
    expect_error(RT_ERROR_ATTRIBUTE, "no method 'fly'");
    call("append", 1, 2);
    expect_error(RT_ERROR_TYPE, "append() takes 1 arguments (2 given)");
    number = 99;
    call("append", 1, -1);
    expect_error(RT_ERROR_KEY, "99");
    struct rt_object *wrong = rt_exception_new(RT_ERROR_VALUE, "");
    assert_number(rt_manager_keep(manager, wrong), -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    rt_error_clear();
    rt_decref(wrong);
    number = 0;
    assert_number(call("__len__", -1, -1), 0); // it goes on
}

/* Reads and writes back under a lock. */
static int
add(void *data)
{
    (void)data;
    for (int i = 0; i < TURNS; i++) {
        rt_process_semaphore_acquire(&lock, RT_NO_TIMEOUT);
        int64_t value = call("get", -1, -1);
        call("set", value + 1, -1);
        rt_process_semaphore_release(&lock);
    }
    return rt_error_occurred() == RT_ERROR_NONE ? 0 : -1;
}

static void
many_processes_use_the_same(void **state)
{
    (void)state;
    struct brood brood;
    keep(rt_int_new(0));
    brood_start(&brood, CHILDREN, add, NULL);
    add(NULL);
    brood_finish(&brood, 0);
    assert_number(call("get", -1, -1), (CHILDREN + 1) * TURNS);
}

static void
many_threads_use_the_same(void **state)
{
    (void)state;
    struct bunch bunch;
    keep(rt_int_new(0));
    bunch_start(&bunch, CHILDREN, add, NULL);
    bunch_finish(&bunch);
    assert_number(call("get", -1, -1), CHILDREN * TURNS);
}

static int
append_for_ever(void *data)
{
    (void)data;
    while (call("append", 1, -1) == -1 &&
           rt_error_occurred() == RT_ERROR_NONE) {
    }
    return -1;
}

static void
a_client_may_be_killed_at_any_moment(void **state)
{
    (void)state;
    keep(rt_list_new());
    for (int round = 1; round <= 20; round++) {
        struct brood brood;
        int64_t before = call("__len__", -1, -1);
        brood_start(&brood, 2, append_for_ever, NULL);
        bunch_await(call("__len__", -1, -1) >= before + round);
        brood_kill(&brood, 1);
        brood_kill(&brood, 0);
    }
    assert_true(call("__len__", -1, -1) > 0);
}

static int
tell_server(void *data)
{
    const struct rt_connection *to = data;
    struct rt_manager *mine = rt_manager_start();
    if (mine == NULL || rt_manager_keep(mine, NULL) != 0) {
        return -1;
    }
    rt_connection_send(to, NULL);
    kill(getpid(), SIGKILL);
    return 0;
}

/* The server has inherited an end of the pipe, so its end is seen there. */
static void
the_server_of_a_killed_parent_ends(void **state)
{
    (void)state;
    struct brood brood;
    struct rt_connection ends[2];
    struct rt_object *object = NULL;
    assert_number(rt_pipe(false, ends), 0);
    brood_start(&brood, 1, tell_server, &ends[1]);
    rt_connection_close(&ends[1]);
    assert_number(rt_connection_receive(&ends[0], SIZE_MAX, NULL, 0, &object),
                  0);
    brood_finish(&brood, -SIGKILL);
    assert_number(rt_connection_receive(&ends[0], SIZE_MAX, NULL, 0, &object),
                  -1);
    expect_error(RT_ERROR_EOF, "");
    rt_connection_close(&ends[0]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_dict_is_used_from_afar),
        CASE(a_list_is_used_from_afar),
        CASE(a_value_is_used_from_afar),
        CASE(what_it_cannot_do_is_an_error),
        CASE(many_processes_use_the_same),
        CASE(many_threads_use_the_same),
        CASE(a_client_may_be_killed_at_any_moment),
        CASE(the_server_of_a_killed_parent_ends),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
