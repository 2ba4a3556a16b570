/* Last words of the old kind (tp_del), and what is uncollectable by them. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/list.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"
#include "tests/support/stress.h"

static const char *const NAMES[] = {"partner", "loop"};

enum {
    PARTNER,
    LOOP,
    FIELDS
};

static struct rt_class plain, stubborn, returning;
static int del_calls;
static struct rt_object *returned;

static void
count_del(struct rt_object *object)
{
    assert_number(object->ob_refcnt, 1);
    del_calls++;
}

static void
return_once(struct rt_object *object)
{
    del_calls++;
    if (del_calls == 1) {
        returned = rt_new_ref(object);
    }
}

static int
start_clean(void **state)
{
    (void)state;
    rt_class_init(&plain, "plain", NAMES, FIELDS, NULL);
    rt_class_init(&stubborn, "stubborn", NAMES, FIELDS, NULL);
    stubborn.type.del = count_del;
    rt_class_init(&returning, "returning", NAMES, FIELDS, NULL);
    returning.type.del = return_once;
    del_calls = 0;
    returned = NULL;
    rt_error_clear();
    rt_gc_disable();
    rt_gc_collect(2);
    return 0;
}

/* Takes apart what is kept as garbage. */
static void
take_garbage_apart(void)
{
    for (size_t i = 0; i < rt_gc_garbage_count(); i++) {
        for (int field = 0; field < FIELDS; field++) {
            rt_instance_set(rt_gc_garbage_at(i), field, NULL);
        }
    }
    rt_gc_clear_garbage();
}

