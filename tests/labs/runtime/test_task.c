#include "labs/runtime/alloc.h"
#include "labs/runtime/as_completed.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gather.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/shield.h"
#include "labs/runtime/sleep.h"
#include "labs/runtime/string.h"
#include "labs/runtime/task.h"
#include "labs/runtime/task_group.h"
#include "labs/runtime/timeout.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/wait.h"
#include "labs/runtime/wait_for.h"
#include "labs/testing.h"

static struct rt_loop *loop;
static char trouble_text[128];

static void
expect_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

static void
turn(void)
{
    rt_loop_stop(loop);
    assert_number(rt_loop_run_forever(loop), 0);
}

// --- bodies ----------------------------------------------------------------

/* Awaits what it holds, which may be nothing, and returns a number. */
struct waiting {
    struct rt_coroutine frame;
    struct rt_object *awaited; // NULL: it sleeps so long
    struct rt_object *seen;
    double delay_s;
    int number;
    bool fails;
};

static enum rt_sent
waiting_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct waiting *my = (struct waiting *)frame;
    RT_BEGIN;
    RT_AWAIT(my->awaited != NULL ? rt_new_ref(my->awaited)
                                 : rt_sleep(my->delay_s));
    if (sent == NULL) {
        RT_FAIL;
    }
    if (my->fails) {
        rt_error_set(RT_ERROR_EXCEPTION, "Boom");
        RT_FAIL;
    }
    RT_RETURN(rt_int_new(my->number));
    RT_END;
}

static const struct rt_code waiting_code =
    RT_COROUTINE("waiting", struct waiting, 2, waiting_body);

/* NULL with a pending memory error. */
static struct rt_object *
sleeper(double delay_s, int number, bool fails)
{
    struct waiting *waiting = rt_coroutine_new(&waiting_code);
    if (waiting == NULL) {
        return NULL;
    }
    waiting->delay_s = delay_s;
    waiting->number = number;
    waiting->fails = fails;
    return &waiting->frame.head;
}

static struct rt_object *
waiter_for(struct rt_object *future)
{
    struct waiting *waiting = rt_coroutine_new(&waiting_code);
    if (waiting == NULL) {
        return NULL;
    }
    waiting->awaited = rt_new_ref(future);
    waiting->number = 7;
    return &waiting->frame.head;
}

// --- lonely tasks ----------------------------------------------------------

/* row: TA25 test_tasks.BaseTaskTests.test_log_destroyed_pending_task */
static void
a_pending_task_that_nobody_holds_is_destroyed_and_reported(void **state)
{
    (void)state;
    struct rt_object *future = rt_future_new(loop);
    rt_decref(rt_task_new(loop, waiter_for(future)));
    turn();
    rt_decref(future); // now it hangs in the air, with all that it knows
    assert_text(trouble_text, "");
    rt_gc_collect(2);
    assert_text(trouble_text, "Task was destroyed but it is pending!");
}

static void
count_tasks(struct rt_object *task, void *data)
{
    assert_true(rt_task_check(task));
    ++*(int *)data;
}

static int
number_of_tasks(void)
{
    int count = 0;
    rt_task_each(loop, count_tasks, &count);
    return count;
}

static void
all_tasks_are_listed_until_they_are_done(void **state)
{
    (void)state;
    struct rt_loop *other = rt_loop_new();
    struct rt_object *first = rt_task_new(loop, sleeper(0, 1, false));
    struct rt_object *second = rt_task_new(loop, sleeper(5, 2, false));
    struct rt_object *stranger = rt_task_new(other, sleeper(5, 3, false));
    assert_number(number_of_tasks(), 2);
    turn();
    turn();
    assert_true(rt_future_is_done(first));
    assert_number(number_of_tasks(), 1);
    ((struct rt_future *)second)->is_quiet = true;
    ((struct rt_future *)stranger)->is_quiet = true;
    rt_decref(first);
    rt_decref(second);
    rt_loop_free(other);
    rt_decref(stranger);
}

