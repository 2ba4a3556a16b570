#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/connection.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_executor.h"
#include "labs/runtime/pool_future.h"
#include "labs/runtime/pool_wait.h"
#include "labs/runtime/process.h"
#include "labs/runtime/process_pool.h"
#include "labs/runtime/process_pool_state.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/string.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"
#include "tests/support/brood.h"
#include "tests/support/bunch.h"

/* A fork copies what the sanitizers know of all memory. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum {
    DEATHS = 50
};
#else
enum {
    DEATHS = 300
};
#endif

static struct rt_process_pool *pool;
static struct rt_connection go[2]; // a call waits for a byte, or for its end
static size_t blocks_before;
static int files_before;

static const char DIED[] = "A process in the process pool was terminated "
                           "abruptly while the future was running or pending.";
static const char BROKEN[] = "A child process terminated abruptly, the "
                             "process pool is not usable anymore";

static int
start_clean(void **state)
{
    (void)state;
    rt_error_clear();
    rt_thread_attach();
    pool = NULL;
    blocks_before = rt_alloc_live_blocks();
    files_before = brood_open_files();
    assert_number(rt_pipe(true, go), 0);
    return 0;
}

/* Afterwards there is nothing left: no thread, no child, dead or alive, no
 * descriptor, no block. */
static int
end_clean(void **state)
{
    (void)state;
    rt_connection_close(&go[1]);
    rt_process_pool_free(pool);
    rt_thread_shutdown();
    rt_connection_close(&go[0]);
    assert_number(rt_process_active_count(), 0);
    assert_number(waitpid(-1, NULL, WNOHANG), -1);
    assert_number(errno, ECHILD);
    assert_number(brood_open_files(), files_before);
    rt_gc_collect(RT_GC_GENERATIONS - 1);
    rt_handle_clear_pool();
    bunch_await(rt_alloc_live_blocks() == blocks_before);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    return 0;
}

static void
make(int max_workers)
{
    pool = rt_process_pool_new(max_workers, NULL);
    assert_non_null(pool);
}

static struct rt_object *
submit(rt_executor_call *call, int64_t value)
{
    struct rt_object *argument = rt_int_new(value);
    struct rt_object *future = rt_process_pool_submit(pool, call, argument);
    rt_decref(argument);
    return future;
}

static void
assert_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

/* The result, an int, or -1 with a pending error. The future is given back. */
static int64_t
result_of(struct rt_object *future)
{
    struct rt_object *result = NULL;
    assert_non_null(future);
    int failed = rt_pool_future_result(future, RT_NO_TIMEOUT, &result);
    rt_decref(future);
    if (failed != 0) {
        return -1;
    }
    int64_t value = rt_int_value(result);
    rt_decref(result);
    return value;
}

static void
assert_broken(struct rt_object *future)
{
    assert_number(result_of(future), -1);
    assert_error(RT_ERROR_BROKEN_PROCESS, DIED);
}

// --- calls, made in a worker -----------------------------------------------

static int
square(struct rt_object *argument, struct rt_object **result)
{
    int64_t value = rt_int_value(argument);
    *result = rt_int_new(value * value);
    return *result != NULL ? 0 : -1;
}

static int
tell_pid(struct rt_object *argument, struct rt_object **result)
{
    (void)argument;
    *result = rt_int_new(getpid());
    return 0;
}

static int
fail_on_purpose(struct rt_object *argument, struct rt_object **result)
{
    (void)result;
    return rt_error_set(RT_ERROR_VALUE, "no %d", (int)rt_int_value(argument));
}

static int
leave(struct rt_object *argument, struct rt_object **result)
{
    (void)argument;
    (void)result;
    return rt_error_set(RT_ERROR_SYSTEM_EXIT, "7");
}

static int
fail_with_a_group(struct rt_object *argument, struct rt_object **result)
{
    (void)argument;
    (void)result;
    struct rt_object *inner = rt_list_new();
    struct rt_object *outer = rt_list_new();
    struct rt_object *one = rt_exception_new(RT_ERROR_KEY, "'k'");
    rt_list_append(inner, one);
    struct rt_object *group = rt_exception_new_group("inner", inner);
    rt_list_append(outer, group);
    rt_list_append(outer, one);
    struct rt_object *all = rt_exception_new_group("outer", outer);
    rt_exception_raise(all);
    rt_decref(all);
    rt_decref(group);
    rt_decref(one);
    rt_decref(inner);
    rt_decref(outer);
    return -1;
}

