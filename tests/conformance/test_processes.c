/* Processes, pools and what they share, on the runtime and on the python3 at
 * hand: each scenario prints the same. processes.py has the same scenarios,
 * line by line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "labs/runtime/connection.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/object.h"
#include "labs/runtime/pool_as_completed.h"
#include "labs/runtime/pool_future.h"
#include "labs/runtime/pool_wait.h"
#include "labs/runtime/process.h"
#include "labs/runtime/process_barrier.h"
#include "labs/runtime/process_event.h"
#include "labs/runtime/process_pool.h"
#include "labs/runtime/process_queue.h"
#include "labs/runtime/resource_tracker.h"
#include "labs/runtime/shared_memory.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_state.h"
#include "labs/runtime/view.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

enum {
    SHORT_US = 1000,
    MANY = 20
};

static FILE *out; // what the runtime has to say
static struct rt_process_semaphore begun, go;

// --- saying ----------------------------------------------------------------

/* The pending error, as Python names it, and forgets it. */
static void
say_error(void)
{
    const char *text = rt_error_text();
    fprintf(out, "%s%s%s", rt_error_name(rt_error_occurred()),
            text[0] != '\0' ? ": " : "", text);
    rt_error_clear();
}

/* What came of it: the error if it failed, else this word. */
static void
say(int result, const char *word)
{
    if (result != 0) {
        say_error();
    }
    else {
        fputs(word, out);
    }
    fputc('\n', out);
}

static void
say_name(int result)
{
    fprintf(out, "%s\n",
            result != 0 ? rt_error_name(rt_error_occurred()) : "done");
    rt_error_clear();
}

static void
say_numbers(const int64_t *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        fprintf(out, "%s%lld", i == 0 ? "[" : ", ", (long long)numbers[i]);
    }
    fputs("]\n", out);
}

// --- calls -----------------------------------------------------------------

static int
square(struct rt_object *argument, struct rt_object **result)
{
    *result = rt_int_new(rt_int_value(argument) * rt_int_value(argument));
    return 0;
}

static int
refuse(struct rt_object *argument, struct rt_object **result)
{
    (void)result;
    return rt_error_set(RT_ERROR_VALUE, "no %d", (int)rt_int_value(argument));
}

static int
leave(struct rt_object *argument, struct rt_object **result)
{
    (void)result;
    return rt_error_set(RT_ERROR_SYSTEM_EXIT, "%d",
                        (int)rt_int_value(argument));
}

static int
die(struct rt_object *argument, struct rt_object **result)
{
    (void)result;
    _exit((int)rt_int_value(argument));
}

static int
wait_for_go(struct rt_object *argument, struct rt_object **result)
{
    rt_process_semaphore_release(&begun);
    rt_process_semaphore_acquire(&go, RT_NO_TIMEOUT);
    *result = rt_new_ref(argument);
    return 0;
}

static struct rt_object *
submit(struct rt_process_pool *pool, rt_executor_call *call, int64_t value)
{
    struct rt_object *argument = rt_int_new(value);
    struct rt_object *future = rt_process_pool_submit(pool, call, argument);
    rt_decref(argument);
    return future;
}

/* Its result, or 0 with a pending error. */
static int64_t
result_of(struct rt_object *future)
{
    struct rt_object *result = NULL;
    if (rt_pool_future_result(future, RT_NO_TIMEOUT, &result) != 0) {
        return 0;
    }
    int64_t value = rt_int_value(result);
    rt_decref(result);
    return value;
}

static void
say_result(struct rt_object *future)
{
    char word[24];
    snprintf(word, sizeof(word), "%lld", (long long)result_of(future));
    say(rt_error_occurred() != RT_ERROR_NONE ? -1 : 0, word);
}

static void
end_pool(struct rt_process_pool *pool)
{
    assert_number(rt_process_pool_shut_down(pool, true, false), 0);
    rt_process_pool_free(pool);
}

// --- pools -----------------------------------------------------------------

static void
results(void)
{
    rt_executor_call *const calls[] = {square, refuse, leave};
    struct rt_process_pool *pool = rt_process_pool_new(2, NULL);
    for (int i = 0; i < 3; i++) {
        for (int n = 0; n <= 7; n += 7) {
            struct rt_object *future = submit(pool, calls[i], n);
            say_result(future);
            rt_decref(future);
        }
    }
    assert_number(rt_process_pool_shut_down(pool, true, false), 0);
    say(submit(pool, square, 1) == NULL ? -1 : 0, "");
    rt_process_pool_free(pool);
    say(rt_process_pool_new(0, NULL) == NULL ? -1 : 0, "");
}