static void
a_task_takes_no_result_from_outside(void **state)
{
    (void)state;
    struct rt_object *task = rt_task_new(loop, sleeper(0, 1, false));
    assert_number(rt_future_set_result(task, rt_none), -1);
    expect_error(RT_ERROR_RUNTIME,
                 "Task does not support set_result operation");
    rt_decref(rt_loop_run_until_complete(loop, task));
    rt_decref(task);
}

static void
a_task_needs_a_coroutine(void **state)
{
    (void)state;
    assert_null(rt_task_new(loop, rt_none));
    expect_error(RT_ERROR_TYPE, "a coroutine was expected, got NoneType");
}

static void
the_message_of_a_cancellation_arrives(void **state)
{
    (void)state;
    struct rt_object *message = rt_str_new("enough");
    struct rt_object *task = rt_task_new(loop, sleeper(5, 1, false));
    turn();
    assert_true(rt_future_cancel(task, message));
    assert_null(rt_loop_run_until_complete(loop, task));
    expect_error(RT_ERROR_CANCELLED, "enough");
    rt_decref(task);
    task = rt_task_new(loop, sleeper(5, 1, false));
    assert_true(rt_future_cancel(task, message)); // before it has begun
    assert_null(rt_loop_run_until_complete(loop, task));
    expect_error(RT_ERROR_CANCELLED, "enough");
    rt_decref(task);
    rt_decref(message);
}

static void
a_future_of_another_loop_is_refused(void **state)
{
    (void)state;
    struct rt_loop *other = rt_loop_new();
    struct rt_object *future = rt_future_new(other);
    struct rt_object *task = rt_task_new(loop, waiter_for(future));
    assert_null(rt_loop_run_until_complete(loop, task));
    expect_error(RT_ERROR_RUNTIME,
                 "Task got Future attached to a different loop");
    rt_decref(task);
    rt_decref(future);
    rt_loop_free(other);
}

static enum rt_sent
odd_body(struct rt_coroutine *frame, struct rt_object *sent,
         struct rt_object **result)
{
    struct waiting *my = (struct waiting *)frame;
    RT_BEGIN;
    RT_YIELD(my->awaited != NULL ? rt_new_ref(my->awaited) : rt_int_new(1000));
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

static void
what_is_yielded_must_be_a_future_that_is_awaited(void **state)
{
    (void)state;
    static const struct rt_code CODE =
        RT_COROUTINE("odd", struct waiting, 2, odd_body);
    assert_null(rt_loop_run_until_complete(loop, rt_coroutine_new(&CODE)));
    expect_error(RT_ERROR_RUNTIME, "Task got bad yield");
    struct waiting *odd = rt_coroutine_new(&CODE);
    odd->awaited = rt_future_new(loop);
    assert_null(rt_loop_run_until_complete(loop, &odd->frame.head));
    expect_error(RT_ERROR_RUNTIME,
                 "yield was used instead of yield from in task");
}

static void
an_eager_task_begins_at_once(void **state)
{
    (void)state;
    rt_loop_set_eager(loop, true);
    struct rt_object *task = rt_task_new(loop, sleeper(0, 1, false));
    assert_false(rt_future_is_done(task)); // but not while nothing runs
    struct rt_object *result = rt_loop_run_until_complete(loop, task);
    assert_number(rt_int_value(result), 1);
    rt_decref(result);
    rt_decref(task);
}

// --- groups ----------------------------------------------------------------

/* A group with one member that fails; another one comes too late. */
static enum rt_sent
group_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct waiting *my = (struct waiting *)frame;
    RT_BEGIN;
    my->awaited = rt_task_group_new();
    assert_number(rt_task_group_enter(my->awaited), 0);
    assert_number(rt_task_group_enter(my->awaited), -1);
    expect_error(RT_ERROR_RUNTIME, "TaskGroup has already been entered");
    rt_decref(rt_task_group_create_task(my->awaited, sleeper(1, 1, true)));
    RT_AWAIT(rt_sleep(10));
    assert_null(sent); // the group has cancelled its owner
    my->seen = rt_exception_catch();
    assert_null(rt_task_group_create_task(my->awaited, sleeper(1, 2, false)));
    expect_error(RT_ERROR_RUNTIME, "TaskGroup is shutting down");
    rt_exception_raise(my->seen);
    RT_AWAIT(rt_task_group_exit(my->awaited, true));
    assert_null(sent);
    RT_FAIL;
    RT_END;
}