/* Until somebody sends something, or nobody can any more. */
static int
wait_for_go(struct rt_object *argument, struct rt_object **result)
{
    char byte = 0;
    rt_connection_close(&go[1]);
    if (read(go[0].file, &byte, 1) < 0) {
        return rt_error_set(RT_ERROR_OS, "read");
    }
    return square(argument, result);
}

static int
die(struct rt_object *argument, struct rt_object **result)
{
    (void)result;
    kill(getpid(), (int)rt_int_value(argument));
    return 0;
}

static int
exit_at_once(struct rt_object *argument, struct rt_object **result)
{
    (void)result;
    _exit((int)rt_int_value(argument));
}

static int
give_what_cannot_be_sent(struct rt_object *argument, struct rt_object **result)
{
    (void)argument;
    *result = rt_exception_new(RT_ERROR_VALUE, "");
    return 0;
}

static int
count_to(struct rt_object *argument, struct rt_object **result)
{
    struct rt_object *list = rt_list_new();
    for (int64_t i = 0; i < rt_int_value(argument); i++) {
        struct rt_object *item = rt_int_new(i);
        rt_list_append(list, item);
        rt_decref(item);
    }
    *result = list;
    return 0;
}

static int
length_of(struct rt_object *argument, struct rt_object **result)
{
    *result = rt_int_new((int64_t)rt_list_size(argument));
    return 0;
}

// --- submit ----------------------------------------------------------------

static void
a_call_comes_back_with_its_result(void **state)
{
    (void)state;
    make(2);
    assert_number(result_of(submit(square, 100)), 10000);
    assert_true(result_of(submit(tell_pid, 0)) != getpid());
}

static void
none_goes_and_comes(void **state)
{
    (void)state;
    struct rt_object *result = NULL;
    make(1);
    struct rt_object *future = rt_process_pool_submit(pool, tell_pid, NULL);
    assert_true(result_of(future) > 0);
    future = submit(die, 0); // signal 0 kills nobody
    assert_number(rt_pool_future_result(future, RT_NO_TIMEOUT, &result), 0);
    assert_null(result);
    rt_decref(future);
}

static void
an_error_comes_back_with_its_text(void **state)
{
    (void)state;
    make(1);
    assert_number(result_of(submit(fail_on_purpose, 7)), -1);
    assert_error(RT_ERROR_VALUE, "no 7");
    assert_number(result_of(submit(leave, 0)), -1);
    assert_error(RT_ERROR_SYSTEM_EXIT, "7");
    assert_number(result_of(submit(square, 30)), 900); // it goes on
}

static void
a_group_comes_back_with_all_its_errors(void **state)
{
    (void)state;
    make(1);
    struct rt_object *future = submit(fail_with_a_group, 0);
    struct rt_object *outer = NULL;
    assert_number(rt_pool_future_exception(future, RT_NO_TIMEOUT, &outer), 0);
    assert_text(rt_exception_text(outer), "outer");
    struct rt_object *members = rt_exception_members(outer);
    assert_number(rt_list_size(members), 2);
    struct rt_object *inner = rt_list_at(members, 0);
    assert_text(rt_exception_text(inner), "inner");
    assert_number(rt_list_size(rt_exception_members(inner)), 1);
    assert_number(rt_exception_error(rt_list_at(members, 1)), RT_ERROR_KEY);
    rt_decref(outer);
    rt_decref(future);
}