static void
running(void)
{
    struct rt_object *futures[7];
    int64_t numbers[7];
    struct rt_process_pool *pool = rt_process_pool_new(1, NULL);
    futures[0] = submit(pool, wait_for_go, 0);
    rt_process_semaphore_acquire(&begun, RT_NO_TIMEOUT);
    for (int i = 1; i < 7; i++) {
        futures[i] = submit(pool, wait_for_go, i);
    }
    bunch_await(rt_pool_future_is_running(futures[2]));
    for (int i = 0; i < 7; i++) {
        numbers[i] = rt_pool_future_is_running(futures[i]);
    }
    say_numbers(numbers, 7);
    for (int i = 0; i < 5; i++) {
        numbers[i] = rt_pool_future_cancel(futures[i]);
    }
    say_numbers(numbers, 5);
    rt_process_pool_shut_down(pool, false, true);
    bunch_await(rt_pool_future_is_cancelled(futures[6]));
    for (int i = 0; i < 3; i++) {
        rt_process_semaphore_release(&go);
    }
    for (int i = 0; i < 3; i++) {
        numbers[i] = result_of(futures[i]);
    }
    say_numbers(numbers, 3);
    for (int i = 0; i < 7; i++) {
        numbers[i] = rt_pool_future_is_cancelled(futures[i]);
    }
    say_numbers(numbers, 7);
    say_result(futures[6]);
    for (int i = 0; i < 7; i++) {
        rt_decref(futures[i]);
    }
    end_pool(pool);
}

static void
broken(void)
{
    struct rt_process_pool *pool = rt_process_pool_new(2, NULL);
    struct rt_object *first = submit(pool, wait_for_go, 0);
    rt_process_semaphore_acquire(&begun, RT_NO_TIMEOUT);
    struct rt_object *second = submit(pool, die, 0);
    for (int i = 0; i < 5; i++) {
        rt_xdecref(submit(pool, wait_for_go, i)); // too late, perhaps
    }
    rt_error_clear();
    say_result(first);
    say_result(second);
    say(submit(pool, square, 1) == NULL ? -1 : 0, "");
    rt_decref(first);
    rt_decref(second);
    end_pool(pool);
    fprintf(out, "%d\n", rt_process_active_count());
}

/* Prints the results, or the error. */
static void
say_map(struct rt_process_pool *pool, rt_executor_call *call, int first,
        int count, size_t chunksize)
{
    struct rt_object *arguments[10] = {NULL};
    struct rt_object *made[10];
    int64_t numbers[10];
    for (int i = 0; i < count; i++) {
        arguments[i] = rt_int_new(first + i);
    }
    int result = rt_process_pool_map(pool, call, arguments, (size_t)count,
                                     chunksize, RT_NO_TIMEOUT, made);
    for (int i = 0; i < count; i++) {
        rt_decref(arguments[i]);
        if (result == 0) {
            numbers[i] = rt_int_value(made[i]);
            rt_decref(made[i]);
        }
    }
    if (result == 0) {
        say_numbers(numbers, count);
    }
    else {
        say(result, "");
    }
}

static void
mapped(void)
{
    struct rt_process_pool *pool = rt_process_pool_new(2, NULL);
    say_map(pool, square, 0, 10, 1);
    say_map(pool, square, 0, 10, 3);
    say_map(pool, square, 0, 10, 10);
    say_map(pool, refuse, 4, 2, 2);
    say_map(pool, square, 1, 1, 0);
    end_pool(pool);
}

// --- waiting ---------------------------------------------------------------

static void
look(struct rt_object *const *futures, enum rt_pool_wait_until until)
{
    bool done[4];
    int64_t numbers[4];
    assert_number(rt_pool_wait(futures, 4, SHORT_US, until, done), 0);
    for (int i = 0; i < 4; i++) {
        numbers[i] = done[i];
    }
    say_numbers(numbers, 4);
}

