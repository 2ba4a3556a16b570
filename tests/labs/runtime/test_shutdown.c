/* The end of the program: what happens, in which order. */
#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/last_call.h"
#include "labs/runtime/list.h"
#include "labs/runtime/shutdown.h"
#include "labs/runtime/string.h"
#include "labs/testing.h"
#include "tests/support/stress.h"

static const char *const NAMES[] = {"loop"};
static struct rt_class speaking, making, plain;
static char events[256]; // in the order in which they came
static int unraisable;

static void
note(const char *event)
{
    size_t length = strlen(events);
    size_t room = sizeof(events) - length;
    assert_true(snprintf(events + length, room, "%s ", event) < (int)room);
}

static void
speak(struct rt_object *object)
{
    (void)object;
    note("del");
}

/* Leaves a cycle behind that has last words of its own. */
static void
make_another(struct rt_object *object)
{
    (void)object;
    note("make");
    struct rt_object *made = rt_instance_new(&speaking);
    rt_instance_set(made, 0, made);
    rt_decref(made);
}

static int
note_data(void *data)
{
    note(data);
    return 0;
}

static int
note_last_call(struct rt_object *function, struct rt_object *last_call)
{
    (void)function;
    (void)last_call;
    note(rt_gc_is_enabled() ? "finalize+" : "finalize");
    return 0;
}

static const struct rt_type function_type = {.name = "function",
                                             .basicsize =
                                                 sizeof(struct rt_object),
                                             .call = note_last_call};
static struct rt_object function = {RT_IMMORTAL_REFCNT, &function_type};

static void
count_unraisable(struct rt_object *source)
{
    (void)source;
    unraisable++;
}

static void
note_collection(const struct rt_gc_event *event, void *unused)
{
    (void)unused;
    if (!event->stop) {
        note("gc");
    }
}

static int
start_clean(void **state)
{
    (void)state;
    rt_class_init(&speaking, "speaking", NAMES, 1, speak);
    rt_class_init(&making, "making", NAMES, 1, make_another);
    rt_class_init(&plain, "plain", NAMES, 1, NULL);
    rt_error_clear();
    rt_gc_disable();
    rt_gc_collect(2);
    events[0] = '\0';
    unraisable = 0;
    rt_error_set_unraisable_hook(count_unraisable);
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_gc_clear_callbacks();
    rt_gc_clear_garbage();
    rt_error_set_unraisable_hook(NULL);
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

/* Puts value, which is handed over, into the names. */
static void
define(struct rt_object *names, const char *name, struct rt_object *value)
{
    struct rt_object *key = rt_str_new(name);
    assert_number(rt_dict_set(names, key, value), 0);
    rt_decref(key);
    rt_decref(value);
}

/* A list that holds itself and one of the class. */
static struct rt_object *
cycle_with(const struct rt_class *class)
{
    struct rt_object *list = rt_list_new();
    struct rt_object *object = rt_instance_new(class);
    assert_number(rt_list_append(list, object), 0);
    assert_number(rt_list_append(list, list), 0);
    rt_decref(object);
    return list;
}

/* row: GC22 test_gc.GCTests.test_gc_main_module_at_shutdown */
static void
a_cycle_that_is_alive_at_the_end_gets_its_last_words_once(void **state)
{
    (void)state;
    struct rt_object *names = rt_dict_new();
    define(names, "l", cycle_with(&speaking));
    rt_shutdown(&names);
    assert_null(names);
    assert_text(events, "del ");
    rt_shutdown(&names);
    assert_text(events, "del ");
}

static void
exit_functions_run_first_and_the_newest_before_the_others(void **state)
{
    (void)state;
    char one[] = "one";
    char two[] = "two";
    struct rt_object *names = rt_dict_new();
    define(names, "l", cycle_with(&speaking));
    assert_number(rt_at_exit(note_data, one), 0);
    assert_number(rt_at_exit(note_data, two), 0);
    rt_shutdown(&names);
    assert_text(events, "two one del ");
    rt_shutdown(&names);
    assert_text(events, "two one del ");
}

static void
registered_finalizers_run_among_the_exit_functions(void **state)
{
    (void)state;
    char one[] = "one";
    char two[] = "two";
    struct rt_object *names = rt_dict_new();
    struct rt_object *object = rt_instance_new(&speaking);
    rt_gc_enable();
    assert_number(rt_at_exit(note_data, one), 0);
    rt_decref(rt_last_call_new(object, &function));
    assert_number(rt_at_exit(note_data, two), 0);
    rt_decref(rt_last_call_new(object, &function));
    define(names, "o", object);
    rt_shutdown(&names);
    assert_true(rt_gc_is_enabled());
    rt_gc_disable();
    assert_text(events, "two finalize finalize one del ");
}

static int
fail_with(void *data)
{
    note(data);
    return rt_error_set(RT_ERROR_VALUE, "at exit");
}

static void
an_error_in_one_does_not_stop_the_next(void **state)
{
    (void)state;
    char one[] = "one";
    char two[] = "two";
    struct rt_object *names = NULL;
    assert_number(rt_at_exit(note_data, one), 0);
    assert_number(rt_at_exit(fail_with, two), 0);
    rt_shutdown(&names);
    assert_text(events, "two one ");
    assert_number(unraisable, 1);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
}

static int
register_another(void *data)
{
    note("register");
    return rt_at_exit(note_data, data);
}

static void
what_an_exit_function_registers_does_not_run(void **state)
{
    (void)state;
    char one[] = "one";
    struct rt_object *names = NULL;
    assert_number(rt_at_exit(register_another, one), 0);
    rt_shutdown(&names);
    rt_shutdown(&names);
    assert_text(events, "register ");
}

static void
too_many_exit_functions_are_a_runtime_error(void **state)
{
    (void)state;
    char one[] = "1";
    struct rt_object *names = NULL;
    for (int i = 0; i < RT_EXIT_FUNCTIONS; i++) {
        assert_number(rt_at_exit(note_data, one), 0);
    }
    assert_number(rt_at_exit(note_data, one), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    rt_error_clear();
    struct rt_object *object = rt_instance_new(&plain);
    assert_null(rt_last_call_new(object, &function));
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    rt_error_clear();
    rt_decref(object);
    rt_shutdown(&names);
    assert_number(strlen(events), 2 * RT_EXIT_FUNCTIONS);
}

/* With automatic collections on, trash goes before the names; and only of that
 * collection anybody is told. */
static void
the_first_collection_is_one_of_the_automatic_ones(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *names = rt_dict_new();
    define(names, "l", cycle_with(&making));
    rt_decref(cycle_with(&speaking));
    assert_number(rt_gc_add_callback(note_collection, NULL), 0);
    rt_gc_enable();
    rt_shutdown(&names);
    rt_gc_disable();
    assert_text(events, "gc del make del ");
    events[0] = '\0';
    names = rt_dict_new();
    define(names, "l", cycle_with(&making));
    rt_decref(cycle_with(&speaking));
    rt_shutdown(&names);
    assert_contains(events, "make ");
    assert_null(strstr(events, "gc"));
}

#define CASE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_cycle_that_is_alive_at_the_end_gets_its_last_words_once),
        CASE(exit_functions_run_first_and_the_newest_before_the_others),
        CASE(registered_finalizers_run_among_the_exit_functions),
        CASE(an_error_in_one_does_not_stop_the_next),
        CASE(what_an_exit_function_registers_does_not_run),
        CASE(too_many_exit_functions_are_a_runtime_error),
        CASE(the_first_collection_is_one_of_the_automatic_ones),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