static void
what_cannot_be_sent_is_the_error_of_the_call(void **state)
{
    (void)state;
    make(1);
    struct rt_object *argument = rt_exception_new(RT_ERROR_VALUE, "");
    struct rt_object *future = rt_process_pool_submit(pool, square, argument);
    rt_decref(argument);
    assert_number(result_of(future), -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    rt_error_clear();
    assert_number(result_of(submit(give_what_cannot_be_sent, 0)), -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    rt_error_clear();
    assert_number(result_of(submit(square, 3)), 9);
}

/* More than any pipe has room for, both ways, for all workers at once. */
static void
large_objects_go_and_come(void **state)
{
    (void)state;
    enum {
        CALLS = 6,
        ITEMS = 300000
    };
    make(3);
    struct rt_object *futures[CALLS];
    struct rt_object *list = NULL;
    for (int i = 0; i < CALLS; i++) {
        futures[i] = submit(count_to, ITEMS + i);
    }
    for (int i = 0; i < CALLS; i++) {
        assert_number(rt_pool_future_result(futures[i], RT_NO_TIMEOUT, &list),
                      0);
        rt_decref(futures[i]);
        assert_number(rt_list_size(list), ITEMS + i);
        futures[i] = rt_process_pool_submit(pool, length_of, list);
        rt_decref(list);
    }
    for (int i = 0; i < CALLS; i++) {
        assert_number(result_of(futures[i]), ITEMS + i);
    }
}

static void
calls_run_in_as_many_processes_as_there_are_workers(void **state)
{
    (void)state;
    enum {
        WORKERS = 3
    };
    make(WORKERS);
    struct rt_object *futures[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        futures[i] = submit(wait_for_go, i);
    }
    assert_number(rt_process_active_count(), WORKERS);
    // Each holds one call, so all of them run at once.
    bunch_await(pool->workers[0].work != NULL &&
                pool->workers[1].work != NULL &&
                pool->workers[2].work != NULL);
    assert_number(write(go[1].file, "123", 3), 3);
    for (int i = 0; i < WORKERS; i++) {
        assert_number(result_of(futures[i]), i * i);
    }
}

/* As in CPython: one that is being made, and max_workers + 1 that come next.
 */
static void
a_few_more_than_there_are_workers_are_running(void **state)
{
    (void)state;
    make(1);
    struct rt_object *futures[5];
    for (int i = 0; i < 5; i++) {
        futures[i] = submit(wait_for_go, i);
    }
    bunch_await(rt_pool_future_is_running(futures[2]));
    assert_false(rt_pool_future_cancel(futures[2]));
    assert_true(rt_pool_future_cancel(futures[3]));
    assert_true(rt_pool_future_cancel(futures[4]));
    assert_number(rt_process_pool_shut_down(pool, false, false), 0);
    rt_connection_close(&go[1]);
    for (int i = 0; i < 3; i++) {
        assert_number(result_of(futures[i]), i * i);
    }
    assert_number(result_of(futures[3]), -1);
    assert_error(RT_ERROR_CANCELLED, "");
    rt_decref(futures[4]);
}

// --- shutting down ---------------------------------------------------------

static void
shutting_down_makes_what_was_submitted(void **state)
{
    (void)state;
    make(2);
    struct rt_object *futures[20];
    for (int i = 0; i < 20; i++) {
        futures[i] = submit(square, i);
    }
    assert_number(rt_process_pool_shut_down(pool, true, false), 0);
    assert_number(rt_process_active_count(), 0);
    for (int i = 0; i < 20; i++) {
        assert_true(rt_pool_future_is_done(futures[i]));
        assert_number(result_of(futures[i]), i * i);
    }
    assert_null(submit(square, 1));
    assert_error(RT_ERROR_RUNTIME,
                 "cannot schedule new futures after shutdown");
    assert_number(rt_process_pool_shut_down(pool, true, false), 0);
}

static void
shutting_down_cancels_what_is_not_running(void **state)
{
    (void)state;
    make(2);
    struct rt_object *futures[12];
    bool is_done[12];
    for (int i = 0; i < 12; i++) {
        futures[i] = submit(wait_for_go, i);
    }
    bunch_await(rt_pool_future_is_running(futures[4]));
    assert_number(rt_process_pool_shut_down(pool, false, true), 0);
    // They are settled, so that nobody waits for them for ever.
    assert_number(rt_pool_wait(futures + 5, 7, RT_NO_TIMEOUT,
                               RT_POOL_WAIT_ALL_COMPLETED, is_done),
                  0);
    rt_connection_close(&go[1]);
    assert_number(rt_process_pool_shut_down(pool, true, false), 0);
    for (int i = 0; i < 12; i++) {
        assert_number(rt_pool_future_is_cancelled(futures[i]), i >= 5);
        rt_decref(futures[i]);
    }
}

static void
given_back_it_makes_what_was_submitted(void **state)
{
    (void)state;
    make(1);
    struct rt_object *first = submit(wait_for_go, 2);
    struct rt_object *second = submit(square, 3);
    rt_process_pool_free(pool);
    pool = NULL;
    rt_connection_close(&go[1]);
    assert_number(result_of(first), 4);
    assert_number(result_of(second), 9);
}

static void
one_that_was_never_used_has_no_process(void **state)
{
    (void)state;
    make(2);
    assert_number(rt_process_active_count(), 0);
    assert_number(rt_process_pool_shut_down(pool, true, true), 0);
}

// --- a worker that dies ----------------------------------------------------

static void
break_by(rt_executor_call *call, int64_t value)
{
    enum {
        CALLS = 12
    };
    make(3);
    struct rt_object *futures[CALLS];
    for (int i = 0; i < CALLS; i++) {
        futures[i] = i == 1 ? submit(call, value) : submit(wait_for_go, i);
    }
    for (int i = 0; i < CALLS; i++) {
        assert_broken(futures[i]);
    }
    assert_null(submit(square, 1));
    assert_error(RT_ERROR_BROKEN_PROCESS, BROKEN);
    assert_number(rt_process_pool_shut_down(pool, true, false), 0);
    assert_number(rt_process_active_count(), 0);
}

static void
a_killed_worker_breaks_the_pool(void **state)
{
    (void)state;
    break_by(die, SIGKILL);
}

static void
a_worker_that_exits_breaks_the_pool(void **state)
{
    (void)state;
    break_by(exit_at_once, 0);
}

static void
a_worker_that_crashes_breaks_the_pool(void **state)
{
    (void)state;
    signal(SIGSEGV, SIG_DFL); // the sanitizers report it otherwise
    break_by(die, SIGSEGV);
}

static void
an_idle_worker_that_dies_breaks_the_pool(void **state)
{
    (void)state;
    make(2);
    int64_t pid = result_of(submit(tell_pid, 0));
    assert_number(kill((pid_t)pid, SIGKILL), 0);
    bunch_await(atomic_load(&pool->broken));
    assert_null(submit(square, 1));
    assert_error(RT_ERROR_BROKEN_PROCESS, BROKEN);
}

static void
what_was_cancelled_stays_so_when_the_pool_breaks(void **state)
{
    (void)state;
    make(1);
    struct rt_object *futures[5];
    for (int i = 0; i < 5; i++) {
        futures[i] = submit(wait_for_go, i);
    }
    bunch_await(rt_pool_future_is_running(futures[2]));
    assert_true(rt_pool_future_cancel(futures[4]));
    assert_number(kill(rt_process_pid(pool->workers[0].process), SIGKILL), 0);
    for (int i = 0; i < 4; i++) {
        assert_broken(futures[i]);
    }
    assert_number(result_of(futures[4]), -1);
    assert_error(RT_ERROR_CANCELLED, "");
}

/* A signal that stops a worker cannot be caught either; a broken pool does not
 * wait for it. */
static void
a_stopped_worker_does_not_hold_up_a_broken_pool(void **state)
{
    (void)state;
    make(2);
    struct rt_object *one = submit(wait_for_go, 1);
    struct rt_object *two = submit(wait_for_go, 2);
    assert_number(kill(rt_process_pid(pool->workers[0].process), SIGSTOP), 0);
    assert_number(kill(rt_process_pid(pool->workers[1].process), SIGKILL), 0);
    assert_broken(one);
    assert_broken(two);
    assert_number(rt_process_pool_shut_down(pool, true, false), 0);
}

/* The worker says that it has the call, waits, and then sends an answer that
 * is larger than a pipe, while we hold the GIL and nobody reads. */
static int
count_when_told(struct rt_object *argument, struct rt_object **result)
{
    char byte = '!';
    if (write(go[0].file, &byte, 1) != 1 || read(go[0].file, &byte, 1) != 1) {
        return rt_error_set(RT_ERROR_OS, "go");
    }
    return count_to(argument, result);
}

static void
half_an_answer_is_none(void **state)
{
    (void)state;
    char byte = 0;
    make(1);
    struct rt_object *future = submit(count_when_told, 200000);
    assert_number(rt_connection_poll(&go[1], RT_NO_TIMEOUT), 1);
    assert_number(read(go[1].file, &byte, 1), 1);
    struct pollfd answer = {.fd = pool->workers[0].ours.file,
                            .events = POLLIN};
    assert_number(write(go[1].file, "!", 1), 1);
    assert_number(poll(&answer, 1, -1), 1);
    assert_number(kill(rt_process_pid(pool->workers[0].process), SIGKILL), 0);
    assert_broken(future);
}

static int
refuse(void *data)
{
    (void)data;
    return rt_error_set(RT_ERROR_RUNTIME, "not today");
}

static void
an_initializer_that_fails_breaks_the_pool(void **state)
{
    (void)state;
    struct rt_process_pool_options options = {.initializer = refuse};
    pool = rt_process_pool_new(2, &options);
    assert_broken(submit(square, 1));
    bunch_await(atomic_load(&pool->broken));
    assert_null(submit(square, 1));
    assert_error(RT_ERROR_BROKEN_PROCESS, BROKEN);
}

/* Hundreds of pools that lose a worker at some moment: nobody waits for ever,
 * every call has an end, and end_clean() finds nothing left. */
static void
a_worker_may_die_at_any_moment(void **state)
{
    (void)state;
    enum {
        CALLS = 8
    };
    unsigned seed = 20261121;
    for (int round = 0; round < DEATHS; round++) {
        struct rt_object *futures[CALLS];
        int files = brood_open_files();
        make(2);
        for (int i = 0; i < CALLS; i++) {
            futures[i] = submit(i % 3 == 0 ? count_to : square, 1000 * i);
        }
        for (long spin = rand_r(&seed) % 20000; spin > 0; spin--) {
            (void)rt_safe_point();
        }
        if (round % 2 == 0) { // let some calls be over
            struct rt_object *result = NULL;
            int last = rand_r(&seed) % CALLS;
            assert_number(
                rt_pool_future_result(futures[last], RT_NO_TIMEOUT, &result),
                0);
            rt_xdecref(result);
        }
        kill(rt_process_pid(pool->workers[round % 2].process), SIGKILL);
        for (int i = 0; i < CALLS; i++) {
            struct rt_object *result = NULL;
            if (rt_pool_future_result(futures[i], RT_NO_TIMEOUT, &result) !=
                0) {
                assert_error(RT_ERROR_BROKEN_PROCESS, DIED);
            }
            rt_xdecref(result);
            rt_decref(futures[i]);
        }
        assert_number(rt_process_pool_shut_down(pool, true, false), 0);
        assert_number(rt_process_active_count(), 0);
        rt_process_pool_free(pool);
        pool = NULL;
        assert_number(brood_open_files(), files);
    }
}

// --- options ---------------------------------------------------------------

static int prepared; // in a worker

static int
prepare(void *data)
{
    prepared = *(const int *)data;
    return 0;
}

static int
tell_prepared(struct rt_object *argument, struct rt_object **result)
{
    (void)argument;
    *result = rt_int_new(prepared++);
    return 0;
}

static void
each_worker_is_initialised_first(void **state)
{
    (void)state;
    int first = 70;
    struct rt_process_pool_options options = {.initializer = prepare,
                                              .data = &first};
    pool = rt_process_pool_new(1, &options);
    assert_number(result_of(submit(tell_prepared, 0)), 70);
    assert_number(result_of(submit(tell_prepared, 0)), 71);
    assert_number(prepared, 0); // of the child, not of ours
}

static void
a_worker_that_has_made_its_calls_is_replaced(void **state)
{
    (void)state;
    struct rt_process_pool_options options = {.max_tasks_per_child = 2};
    int64_t pids[7];
    pool = rt_process_pool_new(1, &options);
    for (int i = 0; i < 7; i++) {
        pids[i] = result_of(submit(tell_pid, 0));
    }
    for (int i = 1; i < 7; i++) {
        assert_number(pids[i] == pids[i - 1], i % 2);
    }
}

/* Two pools whose workers come later than those of the other hold no copies of
 * each other's pipes: so each can be shut down alone. */
static void
pools_do_not_keep_each_other_alive(void **state)
{
    (void)state;
    struct rt_process_pool_options options = {.max_tasks_per_child = 1};
    struct rt_process_pool *other = rt_process_pool_new(2, &options);
    pool = rt_process_pool_new(2, &options);
    for (int i = 0; i < 6; i++) {
        struct rt_process_pool *mine = pool;
        assert_number(result_of(submit(square, i)), i * i);
        pool = other;
        assert_number(result_of(submit(square, i)), i * i);
        pool = mine;
    }
    assert_number(rt_process_pool_shut_down(other, true, false), 0);
    rt_process_pool_free(other);
    assert_number(result_of(submit(square, 9)), 81);
}

static int
submit_in_child(void *data)
{
    (void)data;
    return submit(square, 1) == NULL &&
                   rt_error_occurred() == RT_ERROR_RUNTIME &&
                   rt_process_pool_shut_down(pool, true, true) == 0
               ? rt_error_set(RT_ERROR_SYSTEM_EXIT, "5")
               : 0;
}

static void
in_a_child_it_is_shut_down(void **state)
{
    (void)state;
    int code = 0;
    make(1);
    assert_number(result_of(submit(square, 2)), 4);
    struct rt_process *child = rt_process_new(NULL, submit_in_child, NULL);
    assert_number(rt_process_start(child), 0);
    assert_number(rt_process_join(child, RT_NO_TIMEOUT), 0);
    assert_true(rt_process_exit_code(child, &code));
    assert_number(code, 5);
    rt_process_free(child);
    assert_number(result_of(submit(square, 3)), 9);
}

/* The workers see that nobody is left to answer. */
static int
leave_workers_behind(void *data)
{
    const struct rt_connection *ends = data;
    make(2);
    for (int i = 0; i < 2; i++) {
        result_of(submit(square, i));
    }
    rt_connection_close(&go[1]);
    rt_connection_send(&ends[1], NULL);
    kill(getpid(), SIGKILL);
    return 0;
}

static void
workers_of_a_killed_parent_end(void **state)
{
    (void)state;
    struct rt_connection ends[2];
    struct rt_object *object = NULL;
    assert_number(rt_pipe(false, ends), 0);
    struct rt_process *parent =
        rt_process_new(NULL, leave_workers_behind, ends);
    assert_number(rt_process_start(parent), 0);
    rt_connection_close(&ends[1]);
    assert_number(rt_connection_receive(&ends[0], SIZE_MAX, NULL, 0, &object),
                  0);
    assert_number(rt_process_join(parent, RT_NO_TIMEOUT), 0);
    rt_process_free(parent);
    // The workers hold the other end, too, as long as they live.
    assert_number(rt_connection_receive(&ends[0], SIZE_MAX, NULL, 0, &object),
                  -1);
    assert_error(RT_ERROR_EOF, "");
    rt_connection_close(&ends[0]);
}

// --- threads, the loop -----------------------------------------------------

enum {
    SUBMITTERS = 6,
    SUBMITTED = 30
};
static atomic_int wrong;

static int
submit_many(void *data)
{
    (void)data;
    for (int i = 0; i < SUBMITTED; i++) {
        if (result_of(submit(square, i)) != i * i) {
            atomic_fetch_add(&wrong, 1);
        }
    }
    return 0;
}

static void
many_threads_submit_at_once(void **state)
{
    (void)state;
    struct bunch bunch;
    struct rt_process_pool_options options = {.max_tasks_per_child = 7};
    pool = rt_process_pool_new(2, &options);
    atomic_store(&wrong, 0);
    bunch_start(&bunch, SUBMITTERS, submit_many, NULL);
    bunch_finish(&bunch);
    assert_number(atomic_load(&wrong), 0);
}

static void
shut_down_from_a_callback(struct rt_object *future, void *data)
{
    (void)future;
    int failed = rt_process_pool_shut_down(pool, true, false);
    atomic_store((atomic_int *)data,
                 failed == -1 && rt_error_occurred() == RT_ERROR_RUNTIME);
    rt_error_clear();
}

static void
a_callback_cannot_wait_for_its_pool(void **state)
{
    (void)state;
    atomic_int refused = 0;
    make(1);
    struct rt_object *future = submit(wait_for_go, 1);
    assert_number(rt_pool_future_add_done_callback(
                      future, shut_down_from_a_callback, &refused),
                  0);
    rt_connection_close(&go[1]);
    assert_number(result_of(future), 1);
    bunch_await(atomic_load(&refused));
}

static void
the_loop_runs_calls_in_processes(void **state)
{
    (void)state;
    struct rt_loop *loop = rt_loop_new();
    struct rt_object *argument = rt_int_new(1000);
    make(2);
    struct rt_object *future =
        rt_loop_run_in_process_pool(loop, pool, square, argument);
    struct rt_object *result = rt_loop_run_until_complete(loop, future);
    assert_number(rt_int_value(result), 1000000);
    rt_decref(result);
    rt_decref(future);
    future =
        rt_loop_run_in_process_pool(loop, pool, fail_on_purpose, argument);
    assert_null(rt_loop_run_until_complete(loop, future));
    assert_error(RT_ERROR_VALUE, "no 1000");
    rt_decref(future);
    future = rt_loop_run_in_process_pool(loop, pool, exit_at_once, argument);
    assert_null(rt_loop_run_until_complete(loop, future));
    assert_error(RT_ERROR_BROKEN_PROCESS, DIED);
    rt_decref(future);
    rt_decref(argument);
    rt_loop_free(loop);
}

// --- map -------------------------------------------------------------------

enum {
    MAPPED = 25
};

static int
map_squares(size_t chunksize, struct rt_object **results)
{
    struct rt_object *arguments[MAPPED];
    for (int i = 0; i < MAPPED; i++) {
        arguments[i] = rt_int_new(i);
    }
    int result = rt_process_pool_map(pool, square, arguments, MAPPED,
                                     chunksize, RT_NO_TIMEOUT, results);
    for (int i = 0; i < MAPPED; i++) {
        rt_decref(arguments[i]);
    }
    return result;
}

static void
map_gives_the_results_in_order_whatever_the_chunks(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 2, 5, 24, 25, 26, 1000};
    make(2);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct rt_object *results[MAPPED];
        assert_number(map_squares(sizes[i], results), 0);
        for (int j = 0; j < MAPPED; j++) {
            assert_number(rt_int_value(results[j]), j * j);
            rt_decref(results[j]);
        }
    }
    assert_number(rt_process_pool_map(pool, square, NULL, 0, 3, 0, NULL), 0);
    assert_number(map_squares(0, NULL), -1);
    assert_error(RT_ERROR_VALUE, "chunksize must be >= 1.");
}