/* Goes to the end, or to an error; how many came. */
static int
go_through(struct rt_object *const *futures, size_t count)
{
    struct rt_pool_as_completed iterator;
    struct rt_object *next = NULL;
    int come = 0;
    assert_number(
        rt_pool_as_completed_init(&iterator, futures, count, SHORT_US), 0);
    while (rt_pool_as_completed_next(&iterator, &next) == 0 && next != NULL) {
        rt_decref(next);
        come++;
    }
    rt_pool_as_completed_destroy(&iterator);
    return come;
}

static void
waited(void)
{
    struct rt_object *futures[8];
    for (int i = 0; i < 4; i++) {
        futures[i] = futures[4 + i] = rt_pool_future_new();
    }
    look(futures, RT_POOL_WAIT_FIRST_COMPLETED);
    rt_pool_future_cancel(futures[0]);
    look(futures, RT_POOL_WAIT_FIRST_COMPLETED);
    rt_pool_future_set_running(futures[0]);
    look(futures, RT_POOL_WAIT_FIRST_COMPLETED);
    rt_pool_future_set_result(futures[2], NULL);
    look(futures, RT_POOL_WAIT_FIRST_EXCEPTION);
    struct rt_object *exception = rt_exception_new(RT_ERROR_VALUE, "x");
    rt_pool_future_set_exception(futures[3], exception);
    rt_decref(exception);
    look(futures, RT_POOL_WAIT_FIRST_EXCEPTION);
    look(futures, RT_POOL_WAIT_ALL_COMPLETED);
    go_through(futures, 4);
    say(-1, "");
    rt_pool_future_set_result(futures[1], NULL);
    look(futures, RT_POOL_WAIT_ALL_COMPLETED);
    fprintf(out, "%d\n", go_through(futures, 8));
    for (int i = 0; i < 4; i++) {
        rt_decref(futures[i]);
    }
}

// --- queues ----------------------------------------------------------------

static int
put(struct rt_process_queue *queue, int64_t value, int64_t timeout_us)
{
    struct rt_object *object = rt_int_new(value);
    int result = rt_process_queue_put(queue, object, timeout_us);
    rt_decref(object);
    return result;
}

static int64_t
get(struct rt_process_queue *queue, int64_t timeout_us)
{
    struct rt_object *object = NULL;
    if (rt_process_queue_get(queue, timeout_us, &object) != 0) {
        return -1;
    }
    int64_t value = rt_int_value(object);
    rt_decref(object);
    return value;
}

struct boxes {
    struct rt_process_simple_queue in;
    struct rt_process_queue out;
};

static int
answer(void *data)
{
    struct boxes *boxes = data;
    struct rt_object *object = NULL;
    while (rt_process_simple_queue_get(&boxes->in, RT_NO_TIMEOUT, &object) ==
               0 &&
           object != NULL) {
        int64_t value = rt_int_value(object);
        rt_decref(object);
        if (put(&boxes->out, value * value, RT_NO_TIMEOUT) != 0) {
            return -1;
        }
    }
    return 0;
}

/* A child answers with squares. */
static void
say_answers(struct boxes *boxes)
{
    int64_t numbers[MANY];
    int code = -1;
    struct rt_process *child = rt_process_new(NULL, answer, boxes);
    assert_number(rt_process_start(child), 0);
    for (int i = 0; i < MANY; i++) {
        struct rt_object *object = rt_int_new(i);
        assert_number(rt_process_simple_queue_put(&boxes->in, object), 0);
        rt_decref(object);
    }
    assert_number(rt_process_simple_queue_put(&boxes->in, NULL), 0);
    for (int i = 0; i < MANY; i++) {
        numbers[i] = get(&boxes->out, RT_NO_TIMEOUT);
    }
    say_numbers(numbers, MANY);
    assert_number(rt_process_join(child, RT_NO_TIMEOUT), 0);
    assert_true(rt_process_exit_code(child, &code));
    rt_process_free(child);
    fprintf(out, "%d %d\n", code,
            rt_process_simple_queue_is_empty(&boxes->in));
}

