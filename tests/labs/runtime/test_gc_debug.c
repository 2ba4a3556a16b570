/* What collections say of themselves, in CPython's words. */
#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/list.h"
#include "labs/testing.h"
#include "tests/support/child.h"
#include "tests/support/stress.h"

static const char *const NAMES[] = {"loop"};

static void
ignore(struct rt_object *object)
{
    (void)object;
}

/* Prints the addresses of what it makes, then collects with these flags. */
static void
collect_with(void *flags)
{
    static struct rt_class stubborn;
    rt_class_init(&stubborn, "stubborn", NAMES, 1, NULL);
    stubborn.type.del = ignore;
    rt_gc_disable();
    struct rt_object *kept = rt_list_new();
    struct rt_object *list = rt_list_new();
    struct rt_object *object = rt_instance_new(&stubborn);
    printf("%p %p\n", (void *)list, (void *)object);
    fflush(stdout);
    rt_instance_set(object, 0, object);
    if (rt_list_append(list, list) != 0) {
        abort();
    }
    rt_decref(list);
    rt_decref(object);
    rt_gc_set_debug(*(const unsigned *)flags);
    rt_gc_collect(1);
    printf("%zu kept\n", rt_gc_garbage_count());
    rt_decref(kept);
}

/* What a collection says with these flags, valid until the next one, and the
 * addresses. */
static void
say(unsigned flags, void **list, void **object, const char **said)
{
    static struct child_result result;
    result = child_run(collect_with, &flags);
    assert_number(result.status, 0);
    assert_number(sscanf(result.said, "%p %p", list, object), 2);
    *said = strchr(result.said, '\n') + 1;
}

static void
without_flags_nothing_is_said(void **state)
{
    (void)state;
    void *list = NULL;
    void *object = NULL;
    const char *said = NULL;
    say(0, &list, &object, &said);
    assert_text(said, "1 kept\n");
}

/* The seconds take no part. */
static void
statistics_are_said_before_and_after(void **state)
{
    (void)state;
    skip_when_stressed();
    void *list = NULL;
    void *object = NULL;
    const char *said = NULL;
    say(RT_GC_STATS, &list, &object, &said);
    const char *expected = "gc: collecting generation 1...\n"
                           "gc: objects in each generation: 3 0 0\n"
                           "gc: objects in permanent generation: 0\n"
                           "gc: done, 2 unreachable, 1 uncollectable, ";
    assert_memory_equal(said, expected, strlen(expected));
    double seconds = -1;
    int end = 0;
    sscanf(said + strlen(expected), "%lfs elapsed\n1 kept\n%n", &seconds,
           &end);
    assert_true(seconds >= 0 && seconds < 60);
    assert_number(said[strlen(expected) + (size_t)end], 0);
    assert_true(end > 0);
}

static void
what_is_found_is_named(void **state)
{
    (void)state;
    skip_when_stressed();
    void *list = NULL;
    void *object = NULL;
    const char *said = NULL;
    char expected[256];
    say(RT_GC_COLLECTABLE, &list, &object, &said);
    snprintf(expected, sizeof(expected), "gc: collectable <list %p>\n1 kept\n",
             list);
    assert_text(said, expected);
    say(RT_GC_UNCOLLECTABLE, &list, &object, &said);
    snprintf(expected, sizeof(expected),
             "gc: uncollectable <stubborn %p>\n1 kept\n", object);
    assert_text(said, expected);
}

static void
leak_names_and_keeps_all(void **state)
{
    (void)state;
    skip_when_stressed();
    void *list = NULL;
    void *object = NULL;
    const char *said = NULL;
    char expected[256];
    assert_number(RT_GC_LEAK, 38);
    say(RT_GC_LEAK, &list, &object, &said);
    snprintf(expected, sizeof(expected),
             "gc: collectable <list %p>\n"
             "gc: uncollectable <stubborn %p>\n2 kept\n",
             list, object);
    assert_text(said, expected);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(without_flags_nothing_is_said),
        cmocka_unit_test(statistics_are_said_before_and_after),
        cmocka_unit_test(what_is_found_is_named),
        cmocka_unit_test(leak_names_and_keeps_all),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
