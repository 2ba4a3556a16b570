#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/function.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/method.h"
#include "labs/runtime/proxy.h"
#include "labs/runtime/set.h"
#include "labs/testing.h"
#include "tests/support/scarcity.h"

static const char *const NAMES[] = {"a", "b"};
static struct rt_class plain, killing;
static struct rt_object *callback; // counts its calls
static struct rt_object *object;   // an instance
static struct rt_object *victim;   // dies with the next `killing`
static struct rt_object *told;     // borrowed: what the callback got last
static int calls;
static size_t blocks_before;

static int
count_call(struct rt_object *self, struct rt_object *argument)
{
    (void)self;
    calls++;
    told = argument;
    return 0;
}

static void
kill_victim(struct rt_object *dying)
{
    (void)dying;
    rt_clear(&victim);
}

static int
start(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_error_clear();
    calls = 0;
    told = NULL;
    blocks_before = rt_alloc_live_blocks();
    rt_class_init(&plain, "plain", NAMES, 2, NULL);
    rt_class_init(&killing, "killing", NAMES, 2, kill_victim);
    callback = rt_function_new(count_call);
    object = rt_instance_new(&plain);
    return callback != NULL && object != NULL ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_gc_set_debug(0);
    rt_clear(&object);
    rt_clear(&callback);
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static void
assert_dead(int result)
{
    assert_number(result, -1);
    assert_number(rt_error_occurred(), RT_ERROR_REFERENCE);
    assert_text(rt_error_text(), "weakly-referenced object no longer exists");
    rt_error_clear();
}

static void
assert_type_error(int result, const char *text)
{
    assert_number(result, -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

/* The list of the object's weak references, in order. */
static void
assert_list(struct rt_object *const *expected, size_t count)
{
    struct rt_weakref *at = rt_weakref_first(object);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(at, expected[i]);
        at = at->next;
    }
    assert_null(at);
    assert_number(rt_weakref_count(object), count);
}

// --- the list --------------------------------------------------------------

/* row: WR05 test_weakref.ReferencesTestCase.test_ref_reuse */
static void
a_proxy_beside_the_shared_reference_is_a_second_one(void **state)
{
    (void)state;
    struct rt_object *first = rt_weakref_new(object, NULL);
    struct rt_object *proxy = rt_proxy_new(object, NULL);
    struct rt_object *second = rt_weakref_new(object, NULL);
    assert_ptr_equal(first, second);
    assert_list((struct rt_object *[]){first, proxy}, 2);
    rt_decref(proxy);
    assert_list((struct rt_object *[]){first}, 1);
    rt_decref(first);
    rt_decref(second);
    assert_list(NULL, 0);
}

static void
without_a_callback_the_proxy_is_shared(void **state)
{
    (void)state;
    struct rt_object *bare = rt_proxy_new(object, NULL);
    struct rt_object *other = rt_proxy_new(object, callback);
    struct rt_object *another = rt_proxy_new(object, callback);
    struct rt_object *again = rt_proxy_new(object, NULL);
    assert_ptr_equal(bare, again);
    assert_ptr_not_equal(other, another);
    assert_number(rt_weakref_count(object), 3);
    rt_decref(bare);
    rt_decref(again);
    rt_decref(other);
    rt_decref(another);
}

/* row: WR07 test_weakref.ReferencesTestCase.test_getweakrefcount */
static void
two_references_and_two_proxies_are_four(void **state)
{
    (void)state;
    struct rt_object *list[4];
    list[2] = rt_weakref_new(object, callback);
    list[0] = rt_weakref_new(object, NULL);
    assert_number(rt_weakref_count(object), 2);
    list[1] = rt_proxy_new(object, NULL);
    assert_list(list, 3);
    struct rt_object *newest = rt_proxy_new(object, callback);
    list[3] = list[2];
    list[2] = newest;
    assert_list(list, 4);
    for (int i = 0; i < 4; i++) {
        rt_decref(list[i]);
    }
    assert_list(NULL, 0);
    struct rt_object *atom = rt_int_new(1000);
    assert_number(rt_weakref_count(atom), 0);
    rt_decref(atom);
}

/* The shared reference is made last and stands first all the same. */
static void
the_shared_ones_stand_first_whenever_they_were_made(void **state)
{
    (void)state;
    struct rt_object *list[4];
    list[3] = rt_weakref_new(object, callback);
    list[1] = rt_proxy_new(object, NULL);
    list[2] = rt_proxy_new(object, callback);
    assert_list(list + 1, 3);
    list[0] = rt_weakref_new(object, NULL);
    assert_list(list, 4);
    for (int i = 0; i < 4; i++) {
        rt_decref(list[i]);
    }
}

static void
a_proxy_is_a_weak_reference_and_there_are_none_to_it(void **state)
{
    (void)state;
    struct rt_object *proxy = rt_proxy_new(object, NULL);
    struct rt_object *reference = rt_weakref_new(object, NULL);
    assert_true(rt_proxy_check(proxy));
    assert_true(rt_weakref_check(proxy));
    assert_false(rt_proxy_check(reference));
    assert_false(rt_proxy_check(object));
    assert_true(rt_gc_is_tracked(proxy));
    assert_null(rt_weakref_new(proxy, NULL));
    assert_type_error(-1,
                      "cannot create weak reference to 'weakref.ProxyType'");
    assert_null(rt_proxy_new(proxy, NULL));
    rt_error_clear();
    struct rt_object *list = rt_list_new();
    assert_null(rt_proxy_new(list, callback));
    assert_type_error(-1, "cannot create weak reference to 'list'");
    rt_decref(list);
    rt_decref(reference);
    rt_decref(proxy);
}

// --- what is passed on -----------------------------------------------------

static void
fields_are_those_of_the_object(void **state)
{
    (void)state;
    struct rt_object *proxy = rt_proxy_new(object, NULL);
    struct rt_object *value = rt_int_new(1000);
    assert_number(rt_proxy_set_field(proxy, 1, value), 0);
    assert_ptr_equal(rt_instance_get(object, 1), value);
    struct rt_object *got = NULL;
    assert_number(rt_proxy_get_field(proxy, 1, &got), 0);
    assert_ptr_equal(got, value);
    assert_number(value->ob_refcnt, 3);
    rt_decref(got);
    assert_number(rt_proxy_get_field(proxy, 0, &got), 0);
    assert_null(got);
    assert_number(rt_proxy_set_field(proxy, 1, NULL), 0);
    assert_number(value->ob_refcnt, 1);
    rt_clear(&object);
    got = value;
    assert_dead(rt_proxy_get_field(proxy, 1, &got));
    assert_ptr_equal(got, value);
    assert_dead(rt_proxy_set_field(proxy, 1, value));
    assert_number(value->ob_refcnt, 1);
    rt_decref(value);
    rt_decref(proxy);
}

static void
what_is_no_instance_has_no_fields(void **state)
{
    (void)state;
    struct rt_object *set = rt_set_new();
    struct rt_object *proxy = rt_proxy_new(set, NULL);
    struct rt_object *got = NULL;
    assert_type_error(rt_proxy_get_field(proxy, 0, &got),
                      "'set' object has no fields");
    assert_type_error(rt_proxy_set_field(proxy, 0, object),
                      "'set' object has no fields");
    rt_decref(proxy);
    rt_decref(set);
}

static void
a_proxy_can_be_called_if_its_object_can(void **state)
{
    (void)state;
    struct rt_object *function = rt_function_new(count_call);
    struct rt_object *proxy = rt_proxy_new(function, NULL);
    assert_number(proxy->ob_type->call(proxy, object), 0);
    assert_number(calls, 1);
    assert_ptr_equal(told, object);
    rt_decref(function);
    assert_dead(proxy->ob_type->call(proxy, object));
    assert_number(calls, 1);
    rt_decref(proxy);
    proxy = rt_proxy_new(object, NULL);
    assert_null(proxy->ob_type->call);
    rt_decref(proxy);
}

/* Two sets are equal without being the same. */
static void
a_proxy_is_equal_to_what_its_object_is_equal_to(void **state)
{
    (void)state;
    struct rt_object *set = rt_set_new();
    struct rt_object *twin = rt_set_new();
    struct rt_object *proxy = rt_proxy_new(set, NULL);
    struct rt_object *other = rt_proxy_new(twin, callback);
    assert_number(rt_equal(proxy, set), 1);
    assert_number(rt_equal(twin, proxy), 1);
    assert_number(rt_equal(proxy, other), 1);
    assert_number(rt_equal(proxy, object), 0);
    assert_number(rt_set_add(twin, callback), 1);
    assert_number(rt_equal(proxy, other), 0);
    assert_number(rt_equal(proxy, twin), 0);
    rt_decref(twin);
    assert_dead(rt_equal(proxy, other));
    assert_dead(rt_equal(set, other));
    assert_number(rt_equal(other, other), 1); // not asked
    assert_dead(rt_proxy_equal(other, other));
    rt_decref(set);
    rt_decref(proxy);
    rt_decref(other);
    assert_number(calls, 1);
}

static void
a_list_finds_the_object_by_its_proxy(void **state)
{
    (void)state;
    struct rt_object *proxy = rt_proxy_new(object, NULL);
    struct rt_object *one = rt_list_new();
    struct rt_object *two = rt_list_new();
    assert_number(rt_list_append(one, object), 0);
    assert_number(rt_list_append(two, proxy), 0);
    assert_number(rt_equal(one, two), 1);
    rt_decref(one);
    rt_clear(&object);
    one = rt_list_new();
    assert_number(rt_list_append(one, callback), 0);
    assert_dead(rt_equal(one, two));
    rt_decref(one);
    rt_decref(two);
    rt_decref(proxy);
}

static void
a_proxy_is_no_key_dead_or_alive(void **state)
{
    (void)state;
    struct rt_object *proxy = rt_proxy_new(object, NULL);
    struct rt_object *function = rt_function_new(count_call);
    struct rt_object *callable = rt_proxy_new(function, NULL);
    struct rt_object *dict = rt_dict_new();
    int64_t hash = 0;
    assert_type_error(rt_dict_set(dict, proxy, object),
                      "unhashable type: 'weakref.ProxyType'");
    assert_type_error(rt_hash(callable, &hash),
                      "unhashable type: 'weakref.CallableProxyType'");
    rt_clear(&object);
    assert_type_error(rt_hash(proxy, &hash),
                      "unhashable type: 'weakref.ProxyType'");
    rt_decref(callable);
    rt_decref(function);
    rt_decref(proxy);
    rt_decref(dict);
}

// --- death -----------------------------------------------------------------

static void
the_callback_gets_the_proxy_which_is_dead(void **state)
{
    (void)state;
    struct rt_object *proxy = rt_proxy_new(object, callback);
    struct rt_object *bare = rt_proxy_new(object, NULL);
    rt_clear(&object);
    assert_number(calls, 1);
    assert_ptr_equal(told, proxy);
    assert_null(rt_proxy_get(proxy));
    assert_dead(-1);
    assert_null(rt_proxy_get(bare));
    assert_dead(-1);
    rt_decref(proxy);
    rt_decref(bare);
}

static void
a_proxy_that_died_first_is_not_called(void **state)
{
    (void)state;
    rt_decref(rt_proxy_new(object, callback));
    assert_number(callback->ob_refcnt, 1);
    rt_clear(&object);
    assert_number(calls, 0);
}

static void
the_object_lives_as_long_as_it_is_used(void **state)
{
    (void)state;
    struct rt_object *proxy = rt_proxy_new(object, NULL);
    struct rt_object *used = rt_proxy_get(proxy);
    assert_number(object->ob_refcnt, 2);
    rt_clear(&object);
    struct rt_object *value = NULL;
    assert_number(rt_proxy_get_field(proxy, 0, &value), 0);
    rt_decref(used);
    assert_dead(rt_proxy_get_field(proxy, 0, &value));
    rt_decref(proxy);
}

static void
a_callback_outside_of_the_trash_runs_once(void **state)
{
    (void)state;
    struct rt_object *proxy = rt_proxy_new(object, callback);
    rt_instance_set(object, 0, object);
    rt_clear(&object);
    assert_number(rt_gc_collect(2), 1);
    assert_number(calls, 1);
    rt_decref(proxy);
}

/* The finalizer of the trash kills the object, which is no trash itself. */
static void
a_proxy_in_the_trash_stays_silent(void **state)
{
    (void)state;
    victim = rt_instance_new(&plain);
    struct rt_object *trash = rt_instance_new(&killing);
    struct rt_object *proxy = rt_proxy_new(victim, callback);
    rt_instance_set(trash, 0, trash);
    rt_instance_set(trash, 1, proxy);
    rt_decref(proxy);
    rt_decref(trash);
    assert_number(rt_gc_collect(2), 2);
    assert_null(victim);
    assert_number(calls, 0);
}

static void
a_cycle_through_the_callback_is_collected(void **state)
{
    (void)state;
    struct rt_object *holder = rt_instance_new(&plain);
    struct rt_object *method = rt_method_new(callback, holder);
    struct rt_object *proxy = rt_proxy_new(object, method);
    rt_instance_set(holder, 0, proxy);
    rt_decref(method);
    rt_decref(proxy);
    rt_decref(holder);
    assert_number(rt_gc_collect(2), 3);
    assert_number(rt_weakref_count(object), 0);
    assert_number(calls, 0);
}

// --- copies ----------------------------------------------------------------

static void
a_copy_of_the_proxy_is_one_of_the_object(void **state)
{
    (void)state;
    struct rt_object *proxy = rt_proxy_new(object, NULL);
    rt_instance_set(object, 0, callback);
    struct rt_object *copy = rt_copy(proxy);
    assert_ptr_not_equal(copy, object);
    assert_true(rt_instance_check(copy));
    assert_ptr_equal(rt_instance_get(copy, 0), callback);
    rt_decref(copy);
    rt_clear(&object);
    assert_null(rt_copy(proxy));
    assert_dead(-1);
    assert_null(rt_deepcopy(proxy));
    assert_dead(-1);
    rt_decref(proxy);
}

static void
copied_together_they_become_two_objects(void **state)
{
    (void)state;
    struct rt_object *proxy = rt_proxy_new(object, NULL);
    struct rt_object *list = rt_list_new();
    for (int i = 0; i < 4; i++) {
        rt_list_append(list, i % 2 == 0 ? object : proxy);
    }
    rt_instance_set(object, 0, proxy);
    struct rt_object *copy = rt_deepcopy(list);
    struct rt_object *first = rt_list_at(copy, 0);
    struct rt_object *second = rt_list_at(copy, 1);
    assert_ptr_not_equal(first, second);
    assert_ptr_not_equal(first, object);
    assert_ptr_not_equal(second, object);
    assert_ptr_equal(rt_list_at(copy, 2), first);
    assert_ptr_equal(rt_list_at(copy, 3), second);
    assert_ptr_equal(rt_instance_get(first, 0), second);
    assert_ptr_equal(rt_instance_get(second, 0), second);
    rt_instance_set(object, 0, NULL);
    rt_decref(copy);
    rt_decref(list);
    rt_decref(proxy);
}

// --- memory ----------------------------------------------------------------

/* Everything that allocates; a copy, or NULL with a pending error. */
static struct rt_object *
make_and_copy(void)
{
    struct rt_object *made = rt_instance_new(&plain);
    struct rt_object *bare = made != NULL ? rt_proxy_new(made, NULL) : NULL;
    struct rt_object *loud =
        bare != NULL ? rt_proxy_new(made, callback) : NULL;
    struct rt_object *copy = NULL;
    if (loud != NULL) {
        rt_instance_set(made, 0, bare);
        copy = rt_deepcopy(made);
        rt_instance_set(made, 0, NULL);
    }
    rt_xdecref(made);
    rt_xdecref(loud);
    rt_xdecref(bare);
    return copy;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    size_t failures = 0;
    struct rt_object *copy = scarcity_make(make_and_copy, &failures);
    assert_true(failures > 4);
    rt_decref(copy);
}

static void
the_same_under_a_collection_at_every_allocation(void **state)
{
    (void)state;
    rt_gc_enable();
    rt_gc_set_debug(RT_GC_STRESS);
    for (int i = 0; i < 20; i++) {
        struct rt_object *copy = make_and_copy();
        assert_non_null(copy);
        assert_null(rt_gc_check());
        rt_decref(copy);
    }
    rt_gc_set_debug(0);
    rt_gc_disable();
    assert_number(calls, 20);
}

/* The allocation of a shared proxy collects trash, whose finalizer makes it
 * first. */
static struct rt_object *early;

static void
make_early(struct rt_object *dying)
{
    (void)dying;
    early = rt_proxy_new(object, NULL);
}

static void
a_proxy_made_meanwhile_is_the_shared_one(void **state)
{
    (void)state;
    struct rt_class making;
    rt_class_init(&making, "making", NAMES, 2, make_early);
    struct rt_object *trash = rt_instance_new(&making);
    rt_instance_set(trash, 0, trash);
    rt_decref(trash);
    early = NULL;
    rt_gc_enable();
    rt_gc_set_debug(RT_GC_STRESS);
    struct rt_object *proxy = rt_proxy_new(object, NULL);
    rt_gc_set_debug(0);
    rt_gc_disable();
    assert_non_null(early);
    assert_ptr_equal(proxy, early);
    assert_number(rt_weakref_count(object), 1);
    rt_decref(proxy);
    rt_decref(early);
}

#define PROXY_TEST(test) cmocka_unit_test_setup_teardown(test, start, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        PROXY_TEST(a_proxy_beside_the_shared_reference_is_a_second_one),
        PROXY_TEST(without_a_callback_the_proxy_is_shared),
        PROXY_TEST(two_references_and_two_proxies_are_four),
        PROXY_TEST(the_shared_ones_stand_first_whenever_they_were_made),
        PROXY_TEST(a_proxy_is_a_weak_reference_and_there_are_none_to_it),
        PROXY_TEST(fields_are_those_of_the_object),
        PROXY_TEST(what_is_no_instance_has_no_fields),
        PROXY_TEST(a_proxy_can_be_called_if_its_object_can),
        PROXY_TEST(a_proxy_is_equal_to_what_its_object_is_equal_to),
        PROXY_TEST(a_list_finds_the_object_by_its_proxy),
        PROXY_TEST(a_proxy_is_no_key_dead_or_alive),
        PROXY_TEST(the_callback_gets_the_proxy_which_is_dead),
        PROXY_TEST(a_proxy_that_died_first_is_not_called),
        PROXY_TEST(the_object_lives_as_long_as_it_is_used),
        PROXY_TEST(a_callback_outside_of_the_trash_runs_once),
        PROXY_TEST(a_proxy_in_the_trash_stays_silent),
        PROXY_TEST(a_cycle_through_the_callback_is_collected),
        PROXY_TEST(a_copy_of_the_proxy_is_one_of_the_object),
        PROXY_TEST(copied_together_they_become_two_objects),
        PROXY_TEST(every_allocation_may_fail),
        PROXY_TEST(the_same_under_a_collection_at_every_allocation),
        PROXY_TEST(a_proxy_made_meanwhile_is_the_shared_one),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
