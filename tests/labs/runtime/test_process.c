#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/connection.h"
#include "labs/runtime/error.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/process.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/shutdown.h"
#include "labs/runtime/thread.h"
#include "labs/testing.h"

enum {
    MOST = 1 << 24, // bytes of a message
    LARGE = 1000000,
    NO_CODE = 1000
};

static struct rt_connection ends[2];

static void
expect_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

static int
open_files(void)
{
    int count = 0;
    DIR *all = opendir("/proc/self/fd");
    assert_non_null(all);
    while (readdir(all) != NULL) {
        count++;
    }
    closedir(all);
    return count;
}

/* Starts it, waits, and returns its exit code. */
static int
run(int (*body)(void *argument), void *argument)
{
    int code = NO_CODE;
    struct rt_process *process = rt_process_new(NULL, body, argument);
    assert_number(rt_process_start(process), 0);
    assert_number(rt_process_join(process, RT_NO_TIMEOUT), 0);
    assert_false(rt_process_is_alive(process));
    assert_true(rt_process_exit_code(process, &code));
    rt_process_free(process);
    return code;
}

// --- bodies ----------------------------------------------------------------

static int
do_nothing(void *argument)
{
    (void)argument;
    return 0;
}

static int
end_badly(void *argument)
{
    return rt_error_set(*(enum rt_error *)argument, "%s",
                        *(enum rt_error *)argument == RT_ERROR_SYSTEM_EXIT
                            ? "7"
                            : "no such luck");
}

/* Until the other end is closed, or for ever. */
static int
wait_for_the_end(void *argument)
{
    struct rt_connection *mine = argument;
    struct rt_object *object = NULL;
    if (mine == &ends[1]) {
        rt_connection_close(&ends[0]);
    }
    while (rt_connection_receive(mine, MOST, NULL, 0, &object) == 0) {
        rt_xdecref(object);
    }
    rt_error_clear();
    return 0;
}

// --- life and death --------------------------------------------------------

static void
the_exit_code_says_how_it_ended(void **state)
{
    (void)state;
    enum rt_error error = RT_ERROR_VALUE;
    enum rt_error leave = RT_ERROR_SYSTEM_EXIT;
    assert_number(run(do_nothing, NULL), 0);
    assert_number(run(end_badly, &error), 1); // and says why on stderr
    assert_number(run(end_badly, &leave), 7);
}

static void
a_killed_one_ends_with_the_number_of_the_signal(void **state)
{
    (void)state;
    int (*const ways[])(struct rt_process *) = {rt_process_terminate,
                                                rt_process_kill};
    const int codes[] = {-SIGTERM, -SIGKILL};
    for (int i = 0; i < 2; i++) {
        int code = NO_CODE;
        assert_number(rt_pipe(true, ends), 0);
        struct rt_process *process =
            rt_process_new("victim", wait_for_the_end, &ends[1]);
        assert_text(rt_process_name(process), "victim");
        assert_number(rt_process_pid(process), 0);
        assert_number(rt_process_start(process), 0);
        assert_true(rt_process_pid(process) > 0);
        assert_false(rt_process_exit_code(process, &code));
        assert_number(rt_process_join(process, 1000), 0);
        assert_true(rt_process_is_alive(process));
        struct pollfd sentinel = {.fd = rt_process_sentinel(process),
                                  .events = POLLIN};
        assert_number(poll(&sentinel, 1, 0), 0);
        assert_number(rt_process_active_count(), 1);
        assert_number(ways[i](process), 0);
        assert_number(rt_process_join(process, RT_NO_TIMEOUT), 0);
        assert_number(poll(&sentinel, 1, 0), 1);
        assert_true(rt_process_exit_code(process, &code));
        assert_number(code, codes[i]);
        assert_number(ways[i](process), 0); // too late, and no harm
        assert_number(rt_process_active_count(), 0);
        rt_process_free(process);
        rt_connection_close(&ends[0]);
        rt_connection_close(&ends[1]);
    }
}

static void
wrong_use_is_refused(void **state)
{
    (void)state;
    struct rt_process *process = rt_process_new(NULL, do_nothing, NULL);
    assert_false(rt_process_is_alive(process));
    assert_number(rt_process_join(process, 0), -1);
    expect_error(RT_ERROR_RUNTIME, "can only join a started process");
    assert_number(rt_process_start(process), 0);
    assert_number(rt_process_start(process), -1);
    expect_error(RT_ERROR_RUNTIME, "cannot start a process twice");
    assert_number(rt_process_set_daemon(process, true), -1);
    expect_error(RT_ERROR_RUNTIME, "process has already started");
    assert_number(rt_process_join(process, RT_NO_TIMEOUT), 0);
    rt_process_free(process);
}