static int
end_clean(void **state)
{
    (void)state;
    rt_gc_set_debug(0);
    rt_gc_clear_callbacks();
    take_garbage_apart();
    rt_gc_collect(2);
    take_garbage_apart();
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static struct rt_object *
node(const struct rt_class *class)
{
    struct rt_object *object = rt_instance_new(class);
    assert_non_null(object);
    return object;
}

/* Two that hold each other, and that nobody else holds. */
static void
drop_pair(const struct rt_class *first, const struct rt_class *second)
{
    struct rt_object *a = node(first);
    struct rt_object *b = node(second);
    rt_instance_set(a, PARTNER, b);
    rt_instance_set(b, PARTNER, a);
    rt_decref(a);
    rt_decref(b);
}

static void
drop_self_cycle(const struct rt_class *class)
{
    struct rt_object *object = node(class);
    rt_instance_set(object, LOOP, object);
    rt_decref(object);
}

static struct rt_gc_event heard;
static bool takes_apart;

static void
hear(const struct rt_gc_event *event, void *unused)
{
    (void)unused;
    heard = *event;
    if (event->stop && takes_apart) {
        take_garbage_apart();
    }
}

/* row: GC20 test_gc.GCCallbackTests.test_collect_garbage */
static void
the_uncollectable_are_counted_and_kept(void **state)
{
    (void)state;
    skip_when_stressed();
    takes_apart = false;
    assert_number(rt_gc_add_callback(hear, NULL), 0);
    struct rt_gc_stats before = rt_gc_stats(2);
    drop_pair(&stubborn, &stubborn);
    drop_pair(&stubborn, &stubborn);
    drop_self_cycle(&plain);
    assert_number(rt_gc_collect(2), 5);
    assert_number(heard.collected, 1);
    assert_number(heard.uncollectable, 4);
    assert_number(rt_gc_stats(2).collected, before.collected + 1);
    assert_number(rt_gc_stats(2).uncollectable, before.uncollectable + 4);
    assert_number(rt_gc_garbage_count(), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_ptr_equal(rt_gc_garbage_at(i)->ob_type, &stubborn.type);
    }
    assert_number(del_calls, 0);
    takes_apart = true;
    rt_gc_clear_garbage();
    rt_gc_collect(2);
    assert_number(heard.collected, 0);
    assert_number(heard.uncollectable, 4);
    assert_number(rt_gc_garbage_count(), 0);
    assert_number(del_calls, 4);
}

static void
what_the_uncollectable_hold_is_uncollectable_too(void **state)
{
    (void)state;
    struct rt_object *object = node(&stubborn);
    struct rt_object *list = rt_list_new();
    rt_instance_set(object, PARTNER, list);
    assert_number(rt_list_append(list, object), 0);
    rt_decref(list);
    rt_decref(object);
    assert_number(rt_gc_collect(2), 2);
    assert_number(rt_gc_garbage_count(), 1); // the list is just held
    assert_ptr_equal(rt_gc_garbage_at(0), object);
    assert_true(rt_gc_is_tracked(list));
}

static void
who_only_holds_the_uncollectable_is_collected(void **state)
{
    (void)state;
    struct rt_object *stays = node(&stubborn);
    struct rt_object *goes = node(&plain);
    rt_instance_set(stays, LOOP, stays);
    rt_instance_set(goes, LOOP, goes);
    rt_instance_set(goes, PARTNER, stays);
    rt_decref(stays);
    rt_decref(goes);
    rt_gc_collect(2);
    assert_number(rt_gc_garbage_count(), 1);
    assert_number(rt_gc_stats(2).uncollectable > 0, 1);
    assert_number(stays->ob_refcnt, 2); // its own, and the list's
}

static void
kept_garbage_is_not_found_again(void **state)
{
    (void)state;
    drop_self_cycle(&stubborn);
    assert_number(rt_gc_collect(2), 1);
    assert_number(rt_gc_collect(2), 0);
    rt_gc_clear_garbage();
    assert_number(rt_gc_collect(2), 1); // nobody holds it any more
    assert_number(rt_gc_garbage_count(), 1);
}

static void
a_young_collection_moves_them_to_the_next_generation(void **state)
{
    (void)state;
    struct rt_gc_stats before = rt_gc_stats(0);
    drop_self_cycle(&stubborn);
    assert_number(rt_gc_collect(0), 1);
    assert_number(rt_gc_stats(0).uncollectable, before.uncollectable + 1);
    rt_gc_clear_garbage();
    assert_number(rt_gc_collect(0), 0);
    assert_number(rt_gc_collect(1), 1);
}

static void
save_all_keeps_also_what_they_hold(void **state)
{
    (void)state;
    rt_gc_set_debug(RT_GC_SAVE_ALL);
    drop_pair(&stubborn, &plain);
    assert_number(rt_gc_collect(2), 2);
    assert_number(rt_gc_garbage_count(), 2);
}

static int callback_calls;

static int
count_callback(struct rt_object *function, struct rt_object *reference)
{
    (void)function;
    assert_null(rt_weakref_get(reference));
    callback_calls++;
    return 0;
}

static const struct rt_type function_type = {.name = "function",
                                             .basicsize =
                                                 sizeof(struct rt_object),
                                             .call = count_callback};
static struct rt_object function = {RT_IMMORTAL_REFCNT, &function_type};

static void
weak_references_to_the_uncollectable_stay(void **state)
{
    (void)state;
    struct rt_object *object = node(&stubborn);
    struct rt_object *reference = rt_weakref_new(object, &function);
    rt_instance_set(object, LOOP, object);
    rt_decref(object);
    callback_calls = 0;
    rt_gc_collect(2);
    assert_number(callback_calls, 0);
    struct rt_object *found = rt_weakref_get(reference);
    assert_ptr_equal(found, object);
    rt_decref(found);
    take_garbage_apart();
    assert_number(callback_calls, 1);
    rt_decref(reference);
}

static void
without_a_cycle_del_is_called_by_count(void **state)
{
    (void)state;
    struct rt_object *object = node(&stubborn);
    struct rt_object *reference = rt_weakref_new(object, &function);
    callback_calls = 0;
    rt_decref(object);
    assert_number(del_calls, 1);
    assert_number(callback_calls, 1);
    rt_decref(reference);
}

static void
del_may_bring_its_object_back_and_is_called_again(void **state)
{
    (void)state;
    rt_decref(node(&returning));
    assert_number(del_calls, 1);
    assert_non_null(returned);
    assert_number(returned->ob_refcnt, 1);
    assert_true(rt_gc_is_tracked(returned));
    assert_false(rt_gc_is_finalized(returned));
    rt_clear(&returned);
    assert_number(del_calls, 2);
}

static void
raise_in_del(struct rt_object *object)
{
    (void)object;
    rt_error_set(RT_ERROR_VALUE, "in del");
}

static int complaints;

static void
complain(struct rt_object *source)
{
    (void)source;
    assert_text(rt_error_text(), "in del");
    complaints++;
}

static void
an_error_in_del_is_unraisable(void **state)
{
    (void)state;
    struct rt_class failing;
    rt_class_init(&failing, "failing", NAMES, FIELDS, NULL);
    failing.type.del = raise_in_del;
    complaints = 0;
    rt_error_set_unraisable_hook(complain);
    rt_error_set(RT_ERROR_KEY, "before");
    struct rt_object *object = node(&failing);
    rt_decref(object);
    rt_error_set_unraisable_hook(NULL);
    assert_number(complaints, 1);
    assert_text(rt_error_text(), "before");
    rt_error_clear();
}

static struct rt_object *reference_of_del;

static void
refer_to_self(struct rt_object *object)
{
    reference_of_del = rt_weakref_new(object, &function);
}

static void
references_that_del_makes_are_cleared_in_silence(void **state)
{
    (void)state;
    struct rt_class referring;
    rt_class_init(&referring, "referring", NAMES, FIELDS, NULL);
    referring.type.del = refer_to_self;
    callback_calls = 0;
    rt_decref(node(&referring));
    assert_non_null(reference_of_del);
    assert_null(rt_weakref_get(reference_of_del));
    assert_number(callback_calls, 0);
    rt_clear(&reference_of_del);
}

#define CASE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(the_uncollectable_are_counted_and_kept),
        CASE(what_the_uncollectable_hold_is_uncollectable_too),
        CASE(who_only_holds_the_uncollectable_is_collected),
        CASE(kept_garbage_is_not_found_again),
        CASE(a_young_collection_moves_them_to_the_next_generation),
        CASE(save_all_keeps_also_what_they_hold),
        CASE(weak_references_to_the_uncollectable_stay),
        CASE(without_a_cycle_del_is_called_by_count),
        CASE(del_may_bring_its_object_back_and_is_called_again),
        CASE(an_error_in_del_is_unraisable),
        CASE(references_that_del_makes_are_cleared_in_silence),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