static void
queues(void)
{
    struct rt_process_queue small;
    struct boxes boxes;
    assert_number(rt_process_queue_init(&small, 2), 0);
    assert_number(rt_process_simple_queue_init(&boxes.in), 0);
    assert_number(rt_process_queue_init(&boxes.out, 0), 0);
    fprintf(out, "%d %d %d\n", rt_process_queue_size(&small),
            rt_process_queue_is_empty(&small),
            rt_process_queue_is_full(&small));
    assert_number(put(&small, 1, RT_NO_TIMEOUT), 0);
    assert_number(put(&small, 2, RT_NO_TIMEOUT), 0);
    fprintf(out, "%d %d\n", rt_process_queue_size(&small),
            rt_process_queue_is_full(&small));
    say(put(&small, 3, SHORT_US), "");
    say(put(&small, 3, 0), "");
    int64_t first = get(&small, RT_NO_TIMEOUT);
    int64_t second = get(&small, RT_NO_TIMEOUT);
    fprintf(out, "%lld %lld %d\n", (long long)first, (long long)second,
            rt_process_queue_size(&small));
    say((int)get(&small, SHORT_US), "");
    say((int)get(&small, 0), "");
    say_name(rt_process_queue_join_thread(&small));
    say_answers(&boxes);
    rt_process_queue_close(&small);
    say_name(put(&small, 1, RT_NO_TIMEOUT));
    say_name((int)get(&small, RT_NO_TIMEOUT));
    rt_process_queue_destroy(&small);
    rt_process_queue_destroy(&boxes.out);
    rt_process_simple_queue_destroy(&boxes.in);
}

// --- locks -----------------------------------------------------------------

static void
say_locks(struct rt_process_semaphore *lock,
          struct rt_process_semaphore *rlock)
{
    struct rt_process_semaphore bounded;
    assert_number(rt_process_semaphore_init(&bounded, 2, true), 0);
    int got[3];
    got[0] = rt_process_semaphore_acquire(lock, RT_NO_TIMEOUT);
    got[1] = rt_process_semaphore_acquire(lock, 0);
    got[2] = rt_process_semaphore_acquire(lock, SHORT_US);
    fprintf(out, "%d %d %d\n", got[0], got[1], got[2]);
    rt_process_semaphore_release(lock);
    say(rt_process_semaphore_release(lock), "");
    say(rt_process_semaphore_release(rlock), "");
    got[0] = rt_process_semaphore_acquire(rlock, RT_NO_TIMEOUT);
    got[1] = rt_process_semaphore_acquire(rlock, RT_NO_TIMEOUT);
    fprintf(out, "%d %d\n", got[0], got[1]);
    rt_process_semaphore_release(rlock);
    rt_process_semaphore_release(rlock);
    say(rt_process_semaphore_release(&bounded), "");
    rt_process_semaphore_destroy(&bounded);
}

static void
say_condition(struct rt_process_semaphore *rlock)
{
    struct rt_process_condition condition;
    assert_number(rt_process_condition_init(&condition, rlock), 0);
    say(rt_process_condition_wait(&condition, RT_NO_TIMEOUT), "");
    say(rt_process_condition_notify(&condition, 1), "");
    rt_process_semaphore_acquire(rlock, RT_NO_TIMEOUT);
    fprintf(out, "%d ", rt_process_condition_wait(&condition, SHORT_US));
    say(rt_process_condition_notify_all(&condition), "None");
    rt_process_semaphore_release(rlock);
    rt_process_condition_destroy(&condition);
}

static void
say_event(void)
{
    struct rt_process_event event;
    assert_number(rt_process_event_init(&event), 0);
    int set = rt_process_event_is_set(&event);
    fprintf(out, "%d %d\n", set, rt_process_event_wait(&event, SHORT_US));
    rt_process_event_set(&event);
    set = rt_process_event_is_set(&event);
    fprintf(out, "%d %d\n", set, rt_process_event_wait(&event, RT_NO_TIMEOUT));
    rt_process_event_clear(&event);
    fprintf(out, "%d\n", rt_process_event_is_set(&event));
    rt_process_event_destroy(&event);
}

static void
say_barrier(void)
{
    struct rt_process_barrier barrier;
    int index = -1;
    assert_number(
        rt_process_barrier_init(&barrier, 2, NULL, NULL, RT_NO_TIMEOUT), 0);
    assert_number(rt_process_barrier_wait(&barrier, SHORT_US, &index), -1);
    say_error();
    fprintf(out, " %d\n", rt_process_barrier_is_broken(&barrier));
    rt_process_barrier_reset(&barrier);
    fprintf(out, "%d %d\n", rt_process_barrier_is_broken(&barrier),
            rt_process_barrier_waiting(&barrier));
    rt_process_barrier_destroy(&barrier);
}