static void
map_fails_with_the_first_error(void **state)
{
    (void)state;
    struct rt_object *arguments[3];
    struct rt_object *results[3];
    make(2);
    for (int i = 0; i < 3; i++) {
        arguments[i] = rt_int_new(i + 5);
    }
    for (size_t chunksize = 1; chunksize <= 3; chunksize++) {
        assert_number(rt_process_pool_map(pool, fail_on_purpose, arguments, 3,
                                          chunksize, RT_NO_TIMEOUT, results),
                      -1);
        assert_error(RT_ERROR_VALUE, "no 5");
    }
    for (int i = 0; i < 3; i++) {
        rt_decref(arguments[i]);
    }
}

static void
map_runs_out_of_time(void **state)
{
    (void)state;
    struct rt_object *argument = rt_int_new(1);
    struct rt_object *result = NULL;
    make(1);
    assert_number(
        rt_process_pool_map(pool, wait_for_go, &argument, 1, 1, 1000, &result),
        -1);
    assert_error(RT_ERROR_TIMEOUT, "");
    rt_decref(argument);
}

// --- what cannot be --------------------------------------------------------

static void
wrong_numbers_are_refused(void **state)
{
    (void)state;
    struct rt_process_pool_options options = {.max_tasks_per_child = -1};
    assert_null(rt_process_pool_new(0, NULL));
    assert_error(RT_ERROR_VALUE, "max_workers must be greater than 0");
    assert_null(rt_process_pool_new(1, &options));
    assert_error(RT_ERROR_VALUE, "max_tasks_per_child must be >= 1");
}