/* row: SC19
 * test_taskgroups.TestTaskGroup.test_taskgroup_no_create_task_after_failure */
static void
a_failing_group_takes_no_new_members(void **state)
{
    (void)state;
    static const struct rt_code CODE =
        RT_COROUTINE("group", struct waiting, 2, group_body);
    assert_null(rt_loop_run_until_complete(loop, rt_coroutine_new(&CODE)));
    assert_number(rt_error_occurred(), RT_ERROR_GROUP);
    struct rt_object *group = rt_exception_catch();
    struct rt_object *members = rt_exception_members(group);
    assert_number(rt_list_size(members), 1);
    assert_text(rt_exception_text(rt_list_at(members, 0)), "Boom");
    rt_decref(group);
}

// --- as completed ----------------------------------------------------------

static enum rt_sent
completed_body(struct rt_coroutine *frame, struct rt_object *sent,
               struct rt_object **result)
{
    struct waiting *my = (struct waiting *)frame;
    RT_BEGIN;
    my->seen = rt_as_completed_next(my->awaited);
    while (my->seen != NULL) {
        RT_AWAIT(rt_new_ref(my->seen));
        my->number *= 10;
        if (sent != NULL) {
            my->number += (int)rt_int_value(sent);
        }
        else {
            rt_error_clear(); // a 0
        }
        rt_set_ref(&my->seen, rt_as_completed_next(my->awaited));
    }
    RT_RETURN(rt_int_new(my->number));
    RT_END;
}

/* The numbers of the sleepers as they come, 0 for one that failed or was given
 * up after a limit. */
static int
completed(double limit_s)
{
    static const struct rt_code CODE =
        RT_COROUTINE("completed", struct waiting, 2, completed_body);
    struct rt_object *list = rt_list_new();
    struct rt_object *parts[] = {sleeper(3, 3, false), sleeper(1, 1, false),
                                 sleeper(2, 2, true), sleeper(4, 4, false)};
    for (int i = 0; i < 4; i++) {
        assert_number(rt_list_append(list, parts[i]), 0);
        rt_decref(parts[i]);
    }
    struct waiting *body = rt_coroutine_new(&CODE);
    body->awaited = rt_as_completed(loop, list, limit_s);
    assert_non_null(body->awaited);
    struct rt_object *result =
        rt_loop_run_until_complete(loop, &body->frame.head);
    int number = (int)rt_int_value(result);
    rt_decref(result);
    rt_decref(list);
    return number;
}

static void
results_come_as_they_are_completed(void **state)
{
    (void)state;
    assert_number(completed(1000), 1034);
}

static void
those_that_take_too_long_are_given_up(void **state)
{
    (void)state;
    assert_number(completed(3.5), 1030);
    struct rt_object *rest = sleeper(10, 0, false); // the last one ends
    rt_decref(rt_loop_run_until_complete(loop, rest));
}

static int begin(void **state);
static int end(void **state);

// --- without memory --------------------------------------------------------

/* Uses all there is. 0, or -1 with a pending error. */
static int
use_everything(void)
{
    struct rt_object *list = rt_list_new();
    struct rt_object *all = NULL;
    struct rt_object *result = NULL;
    for (int i = 0; list != NULL && i < 3; i++) {
        struct rt_object *one = i == 0 ? rt_wait_for(sleeper(5, i, false), 1)
                                : i == 1
                                    ? sleeper(2, i, true)
                                    : rt_shield(loop, sleeper(1, i, false));
        if (one == NULL || rt_list_append(list, one) != 0) {
            rt_clear(&list);
        }
        rt_xdecref(one);
    }
    if (list != NULL) {
        all = rt_gather(loop, list, true);
    }
    if (all != NULL) {
        result = rt_loop_run_until_complete(loop, all);
    }
    rt_xdecref(list);
    rt_xdecref(all);
    int status = result != NULL ? 0 : -1;
    rt_xdecref(result);
    return status;
}