static void
locks(void)
{
    struct rt_process_semaphore lock;
    struct rt_process_semaphore rlock;
    assert_number(rt_process_lock_init(&lock), 0);
    assert_number(rt_process_rlock_init(&rlock), 0);
    say_locks(&lock, &rlock);
    say_condition(&rlock);
    say_event();
    say_barrier();
    rt_process_semaphore_destroy(&lock);
    rt_process_semaphore_destroy(&rlock);
}

// --- memory ----------------------------------------------------------------

static void
memory(void)
{
    static const char NAME[] = "ouro_processes_test";
    const int64_t zero = 0;
    const int64_t two = 2;
    int64_t value = 0;
    say(rt_shared_memory_attach(NAME) == NULL ? -1 : 0, "");
    struct rt_object *block = rt_shared_memory_create(NAME, 16);
    fprintf(out, "%s %zu\n", rt_shared_memory_name(block),
            rt_shared_memory_size(block));
    say(rt_shared_memory_create(NAME, 16) == NULL ? -1 : 0, "");
    struct rt_object *all = rt_view_new(block);
    struct rt_object *part = rt_view_slice(all, 2, 4, 1);
    say(rt_shared_memory_close(block), "");
    assert_number(rt_view_set(part, &zero, 1, 77), 0);
    struct rt_object *other = rt_shared_memory_attach(NAME);
    struct rt_object *others = rt_view_new(other);
    assert_number(rt_view_get(others, &two, 1, &value), 0);
    fprintf(out, "%lld\n", (long long)value);
    rt_decref(part);
    rt_decref(all);
    rt_decref(others);
    say(rt_shared_memory_close(block), "None");
    assert_number(rt_shared_memory_unlink(other), 0);
    say(rt_shared_memory_attach(NAME) == NULL ? -1 : 0, "");
    rt_decref(other);
    rt_decref(block);
    rt_resource_tracker_stop();
}

// --- comparing -------------------------------------------------------------

/* What python3 prints for the scenario, NULL for its version; new, "" if it
 * cannot. */
static char *
ask_python(const char *scenario)
{
    char command[128];
    char *said = NULL;
    size_t size = 0;
    char line[1024];
    snprintf(command, sizeof(command),
             "python3 tests/conformance/processes.py %s 2>/dev/null",
             scenario != NULL ? scenario : "");
    FILE *python = popen(command, "r");
    FILE *all = open_memstream(&said, &size);
    assert_non_null(python);
    while (fgets(line, sizeof(line), python) != NULL) {
        fputs(line, all);
    }
    pclose(python);
    fclose(all);
    return said;
}

static bool
there_is_a_python(void)
{
    static int minor;
    if (minor == 0) {
        char *said = ask_python(NULL);
        minor = said[0] != '\0' ? atoi(said) : -1;
        free(said);
    }
    return minor >= 11 && minor <= 13;
}

/* A case for each scenario: *state is the table's row. */
struct scenario {
    const char *name;
    void (*run)(void);
};

static void
both_say_the_same(void **state)
{
    const struct scenario *scenario = *state;
    char *mine = NULL;
    size_t size = 0;
    if (!there_is_a_python()) {
        skip();
    }
    char *pythons = ask_python(scenario->name);
    rt_thread_attach();
    assert_number(rt_process_semaphore_init(&begun, 0, false), 0);
    assert_number(rt_process_semaphore_init(&go, 0, false), 0);
    out = open_memstream(&mine, &size);
    scenario->run();
    fclose(out);
    assert_text(mine, pythons);
    free(mine);
    free(pythons);
    rt_process_semaphore_destroy(&begun);
    rt_process_semaphore_destroy(&go);
    rt_thread_shutdown();
    assert_number(rt_process_active_count(), 0);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
}

#define SCENARIO(function)                                                    \
    {                                                                         \
#function, both_say_the_same, NULL, NULL, &(struct scenario)          \
        {                                                                     \
#function, function                                               \
        }                                                                     \
    }

int
main(void)
{
    const struct CMUnitTest cases[] = {
        SCENARIO(results), SCENARIO(running), SCENARIO(broken),
        SCENARIO(mapped),  SCENARIO(waited),  SCENARIO(queues),
        SCENARIO(locks),   SCENARIO(memory),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
