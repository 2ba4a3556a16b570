/* Attributes of instances, and the hook for those that are missing. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/testing.h"

static const char *const NAMES[] = {"attr", "other"};
static struct rt_class plain, boom, giving;
static int hook_calls;

/* Takes the cycle apart when it is asked. */
static struct rt_object *
drop_attr(struct rt_object *object, const char *name)
{
    hook_calls++;
    rt_instance_set(object, 0, NULL);
    rt_error_set(RT_ERROR_ATTRIBUTE, "%s", name);
    return NULL;
}

static struct rt_object *
give_its_length(struct rt_object *object, const char *name)
{
    (void)object;
    hook_calls++;
    return rt_int_new((int64_t)strlen(name));
}

static int
start_clean(void **state)
{
    (void)state;
    rt_class_init(&plain, "Plain", NAMES, 2, NULL);
    rt_class_init(&boom, "Boom", NAMES, 2, NULL);
    boom.missing = drop_attr;
    rt_class_init(&giving, "Giving", NAMES, 2, NULL);
    giving.missing = give_its_length;
    hook_calls = 0;
    rt_error_clear();
    rt_gc_disable();
    rt_gc_collect(2);
    return 0;
}

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_error_clear();
    rt_gc_collect(2);
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

/* row: GC08 test_gc.GCTests.test_boom */
static void
a_collection_does_not_ask_for_attributes(void **state)
{
    (void)state;
    struct rt_object *a = rt_instance_new(&boom);
    struct rt_object *b = rt_instance_new(&boom);
    rt_instance_set(a, 0, b);
    rt_instance_set(b, 0, a);
    rt_gc_collect(2);
    size_t garbage = rt_gc_garbage_count();
    rt_decref(a);
    rt_decref(b);
    assert_number(rt_gc_collect(2), 2);
    assert_number(rt_gc_garbage_count(), garbage);
    assert_number(hook_calls, 0);
}

static void
asking_for_an_attribute_may_take_a_cycle_apart(void **state)
{
    (void)state;
    struct rt_object *object = rt_instance_new(&boom);
    rt_instance_set(object, 0, object);
    assert_null(rt_instance_attribute(object, "__del__"));
    assert_number(rt_error_occurred(), RT_ERROR_ATTRIBUTE);
    assert_text(rt_error_text(), "__del__");
    assert_number(hook_calls, 1);
    rt_decref(object);
    assert_number(rt_gc_collect(2), 0);
}

static void
an_attribute_that_is_there_asks_nobody(void **state)
{
    (void)state;
    struct rt_object *object = rt_instance_new(&giving);
    struct rt_object *value = rt_int_new(1000);
    rt_instance_set(object, 1, value);
    struct rt_object *found = rt_instance_attribute(object, "other");
    assert_ptr_equal(found, value);
    assert_number(value->ob_refcnt, 3);
    assert_number(hook_calls, 0);
    rt_decref(found);
    rt_decref(value);
    rt_decref(object);
}

static void
the_hook_gives_what_is_not_set_or_not_known(void **state)
{
    (void)state;
    struct rt_object *object = rt_instance_new(&giving);
    struct rt_object *unset = rt_instance_attribute(object, "other");
    struct rt_object *unknown = rt_instance_attribute(object, "no_such");
    assert_number(rt_int_value(unset), 5);
    assert_number(rt_int_value(unknown), 7);
    assert_number(hook_calls, 2);
    rt_decref(unset);
    rt_decref(unknown);
    rt_decref(object);
}

static void
without_a_hook_it_is_an_attribute_error(void **state)
{
    (void)state;
    struct rt_object *object = rt_instance_new(&plain);
    assert_null(rt_instance_attribute(object, "attr"));
    assert_number(rt_error_occurred(), RT_ERROR_ATTRIBUTE);
    assert_text(rt_error_text(), "'Plain' object has no attribute 'attr'");
    assert_text(rt_error_name(rt_error_occurred()), "AttributeError");
    rt_decref(object);
}

#define CASE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, start_clean, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_collection_does_not_ask_for_attributes),
        CASE(asking_for_an_attribute_may_take_a_cycle_apart),
        CASE(an_attribute_that_is_there_asks_nobody),
        CASE(the_hook_gives_what_is_not_set_or_not_known),
        CASE(without_a_hook_it_is_an_attribute_error),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
