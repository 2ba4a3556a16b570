/* What is said of an object whose count is wrong. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/object_assert.h"
#include "labs/testing.h"
#include "tests/support/child.h"

/* Like a = [1, 2, 3]; b = [a], and then one reference of a is given back that
 * nobody owned. */
static void
collect_with_a_count_too_low(void *unused)
{
    (void)unused;
    struct rt_object *a = rt_list_new();
    struct rt_object *b = rt_list_new();
    struct rt_object *one = rt_int_new(1);
    rt_gc_disable();
    if (rt_list_append(a, one) != 0 || rt_list_append(b, a) != 0 ||
        rt_list_append(b, a) != 0) {
        abort();
    }
    printf("%p %p\n", (void *)a, (const void *)a->ob_type);
    fflush(stdout);
    rt_decref(a);
    rt_decref(a); // behind the collector's back
    rt_gc_collect(2);
}

/* Like the test before it, but with more references to the object than the
 * collector has room for in a byte, and the object is reached before its turn
 * comes. */
static void
collect_with_a_large_count_too_low(void *unused)
{
    (void)unused;
    struct rt_object *b = rt_list_new();
    struct rt_object *a = rt_list_new();
    rt_gc_disable();
    for (int i = 0; i < 1000; i++) {
        if (rt_list_append(b, a) != 0) {
            abort();
        }
    }
    printf("%p\n", (void *)a);
    fflush(stdout);
    rt_decref(a);
    rt_decref(a); // behind the collector's back
    rt_gc_collect(2);
}

static void
a_collection_stops_at_a_large_count_that_is_too_small(void **state)
{
    (void)state;
    struct child_result result =
        child_run(collect_with_a_large_count_too_low, NULL);
    void *object = NULL;
    char line[64];
    assert_number(result.status, 128 + SIGABRT);
    assert_number(sscanf(result.said, "%p", &object), 1);
    assert_contains(result.said, "\" failed: refcount is too small\n");
    snprintf(line, sizeof(line), "object address  : %p\n", object);
    assert_contains(result.said, line);
    assert_contains(result.said, "object refcount : 999\n");
}

/* row: GC21 test_gc.GCCallbackTests.test_refcount_errors */
static void
a_collection_stops_at_a_count_that_is_too_small(void **state)
{
    (void)state;
    struct child_result result = child_run(collect_with_a_count_too_low, NULL);
    void *object = NULL;
    void *type = NULL;
    char line[64];
    assert_number(result.status, 128 + SIGABRT);
    assert_number(sscanf(result.said, "%p %p", &object, &type), 2);
    // Where and which condition differs from collector to collector.
    assert_contains(result.said, "labs/runtime/");
    assert_contains(result.said, "\" failed: refcount is too small\n");
    snprintf(line, sizeof(line), "object address  : %p\n", object);
    assert_contains(result.said, line);
    assert_contains(result.said, "object refcount : 1\n");
    snprintf(line, sizeof(line), "object type     : %p\n", type);
    assert_contains(result.said, line);
    assert_contains(result.said, "object type name: list\n");
    snprintf(line, sizeof(line), "object repr     : <list object at %p>\n",
             object);
    assert_contains(result.said, line);
}

static void
assert_true_and_false(void *unused)
{
    (void)unused;
    struct rt_object *number = rt_int_new(1000);
    RT_OBJECT_ASSERT(number, 1 + 1 == 2, "arithmetic");
    printf("so far\n");
    RT_OBJECT_ASSERT(number, 1 + 1 == 3, "no arithmetic");
    printf("not here\n");
}

static void
only_a_condition_that_does_not_hold_stops(void **state)
{
    (void)state;
    struct child_result result = child_run(assert_true_and_false, NULL);
    assert_number(result.status, 128 + SIGABRT);
    assert_memory_equal(result.said, "so far\n", 7);
    assert_contains(result.said, "Assertion \"1 + 1 == 3\" failed: no "
                                 "arithmetic\n");
    assert_contains(result.said, "object type name: int\n");
    assert_null(strstr(result.said, "not here"));
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_collection_stops_at_a_count_that_is_too_small),
        cmocka_unit_test(
            a_collection_stops_at_a_large_count_that_is_too_small),
        cmocka_unit_test(only_a_condition_that_does_not_hold_stops),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