static void
ignore_trouble(struct rt_loop *where, const struct rt_loop_trouble *trouble,
               void *data)
{
    (void)where;
    (void)trouble;
    (void)data;
}

static void
ignore_never_awaited(const struct rt_code *code)
{
    (void)code;
}

/* An allocator that fails once, at the allocation that is its turn. */
static struct {
    struct rt_allocator real;
    size_t left; // until it fails; 0: it has
} failing;

static void *
failing_alloc(void *context, size_t size)
{
    (void)context;
    if (failing.left > 0 && --failing.left == 0) {
        return NULL;
    }
    return failing.real.alloc(failing.real.context, size);
}

static void *
failing_realloc(void *context, void *block, size_t size)
{
    (void)context;
    if (failing.left > 0 && --failing.left == 0) {
        return NULL;
    }
    return failing.real.realloc(failing.real.context, block, size);
}

static void
failing_free(void *context, void *block)
{
    (void)context;
    failing.real.free(failing.real.context, block);
}

/* Uses everything while the nth allocation fails; whether there were so many.
 */
static bool
use_everything_but(size_t nth)
{
    static const struct rt_allocator FAILING = {.alloc = failing_alloc,
                                                .realloc = failing_realloc,
                                                .free = failing_free};
    failing.real = rt_alloc_get();
    failing.left = nth;
    rt_alloc_set(&FAILING);
    (void)use_everything();
    rt_alloc_set(&failing.real);
    rt_error_clear();
    return failing.left == 0;
}

/* Wherever memory runs out, somebody hears of it, and all that was made is
 * given back. */
static void
memory_may_run_out_anywhere(void **state)
{
    size_t nth = 0;
    bool has_failed = true;
    while (has_failed) {
        has_failed = use_everything_but(++nth);
        assert_number(end(state), 0);
        assert_number(begin(state), 0);
        rt_loop_set_exception_handler(loop, ignore_trouble, NULL);
    }
    assert_in_range(nth, 30, 1000);
}

// --- all of them -----------------------------------------------------------

static void
hear(struct rt_loop *where, const struct rt_loop_trouble *trouble, void *data)
{
    (void)where;
    (void)data;
    strncpy(trouble_text, trouble->message, sizeof(trouble_text) - 1);
}

static int
begin(void **state)
{
    (void)state;
    trouble_text[0] = '\0';
    rt_gc_disable();
    rt_coroutine_set_never_awaited_hook(ignore_never_awaited);
    loop = rt_loop_new();
    assert_non_null(loop);
    rt_loop_use_virtual_clock(loop);
    rt_loop_set_exception_handler(loop, hear, NULL);
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
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_alloc_live_blocks(), 0);
    return 0;
}

#define TASK_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        TASK_TEST(a_pending_task_that_nobody_holds_is_destroyed_and_reported),
        TASK_TEST(all_tasks_are_listed_until_they_are_done),
        TASK_TEST(a_task_takes_no_result_from_outside),
        TASK_TEST(a_task_needs_a_coroutine),
        TASK_TEST(the_message_of_a_cancellation_arrives),
        TASK_TEST(a_future_of_another_loop_is_refused),
        TASK_TEST(what_is_yielded_must_be_a_future_that_is_awaited),
        TASK_TEST(an_eager_task_begins_at_once),
        TASK_TEST(a_failing_group_takes_no_new_members),
        TASK_TEST(results_come_as_they_are_completed),
        TASK_TEST(those_that_take_too_long_are_given_up),
        TASK_TEST(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