/* 0 if it may not have children, as it should be. */
static int
have_a_child(void *argument)
{
    (void)argument;
    struct rt_process *child = rt_process_new(NULL, do_nothing, NULL);
    int refused = rt_process_start(child) != 0;
    rt_error_clear();
    rt_process_free(child);
    return rt_process_current() == NULL || !refused
               ? rt_error_set(RT_ERROR_RUNTIME, "started")
               : 0;
}

static void
a_daemon_has_no_children(void **state)
{
    (void)state;
    int code = NO_CODE;
    struct rt_process *process = rt_process_new(NULL, have_a_child, NULL);
    assert_number(rt_process_set_daemon(process, true), 0);
    assert_true(rt_process_is_daemon(process));
    assert_number(rt_process_start(process), 0);
    assert_number(rt_process_join(process, RT_NO_TIMEOUT), 0);
    assert_true(rt_process_exit_code(process, &code));
    assert_number(code, 0);
    rt_process_free(process);
}

static void
no_zombie_and_no_descriptor_stays(void **state)
{
    (void)state;
    int files = open_files();
    size_t blocks = rt_alloc_live_blocks();
    for (int i = 0; i < 10; i++) {
        struct rt_process *process = rt_process_new(NULL, do_nothing, NULL);
        assert_number(rt_process_start(process), 0);
        rt_process_free(process); // while it may still be running
    }
    rt_process_shutdown(NULL);
    assert_number(waitpid(-1, NULL, WNOHANG), -1);
    assert_number(errno, ECHILD);
    assert_number(open_files(), files);
    assert_number(rt_alloc_live_blocks(), blocks);
}

static void
at_the_end_daemons_are_ended_and_others_awaited(void **state)
{
    (void)state;
    assert_number(rt_pipe(true, ends), 0);
    struct rt_process *daemon =
        rt_process_new(NULL, wait_for_the_end, &ends[1]);
    struct rt_process *other = rt_process_new(NULL, do_nothing, NULL);
    assert_number(rt_process_set_daemon(daemon, true), 0);
    assert_number(rt_process_start(daemon), 0);
    assert_number(rt_process_start(other), 0);
    rt_process_shutdown(NULL);
    int code = NO_CODE;
    assert_true(rt_process_exit_code(daemon, &code));
    assert_number(code, -SIGTERM);
    assert_true(rt_process_exit_code(other, &code));
    assert_number(code, 0);
    rt_process_free(daemon);
    rt_process_free(other);
    rt_connection_close(&ends[0]);
    rt_connection_close(&ends[1]);
}

// --- what a fork finds -----------------------------------------------------

static atomic_bool stop;

static int
compute(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop)) {
        rt_safe_point();
    }
    return 0;
}

static int exits;

static int
count_exit(void *data)
{
    (void)data;
    _exit(40 + ++exits);
}

/* In the child the lock is free for its one thread, which can start others,
 * and only its own exit functions run. */
static int
work_with_threads(void *argument)
{
    (void)argument;
    atomic_store(&stop, true);
    if (rt_thread_active_count() != 1) {
        return rt_error_set(RT_ERROR_RUNTIME, "there are other threads");
    }
    struct rt_thread *thread = rt_thread_new(NULL, compute, NULL);
    if (rt_thread_start(thread) != 0 ||
        rt_thread_join(thread, RT_NO_TIMEOUT) != 0) {
        return -1;
    }
    rt_thread_free(thread);
    rt_safe_point();
    return rt_at_exit(count_exit, NULL);
}

