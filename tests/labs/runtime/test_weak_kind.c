#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/method.h"
#include "labs/runtime/weak_kind.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"

static const char *const NAMES[] = {"a"};
static struct rt_class plain;
static struct rt_object *object;
static size_t blocks_before;
static int visits, clears, deaths;

static void
count_death(struct rt_object *dying)
{
    deaths++;
    rt_weak_kind_base()->dealloc(dying);
}

static int
count_visit(struct rt_object *looked_at,
            int (*visit)(struct rt_object *held, void *data), void *data)
{
    visits++;
    return rt_weak_kind_base()->traverse(looked_at, visit, data);
}

static struct rt_type simple_kind = {.name = "simple"};
static struct rt_type counting_kind = {
    .name = "counting", .dealloc = count_death, .traverse = count_visit};

static int
count_call(struct rt_object *self, struct rt_object *argument)
{
    (void)self;
    (void)argument;
    clears++;
    return 0;
}

static int
start(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_error_clear();
    visits = clears = deaths = 0;
    blocks_before = rt_alloc_live_blocks();
    rt_class_init(&plain, "plain", NAMES, 1, NULL);
    object = rt_instance_new(&plain);
    return object != NULL ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_clear(&object);
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static void
one_of_a_kind_is_a_weak_reference_like_others(void **state)
{
    (void)state;
    struct rt_object *made = rt_weak_kind_new(&simple_kind, object, NULL);
    assert_ptr_equal(made->ob_type, &simple_kind);
    assert_true(rt_weakref_check(made));
    assert_true(rt_gc_is_tracked(made));
    assert_ptr_equal(rt_weakref_first(object), made);
    assert_number(object->ob_refcnt, 1);
    rt_clear(&object);
    assert_null(rt_weakref_get(made));
    rt_decref(made);
}

/* Not even without a callback. */
static void
it_is_never_shared(void **state)
{
    (void)state;
    struct rt_object *one = rt_weak_kind_new(&simple_kind, object, NULL);
    struct rt_object *two = rt_weak_kind_new(&simple_kind, object, NULL);
    struct rt_object *bare = rt_weakref_new(object, NULL);
    assert_ptr_not_equal(one, two);
    assert_ptr_not_equal(bare, one);
    assert_ptr_not_equal(bare, two);
    assert_number(rt_weakref_count(object), 3);
    rt_decref(one);
    rt_decref(two);
    rt_decref(bare);
}

static void
it_is_silent_unless_there_is_a_callback(void **state)
{
    (void)state;
    struct rt_object *callback = rt_function_new(count_call);
    struct rt_object *quiet = rt_weak_kind_new(&simple_kind, object, NULL);
    struct rt_object *loud = rt_weak_kind_new(&simple_kind, object, callback);
    assert_true(rt_weak_kind_is_silent((struct rt_weakref *)quiet));
    assert_false(rt_weak_kind_is_silent((struct rt_weakref *)loud));
    rt_clear(&object);
    assert_number(clears, 1);
    rt_decref(quiet);
    rt_decref(loud);
    rt_decref(callback);
}

static void
slots_that_it_has_are_its_own(void **state)
{
    (void)state;
    struct rt_object *made = rt_weak_kind_new(&counting_kind, object, NULL);
    assert_true(rt_weakref_check(made));
    rt_gc_collect(2);
    assert_true(visits > 0);
    rt_decref(made);
    assert_number(deaths, 1);
    assert_number(rt_weakref_count(object), 0);
}

static void
it_is_refused_where_weak_references_are(void **state)
{
    (void)state;
    struct rt_object *number = rt_int_new(1000);
    assert_null(rt_weak_kind_new(&simple_kind, number, NULL));
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    rt_error_clear();
    rt_decref(number);
    rt_alloc_fail_nth(1);
    assert_null(rt_weak_kind_new(&simple_kind, object, NULL));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    assert_number(rt_weakref_count(object), 0);
}

#define WEAK_KIND_TEST(test) cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        WEAK_KIND_TEST(one_of_a_kind_is_a_weak_reference_like_others),
        WEAK_KIND_TEST(it_is_never_shared),
        WEAK_KIND_TEST(it_is_silent_unless_there_is_a_callback),
        WEAK_KIND_TEST(slots_that_it_has_are_its_own),
        WEAK_KIND_TEST(it_is_refused_where_weak_references_are),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
