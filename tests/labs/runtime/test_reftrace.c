/* What is left of objects, told with its place. */
#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/object.h"
#include "labs/runtime/reftrace.h"
#include "labs/runtime/string.h"
#include "labs/runtime/trace.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"

static int
start(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_error_clear();
    rt_reftrace_start();
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static int
stop(void **state)
{
    (void)state;
    rt_gc_collect(2);
    rt_reftrace_stop();
    assert_number(rt_alloc_live_blocks(), 0);
    assert_number(rt_trace_overhead(), 0);
    return 0;
}

/* The report, and that it says so many objects. */
static char *
report(size_t expected)
{
    char *text = NULL;
    size_t size;
    FILE *output = open_memstream(&text, &size);
    assert_non_null(output);
    assert_number(rt_reftrace_report(output), expected);
    fclose(output);
    return text;
}

static void
what_was_released_is_not_told(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    struct rt_object *number = rt_int_new(100000);
    assert_number(rt_list_append(list, number), 0);
    assert_number(rt_reftrace_count(), 2);
    rt_decref(number);
    rt_decref(list);
    assert_number(rt_reftrace_count(), 0);
    char *text = report(0);
    assert_text(text, "");
    free(text);
}

/* As a function would that forgets to release what it has got. */
static void
leak_a_reference(struct rt_object *list)
{
    rt_trace_push_frame("leaky.py", 7);
    struct rt_object *text = rt_str_new("leaked");
    rt_trace_set_line(8);
    assert_number(rt_list_append(list, text), 0);
    rt_trace_pop_frame();
}

static void
a_leaked_reference_is_named_with_type_and_place(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    leak_a_reference(list);
    leak_a_reference(list);
    struct rt_object *leaked[] = {rt_list_at(list, 0), rt_list_at(list, 1)};
    rt_decref(list);
    char *text = report(2);
    assert_text(text, "objects  outside  type  made at\n"
                      "      2        2  str   leaky.py:7\n");
    free(text);
    rt_decref(leaked[0]);
    rt_decref(leaked[1]);
}

static void
only_references_from_outside_are_counted_as_such(void **state)
{
    (void)state;
    struct rt_object *text = rt_str_new("held");
    struct rt_object *tuple = rt_tuple_new(&text, 1);
    struct rt_object *dict = rt_dict_new();
    assert_number(rt_dict_set(dict, text, tuple), 0);
    rt_decref(text);
    rt_decref(tuple);
    rt_incref(dict); // the leak
    rt_trace_push_frame("b.py", 1);
    struct rt_object *number = rt_int_new(-1000);
    rt_trace_pop_frame();
    char *told = report(4);
    assert_text(told, "objects  outside  type   made at\n"
                      "      1        2  dict   <unknown>:0\n"
                      "      1        1  int    b.py:1\n"
                      "      1        0  str    <unknown>:0\n"
                      "      1        0  tuple  <unknown>:0\n");
    free(told);
    rt_decref(number);
    rt_decref(dict);
    rt_decref(dict);
}

static void
a_cycle_has_nothing_from_outside_and_ends_with_a_collection(void **state)
{
    (void)state;
    static const char *const FIELDS[] = {"next"};
    static struct rt_class class;
    rt_class_init(&class, "node", FIELDS, 1, NULL);
    rt_trace_push_frame("ring.py", 3);
    struct rt_object *node = rt_instance_new(&class);
    rt_instance_set(node, 0, node);
    rt_decref(node);
    rt_trace_pop_frame();
    char *text = report(1);
    assert_text(text, "objects  outside  type  made at\n"
                      "      1        0  node  ring.py:3\n");
    free(text);
    rt_gc_collect(2);
    assert_number(rt_reftrace_count(), 0);
}

static void
what_was_made_before_the_start_is_not_told(void **state)
{
    (void)state;
    rt_reftrace_stop();
    assert_false(rt_reftrace_is_on());
    struct rt_object *before = rt_list_new();
    struct rt_object *guest = rt_int_new(5); // shared, and immortal
    rt_reftrace_start();
    assert_true(rt_reftrace_is_on());
    struct rt_object *since = rt_int_new(1000);
    assert_number(rt_list_append(before, since), 0);
    assert_number(rt_list_append(before, guest), 0);
    assert_number(rt_reftrace_count(), 1);
    rt_decref(before);
    assert_number(rt_reftrace_count(), 1);
    rt_decref(since);
    assert_number(rt_reftrace_count(), 0);
}

struct seen {
    struct rt_object *object;
    int64_t outside;
    size_t count;
};

static void
see(const struct rt_reftrace *trace, void *data)
{
    struct seen *seen = data;
    seen->count++;
    seen->object = trace->object;
    seen->outside = trace->outside;
}

static void
each_object_can_be_visited(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    rt_incref(list);
    struct seen seen = {0};
    rt_reftrace_each(see, &seen);
    assert_number(seen.count, 1);
    assert_ptr_equal(seen.object, list);
    assert_number(seen.outside, 2);
    rt_decref(list);
    rt_decref(list);
}

/* The hooks of both stand one before the other. */
static void
it_works_together_with_tracing(void **state)
{
    (void)state;
    assert_number(rt_trace_start(1), 0);
    rt_trace_push_frame("both.py", 1);
    struct rt_object *list = rt_list_new();
    rt_trace_pop_frame();
    assert_number(rt_trace_count(), 1);
    assert_number(rt_reftrace_count(), 1);
    rt_trace_stop();
    char *text = report(1);
    assert_contains(text, "list  both.py:1\n");
    free(text);
    rt_decref(list);
}

#define REFTRACE_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        REFTRACE_TEST(what_was_released_is_not_told),
        REFTRACE_TEST(a_leaked_reference_is_named_with_type_and_place),
        REFTRACE_TEST(only_references_from_outside_are_counted_as_such),
        REFTRACE_TEST(
            a_cycle_has_nothing_from_outside_and_ends_with_a_collection),
        REFTRACE_TEST(what_was_made_before_the_start_is_not_told),
        REFTRACE_TEST(each_object_can_be_visited),
        REFTRACE_TEST(it_works_together_with_tracing),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