static void
a_child_of_many_threads_begins_with_one(void **state)
{
    (void)state;
    enum {
        THREADS = 4
    };
    struct rt_thread *threads[THREADS];
    atomic_store(&stop, false);
    assert_number(rt_at_exit(count_exit, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = rt_thread_new(NULL, compute, NULL);
        assert_number(rt_thread_start(threads[i]), 0);
    }
    for (int i = 0; i < 20; i++) {
        assert_number(run(work_with_threads, NULL), 41);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        assert_number(rt_thread_join(threads[i], RT_NO_TIMEOUT), 0);
        rt_thread_free(threads[i]);
    }
    rt_at_exit_clear();
}

// --- connections -----------------------------------------------------------

/* Sends each list back with its length behind it, until there are no more. */
static int
answer(void *argument)
{
    (void)argument;
    struct rt_object *object = NULL;
    rt_connection_close(&ends[0]);
    while (rt_connection_receive(&ends[1], MOST, NULL, 0, &object) == 0) {
        struct rt_object *size = rt_int_new((int64_t)rt_list_size(object));
        int failed = rt_list_append(object, size);
        rt_decref(size);
        failed = failed != 0 || rt_connection_send(&ends[1], object) != 0;
        rt_decref(object);
        if (failed) {
            return -1;
        }
    }
    bool is_end = rt_error_occurred() == RT_ERROR_EOF;
    rt_error_clear();
    return is_end ? 0 : rt_error_set(RT_ERROR_RUNTIME, "no end");
}

static void
objects_go_to_a_child_and_come_back(void **state)
{
    (void)state;
    int code = NO_CODE;
    assert_number(rt_pipe(true, ends), 0);
    struct rt_process *process = rt_process_new(NULL, answer, NULL);
    assert_number(rt_process_start(process), 0);
    rt_connection_close(&ends[1]);
    for (int size = 0; size <= LARGE; size += LARGE / 4) {
        struct rt_object *list = rt_list_new();
        for (int i = 0; i < size; i++) {
            struct rt_object *item = rt_int_new(i);
            assert_number(rt_list_append(list, item), 0);
            rt_decref(item);
        }
        assert_number(rt_connection_send(&ends[0], list), 0);
        rt_decref(list);
        assert_number(rt_connection_receive(&ends[0], MOST, NULL, 0, &list),
                      0);
        assert_number(rt_list_size(list), size + 1);
        assert_number(rt_int_value(rt_list_at(list, (size_t)size)), size);
        rt_decref(list);
    }
    rt_connection_close(&ends[0]);
    assert_number(rt_process_join(process, RT_NO_TIMEOUT), 0);
    assert_true(rt_process_exit_code(process, &code));
    assert_number(code, 0);
    rt_process_free(process);
}

static void
the_other_end_may_be_gone(void **state)
{
    (void)state;
    struct rt_object *bytes = NULL;
    assert_number(rt_pipe(true, ends), 0);
    assert_number(rt_connection_poll(&ends[0], 0), 0);
    assert_number(rt_connection_send_bytes(&ends[1], "abc", 3), 0);
    rt_connection_close(&ends[1]);
    assert_number(rt_connection_poll(&ends[0], RT_NO_TIMEOUT), 1);
    assert_number(rt_connection_receive_bytes(&ends[0], MOST, &bytes), 0);
    rt_decref(bytes);
    assert_number(rt_connection_receive_bytes(&ends[0], MOST, &bytes), -1);
    expect_error(RT_ERROR_EOF, "");
    assert_number(rt_connection_send_bytes(&ends[0], "abc", 3), -1);
    expect_error(RT_ERROR_OS, "[Errno 32] Broken pipe");
    rt_connection_close(&ends[0]);
    assert_number(rt_connection_send_bytes(&ends[0], "abc", 3), -1);
    expect_error(RT_ERROR_OS, "handle is closed");
}

static void
a_one_way_pipe_goes_one_way(void **state)
{
    (void)state;
    struct rt_object *bytes = NULL;
    assert_number(rt_pipe(false, ends), 0);
    assert_number(rt_connection_send_bytes(&ends[0], "abc", 3), -1);
    expect_error(RT_ERROR_OS, "connection is read-only");
    assert_number(rt_connection_receive_bytes(&ends[1], MOST, &bytes), -1);
    expect_error(RT_ERROR_OS, "connection is write-only");
    assert_number(rt_connection_send_bytes(&ends[1], "abc", 3), 0);
    assert_number(rt_connection_receive_bytes(&ends[0], MOST, &bytes), 0);
    rt_decref(bytes);
    rt_connection_close(&ends[0]);
    rt_connection_close(&ends[1]);
}

static void
hostile_bytes_are_refused(void **state)
{
    (void)state;
    struct rt_object *object = NULL;
    assert_number(rt_pipe(true, ends), 0);
    assert_number(rt_connection_send_bytes(&ends[1], "junk", 4), 0);
    assert_number(rt_connection_receive(&ends[0], MOST, NULL, 0, &object), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    rt_error_clear();
    assert_number(write(ends[1].file, "\x7f\xff\xff\xff", 4), 4);
    assert_number(rt_connection_receive(&ends[0], MOST, NULL, 0, &object), -1);
    expect_error(RT_ERROR_VALUE, "message of 2147483647 bytes is too long");
    assert_number(ends[0].file, -1);
    rt_connection_close(&ends[1]);
    assert_number(rt_pipe(true, ends), 0);
    assert_number(write(ends[1].file, "\0\0\0\5ab", 6), 6);
    rt_connection_close(&ends[1]);
    assert_number(rt_connection_receive(&ends[0], MOST, NULL, 0, &object), -1);
    expect_error(RT_ERROR_OS, "got end of file during message");
    rt_connection_close(&ends[0]);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_exit_code_says_how_it_ended),
        cmocka_unit_test(a_killed_one_ends_with_the_number_of_the_signal),
        cmocka_unit_test(wrong_use_is_refused),
        cmocka_unit_test(a_daemon_has_no_children),
        cmocka_unit_test(no_zombie_and_no_descriptor_stays),
        cmocka_unit_test(at_the_end_daemons_are_ended_and_others_awaited),
        cmocka_unit_test(a_child_of_many_threads_begins_with_one),
        cmocka_unit_test(objects_go_to_a_child_and_come_back),
        cmocka_unit_test(the_other_end_may_be_gone),
        cmocka_unit_test(a_one_way_pipe_goes_one_way),
        cmocka_unit_test(hostile_bytes_are_refused),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