/* One descriptor more each time, until there are enough: for pipes, and
 * perhaps not for all sentinels. */
static void
no_descriptor_is_an_error_and_leaves_nothing(void **state)
{
    (void)state;
    struct rlimit usual;
    struct rt_object *future = NULL;
    make(2);
    int files = brood_open_files();
    int next = dup(STDERR_FILENO);
    close(next);
    assert_number(getrlimit(RLIMIT_NOFILE, &usual), 0);
    for (int more = 0; future == NULL; more++) {
        struct rlimit limit = {(rlim_t)(next + more), usual.rlim_max};
        assert_number(setrlimit(RLIMIT_NOFILE, &limit), 0);
        future = submit(square, 9);
        assert_number(setrlimit(RLIMIT_NOFILE, &usual), 0);
        if (future == NULL) {
            assert_error(RT_ERROR_OS, "[Errno 24] Too many open files");
            assert_number(brood_open_files(), files);
            assert_number(rt_process_active_count(), 0);
        }
    }
    assert_number(result_of(future), 81);
    assert_number(rt_process_pool_shut_down(pool, true, false), 0);
}

static void
no_memory_is_an_error_wherever_it_is_missing(void **state)
{
    (void)state;
    size_t failed = 0;
    while (pool == NULL) {
        rt_alloc_fail_nth(++failed);
        pool = rt_process_pool_new(2, NULL);
        if (pool == NULL) {
            assert_error(RT_ERROR_MEMORY, "");
        }
    }
    rt_alloc_fail_nth(0);
    assert_true(failed > 1);
    struct rt_object *argument = rt_int_new(1000);
    struct rt_object *future = NULL;
    int files = brood_open_files();
    failed = 0;
    while (future == NULL) {
        rt_alloc_fail_nth(++failed);
        future = rt_process_pool_submit(pool, square, argument);
        rt_alloc_fail_nth(0);
        if (future == NULL) {
            assert_error(RT_ERROR_MEMORY, "");
            // The queue has made room when the workers were there already.
            assert_true(pool->manager != NULL || brood_open_files() == files);
        }
    }
    assert_true(failed >= 5); // future, work, two processes, a thread
    rt_decref(argument);
    // The order may have been carried out by the manager or in a worker.
    if (result_of(future) != 1000000) {
        assert_true(rt_error_occurred() == RT_ERROR_MEMORY ||
                    rt_error_occurred() == RT_ERROR_BROKEN_PROCESS);
        rt_error_clear();
    }
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_call_comes_back_with_its_result),
        CASE(none_goes_and_comes),
        CASE(an_error_comes_back_with_its_text),
        CASE(a_group_comes_back_with_all_its_errors),
        CASE(what_cannot_be_sent_is_the_error_of_the_call),
        CASE(large_objects_go_and_come),
        CASE(calls_run_in_as_many_processes_as_there_are_workers),
        CASE(a_few_more_than_there_are_workers_are_running),
        CASE(shutting_down_makes_what_was_submitted),
        CASE(shutting_down_cancels_what_is_not_running),
        CASE(given_back_it_makes_what_was_submitted),
        CASE(one_that_was_never_used_has_no_process),
        CASE(a_killed_worker_breaks_the_pool),
        CASE(a_worker_that_exits_breaks_the_pool),
        CASE(a_worker_that_crashes_breaks_the_pool),
        CASE(an_idle_worker_that_dies_breaks_the_pool),
        CASE(what_was_cancelled_stays_so_when_the_pool_breaks),
        CASE(a_stopped_worker_does_not_hold_up_a_broken_pool),
        CASE(half_an_answer_is_none),
        CASE(an_initializer_that_fails_breaks_the_pool),
        CASE(a_worker_may_die_at_any_moment),
        CASE(each_worker_is_initialised_first),
        CASE(a_worker_that_has_made_its_calls_is_replaced),
        CASE(pools_do_not_keep_each_other_alive),
        CASE(in_a_child_it_is_shut_down),
        CASE(workers_of_a_killed_parent_end),
        CASE(many_threads_submit_at_once),
        CASE(a_callback_cannot_wait_for_its_pool),
        CASE(the_loop_runs_calls_in_processes),
        CASE(map_gives_the_results_in_order_whatever_the_chunks),
        CASE(map_fails_with_the_first_error),
        CASE(map_runs_out_of_time),
        CASE(wrong_numbers_are_refused),
        CASE(no_descriptor_is_an_error_and_leaves_nothing),
        CASE(no_memory_is_an_error_wherever_it_is_missing),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
