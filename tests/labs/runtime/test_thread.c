#include <pthread.h>
#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/list.h"
#include "labs/runtime/safe_point.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_event.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_thread_event go;
static size_t blocks_before;
static char heard[256];

static int
start_clean(void **state)
{
    (void)state;
    rt_thread_event_init(&go);
    rt_error_clear();
    heard[0] = '\0';
    blocks_before = rt_alloc_live_blocks();
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_thread_event_destroy(&go);
    rt_thread_set_excepthook(NULL);
    assert_number(rt_thread_active_count(), 1);
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static int
wait_for_go(void *data)
{
    (void)data;
    return rt_thread_event_wait(&go, RT_NO_TIMEOUT) == 1 ? 0 : -1;
}

static int
do_nothing(void *data)
{
    (void)data;
    return 0;
}

static void
assert_error(int result, enum rt_error error, const char *text)
{
    assert_number(result, -1);
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

// --- start, join, alive ----------------------------------------------------

static void
it_is_alive_from_its_start_to_its_end(void **state)
{
    (void)state;
    struct rt_thread *thread = rt_thread_new(NULL, wait_for_go, NULL);
    assert_false(rt_thread_is_alive(thread));
    assert_number(rt_thread_ident(thread), 0);
    assert_number(rt_thread_start(thread), 0);
    assert_true(rt_thread_is_alive(thread));
    assert_true(rt_thread_ident(thread) != 0);
    assert_true(rt_thread_native_id(thread) != 0);
    assert_number(rt_thread_active_count(), 2);
    rt_thread_event_set(&go);
    assert_number(rt_thread_join(thread, RT_NO_TIMEOUT), 0);
    assert_false(rt_thread_is_alive(thread));
    assert_number(rt_thread_join(thread, RT_NO_TIMEOUT), 0);
    assert_number(rt_thread_active_count(), 1);
    rt_thread_free(thread);
}

static void
join_returns_when_the_time_is_over(void **state)
{
    (void)state;
    struct rt_thread *thread = rt_thread_new(NULL, wait_for_go, NULL);
    rt_thread_start(thread);
    assert_number(rt_thread_join(thread, 1000), 0);
    assert_true(rt_thread_is_alive(thread));
    assert_number(rt_thread_join(thread, 0), 0);
    assert_number(rt_thread_join(thread, -7), 0);
    assert_true(rt_thread_is_alive(thread));
    rt_thread_event_set(&go);
    assert_number(rt_thread_join(thread, RT_NO_TIMEOUT), 0);
    rt_thread_free(thread);
}

static void
it_starts_once(void **state)
{
    (void)state;
    struct rt_thread *thread = rt_thread_new(NULL, do_nothing, NULL);
    assert_error(rt_thread_join(thread, RT_NO_TIMEOUT), RT_ERROR_RUNTIME,
                 "cannot join thread before it is started");
    assert_number(rt_thread_start(thread), 0);
    assert_error(rt_thread_start(thread), RT_ERROR_RUNTIME,
                 "threads can only be started once");
    rt_thread_join(thread, RT_NO_TIMEOUT);
    assert_error(rt_thread_start(thread), RT_ERROR_RUNTIME,
                 "threads can only be started once");
    rt_thread_free(thread);
}

static int
join_oneself(void *data)
{
    (void)data;
    int result = rt_thread_join(rt_thread_current(), RT_NO_TIMEOUT);
    snprintf(heard, sizeof(heard), "%s", rt_error_text());
    rt_error_clear();
    return result == -1 ? 0 : -1;
}

static void
nobody_joins_themselves(void **state)
{
    (void)state;
    assert_error(rt_thread_join(rt_thread_current(), RT_NO_TIMEOUT),
                 RT_ERROR_RUNTIME, "cannot join current thread");
    struct bunch bunch;
    bunch_start(&bunch, 1, join_oneself, NULL);
    bunch_finish(&bunch);
    assert_text(heard, "cannot join current thread");
}

static int
join_another(void *data)
{
    return rt_thread_join(data, RT_NO_TIMEOUT);
}

static void
several_may_join_one(void **state)
{
    (void)state;
    struct rt_thread *thread = rt_thread_new(NULL, wait_for_go, NULL);
    rt_thread_start(thread);
    struct bunch bunch;
    bunch_start(&bunch, 5, join_another, thread);
    rt_thread_event_set(&go);
    bunch_finish(&bunch);
    assert_false(rt_thread_is_alive(thread));
    rt_thread_free(thread);
}

static void
it_runs_on_when_it_is_given_back(void **state)
{
    (void)state;
    struct rt_thread *thread = rt_thread_new(NULL, wait_for_go, NULL);
    rt_thread_start(thread);
    rt_thread_free(thread);
    assert_number(rt_thread_active_count(), 2);
    rt_thread_event_set(&go);
    rt_thread_shutdown();
    bunch_await(rt_alloc_live_blocks() == blocks_before);
}

static void
one_that_is_not_started_can_be_given_back(void **state)
{
    (void)state;
    rt_thread_free(rt_thread_new(NULL, do_nothing, NULL));
    rt_thread_free(NULL);
}

static void
no_memory_is_an_error(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_thread_new(NULL, do_nothing, NULL));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
}

// --- names, daemons --------------------------------------------------------

static int
note_name(void *data)
{
    (void)data;
    snprintf(heard, sizeof(heard), "%s", rt_thread_name(rt_thread_current()));
    return 0;
}

static void
it_has_the_name_it_is_given(void **state)
{
    (void)state;
    assert_text(rt_thread_name(rt_thread_current()), "MainThread");
    struct rt_thread *thread = rt_thread_new("reader", note_name, NULL);
    assert_text(rt_thread_name(thread), "reader");
    rt_thread_set_name(thread, "writer");
    rt_thread_start(thread);
    rt_thread_join(thread, RT_NO_TIMEOUT);
    assert_text(heard, "writer");
    rt_thread_free(thread);
}

static void
without_a_name_it_has_a_number(void **state)
{
    (void)state;
    struct rt_thread *first = rt_thread_new(NULL, do_nothing, NULL);
    struct rt_thread *second = rt_thread_new(NULL, do_nothing, NULL);
    int one = 0;
    int other = 0;
    assert_number(sscanf(rt_thread_name(first), "Thread-%d", &one), 1);
    assert_number(sscanf(rt_thread_name(second), "Thread-%d", &other), 1);
    assert_number(other, one + 1);
    rt_thread_free(first);
    rt_thread_free(second);
}

static void *
run_outside(void *data)
{
    rt_thread_attach();
    note_name(data);
    heard[64] = rt_thread_is_daemon(rt_thread_current()) ? 'd' : '-';
    rt_thread_detach();
    return NULL;
}

static void
a_thread_of_others_is_a_dummy(void **state)
{
    (void)state;
    pthread_t thread;
    rt_thread_detach();
    pthread_create(&thread, NULL, run_outside, NULL);
    pthread_join(thread, NULL);
    assert_number(strncmp(heard, "Dummy-", 6), 0);
    assert_int_equal(heard[64], 'd');
}

static int
start_a_child(void *data)
{
    (void)data;
    struct rt_thread *child = rt_thread_new(NULL, do_nothing, NULL);
    snprintf(heard, sizeof(heard), "%s",
             rt_thread_is_daemon(child) ? "daemon" : "not");
    rt_thread_free(child);
    return 0;
}

static void
a_daemon_has_daemons_and_stays_one(void **state)
{
    (void)state;
    struct rt_thread *thread = rt_thread_new(NULL, start_a_child, NULL);
    assert_false(rt_thread_is_daemon(thread));
    assert_number(rt_thread_set_daemon(thread, true), 0);
    rt_thread_start(thread);
    assert_error(rt_thread_set_daemon(thread, false), RT_ERROR_RUNTIME,
                 "cannot set daemon status of active thread");
    rt_thread_join(thread, RT_NO_TIMEOUT);
    assert_text(heard, "daemon");
    rt_thread_free(thread);
}

// --- the end ---------------------------------------------------------------

static atomic_int ended;

static int
end_when_told(void *data)
{
    rt_thread_event_wait(&go, RT_NO_TIMEOUT);
    if (data != NULL) {
        struct bunch children;
        bunch_start(&children, 2, end_when_told, NULL);
        for (int i = 0; i < 2; i++) {
            rt_thread_free(children.threads[i]);
        }
    }
    atomic_fetch_add(&ended, 1);
    return 0;
}

static void
shutdown_waits_for_all_but_daemons(void **state)
{
    (void)state;
    atomic_store(&ended, 0);
    struct rt_thread *daemon = rt_thread_new("daemon", wait_for_go, NULL);
    rt_thread_set_daemon(daemon, true);
    rt_thread_start(daemon);
    struct bunch bunch;
    bunch_start(&bunch, 3, end_when_told, heard);
    rt_thread_event_set(&go);
    rt_thread_shutdown();
    assert_number(atomic_load(&ended), 3 + 6);
    bunch_finish(&bunch);
    rt_thread_join(daemon, RT_NO_TIMEOUT);
    rt_thread_free(daemon);
    bunch_await(rt_alloc_live_blocks() == blocks_before);
}

static void
shutdown_does_not_wait_for_a_daemon(void **state)
{
    (void)state;
    struct rt_thread *daemon = rt_thread_new("daemon", wait_for_go, NULL);
    rt_thread_set_daemon(daemon, true);
    rt_thread_start(daemon);
    rt_thread_shutdown();
    assert_true(rt_thread_is_alive(daemon));
    rt_thread_event_set(&go);
    rt_thread_join(daemon, RT_NO_TIMEOUT);
    rt_thread_free(daemon);
}

static int
fail_on_purpose(void *data)
{
    (void)data;
    return rt_error_set(RT_ERROR_VALUE, "on purpose");
}

static void
hear(struct rt_thread *thread, const struct rt_error_state *error)
{
    snprintf(heard, sizeof(heard), "%s: %s: %s", rt_thread_name(thread),
             rt_error_name(error->error), error->text);
}

static void
an_error_that_ends_a_thread_goes_to_the_hook(void **state)
{
    (void)state;
    rt_thread_set_excepthook(hear);
    struct rt_thread *thread = rt_thread_new("worker", fail_on_purpose, NULL);
    rt_thread_start(thread);
    rt_thread_join(thread, RT_NO_TIMEOUT);
    rt_thread_free(thread);
    assert_text(heard, "worker: ValueError: on purpose");
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
}

static void
add_a_letter(struct rt_thread *thread, void *data)
{
    strncat(data, rt_thread_name(thread), 1);
}

static void
the_living_are_visited_in_the_order_of_their_starts(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a", "b", "c"};
    struct rt_thread *threads[3];
    for (int i = 0; i < 3; i++) {
        threads[i] = rt_thread_new(NAMES[i], wait_for_go, NULL);
        rt_thread_start(threads[i]);
    }
    rt_thread_each(add_a_letter, heard);
    assert_text(heard, "abc");
    rt_thread_event_set(&go);
    for (int i = 0; i < 3; i++) {
        rt_thread_join(threads[i], RT_NO_TIMEOUT);
        rt_thread_free(threads[i]);
    }
}

// --- with objects ----------------------------------------------------------

enum {
    LEVELS = 60,
    NESTS = 300
};

static int finalized; // guarded by the GIL

static void
count_finalizer(struct rt_object *object)
{
    (void)object;
    finalized++;
}

/* Lists in lists, the innermost of which holds an object with a finalizer. */
static int
build_and_drop_nests(void *data)
{
    for (int i = 0; i < NESTS; i++) {
        struct rt_object *nest = rt_instance_new(data);
        for (int level = 0; level < LEVELS; level++) {
            struct rt_object *outer = rt_list_new();
            rt_list_append(outer, nest);
            rt_decref(nest);
            nest = outer;
            rt_safe_point();
        }
        rt_decref(nest);
        rt_safe_point();
    }
    return 0;
}

/* row: RC08 test_gc.GCTests.test_trashcan_threads */
static void
deep_nests_die_beside_each_other(void **state)
{
    (void)state;
    static const char *const FIELDS[] = {"a"};
    static struct rt_class class;
    rt_class_init(&class, "finalized", FIELDS, 1, count_finalizer);
    finalized = 0;
    rt_thread_attach();
    rt_set_switch_interval_us(100);
    struct bunch bunch;
    bunch_start(&bunch, 2, build_and_drop_nests, &class);
    bunch_finish(&bunch);
    rt_set_switch_interval_us(5000);
    assert_number(finalized, 2 * NESTS);
    assert_null(rt_gc_check());
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(it_is_alive_from_its_start_to_its_end),
        CASE(join_returns_when_the_time_is_over),
        CASE(it_starts_once),
        CASE(nobody_joins_themselves),
        CASE(several_may_join_one),
        CASE(it_runs_on_when_it_is_given_back),
        CASE(one_that_is_not_started_can_be_given_back),
        CASE(no_memory_is_an_error),
        CASE(it_has_the_name_it_is_given),
        CASE(without_a_name_it_has_a_number),
        CASE(a_thread_of_others_is_a_dummy),
        CASE(a_daemon_has_daemons_and_stays_one),
        CASE(shutdown_waits_for_all_but_daemons),
        CASE(shutdown_does_not_wait_for_a_daemon),
        CASE(an_error_that_ends_a_thread_goes_to_the_hook),
        CASE(deep_nests_die_beside_each_other),
        CASE(the_living_are_visited_in_the_order_of_their_starts),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
