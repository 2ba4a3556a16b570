#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/finalize.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/object.h"
#include "labs/testing.h"

struct pair {
    struct rt_object base;
    struct rt_object *left;
    struct rt_object *right;
};

static int deaths;
static struct rt_object **watched;
static struct rt_object *seen_in_watched;

static void
pair_dealloc(struct rt_object *object)
{
    if (object->ob_type->finalize != NULL &&
        rt_call_finalizer_from_dealloc(object) < 0) {
        return;
    }
    if (watched != NULL) {
        seen_in_watched = *watched;
    }
    struct pair *pair = (struct pair *)object;
    rt_clear(&pair->left);
    rt_clear(&pair->right);
    deaths++;
    rt_free(pair);
}

static const struct rt_type pair_type = {
    .name = "pair",
    .basicsize = sizeof(struct pair),
    .dealloc = pair_dealloc,
};

static struct rt_object *
new_pair(const struct rt_type *type, struct rt_object *left,
         struct rt_object *right)
{
    struct rt_object *object = rt_object_new(type);
    assert_non_null(object);
    struct pair *pair = (struct pair *)object;
    pair->left = left;
    pair->right = right;
    return object;
}

static int
start_clean(void **state)
{
    (void)state;
    deaths = 0;
    watched = NULL;
    seen_in_watched = NULL;
    rt_error_clear();
    return 0;
}

static int
nothing_is_left(void **state)
{
    (void)state;
    return rt_alloc_live_blocks() == 0 && rt_alloc_live_bytes() == 0 ? 0 : -1;
}

static void
a_new_object_has_one_reference_and_its_type(void **state)
{
    (void)state;
    struct rt_object *object = new_pair(&pair_type, NULL, NULL);
    assert_number(object->ob_refcnt, 1);
    assert_ptr_equal(object->ob_type, &pair_type);
    assert_number(rt_alloc_live_bytes(), sizeof(struct pair));
    rt_decref(object);
    assert_number(deaths, 1);
}

static void
out_of_memory_is_a_pending_error(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_object_new(&pair_type));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
}

static void
an_object_dies_with_its_last_reference_and_not_before(void **state)
{
    (void)state;
    struct rt_object *object = new_pair(&pair_type, NULL, NULL);
    assert_ptr_equal(rt_new_ref(object), object);
    rt_xincref(object);
    assert_number(object->ob_refcnt, 3);
    rt_decref(object);
    rt_xdecref(object);
    assert_number(deaths, 0);
    rt_decref(object);
    assert_number(deaths, 1);
}

static void
null_is_nothing_to_count(void **state)
{
    (void)state;
    rt_xincref(NULL);
    rt_xdecref(NULL);
    assert_number(deaths, 0);
}

static void
children_die_with_their_last_owner(void **state)
{
    (void)state;
    struct rt_object *child = new_pair(&pair_type, NULL, NULL);
    struct rt_object *first =
        new_pair(&pair_type, rt_new_ref(child), rt_new_ref(child));
    struct rt_object *second = new_pair(&pair_type, NULL, child);
    rt_decref(first);
    assert_number(child->ob_refcnt, 1);
    rt_decref(second);
    assert_number(deaths, 3);
}

static void
clear_shows_an_empty_slot_to_the_dying(void **state)
{
    (void)state;
    struct rt_object *slot = new_pair(&pair_type, NULL, NULL);
    watched = &slot;
    seen_in_watched = slot;
    rt_clear(&slot);
    assert_number(deaths, 1);
    assert_null(seen_in_watched);
    rt_clear(&slot);
    assert_null(slot);
}

static void
set_ref_shows_the_new_value_to_the_dying(void **state)
{
    (void)state;
    struct rt_object *slot = new_pair(&pair_type, NULL, NULL);
    struct rt_object *value = new_pair(&pair_type, NULL, NULL);
    watched = &slot;
    rt_set_ref(&slot, value);
    assert_number(deaths, 1);
    assert_ptr_equal(seen_in_watched, value);
    assert_number(value->ob_refcnt, 1);
    rt_set_ref(&slot, rt_new_ref(slot));
    assert_number(value->ob_refcnt, 1);
    rt_set_ref(&slot, NULL);
    assert_number(deaths, 2);
}

static void
immortal_objects_are_not_counted(void **state)
{
    (void)state;
    struct rt_object object;
    rt_object_init(&object, &pair_type);
    assert_false(rt_is_immortal(&object));
    rt_set_immortal(&object);
    assert_true(rt_is_immortal(&object));
    rt_incref(&object);
    rt_decref(&object);
    rt_decref(&object);
    assert_number(object.ob_refcnt, 4294967295);
    assert_number(deaths, 0);
}

static int finalized;
static struct rt_object *saved;
static bool wants_to_live;

static void
count_and_save(struct rt_object *object)
{
    finalized++;
    assert_number(object->ob_refcnt, 1);
    rt_incref(object);
    rt_decref(object);
    if (wants_to_live) {
        saved = rt_new_ref(object);
    }
}

static const struct rt_type mortal_type = {
    .name = "mortal",
    .basicsize = sizeof(struct pair),
    .dealloc = pair_dealloc,
    .finalize = count_and_save,
};

/* row: RC04 test_finalization.SimpleFinalizationTest.test_non_gc */
static void
a_finalizer_runs_once_and_the_object_dies(void **state)
{
    (void)state;
    finalized = 0;
    wants_to_live = false;
    struct rt_object *object = new_pair(&mortal_type, NULL, NULL);
    assert_false(rt_gc_is_tracked(object));
    rt_decref(object);
    assert_number(finalized, 1);
    assert_number(deaths, 1);
}

/* row: RC05 test_finalization.SimpleFinalizationTest.test_non_gc_resurrect */
static void
a_resurrected_object_is_finalized_again(void **state)
{
    (void)state;
    finalized = 0;
    wants_to_live = true;
    rt_decref(new_pair(&mortal_type, NULL, NULL));
    assert_number(deaths, 0);
    assert_number(saved->ob_refcnt, 1);
    assert_false(rt_gc_is_tracked(saved));
    assert_false(rt_gc_is_finalized(saved));

    wants_to_live = false;
    rt_clear(&saved);
    assert_number(finalized, 2);
    assert_number(deaths, 1);
}

static void
an_object_without_finalizer_has_no_last_words(void **state)
{
    (void)state;
    struct rt_object *object = new_pair(&pair_type, NULL, NULL);
    finalized = 0;
    rt_call_finalizer(object);
    assert_number(finalized, 0);
    rt_decref(object);
}

static void
a_finalizer_may_make_its_object_immortal(void **state)
{
    (void)state;
    static const struct rt_type type = {
        .name = "phoenix",
        .basicsize = sizeof(struct rt_object),
        .finalize = rt_set_immortal,
    };
    struct rt_object object;
    rt_object_init(&object, &type);
    object.ob_refcnt = 0;
    assert_number(rt_call_finalizer_from_dealloc(&object), -1);
    assert_true(rt_is_immortal(&object));
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_clean, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_new_object_has_one_reference_and_its_type),
        CASE(out_of_memory_is_a_pending_error),
        CASE(an_object_dies_with_its_last_reference_and_not_before),
        CASE(null_is_nothing_to_count),
        CASE(children_die_with_their_last_owner),
        CASE(clear_shows_an_empty_slot_to_the_dying),
        CASE(set_ref_shows_the_new_value_to_the_dying),
        CASE(immortal_objects_are_not_counted),
        CASE(a_finalizer_runs_once_and_the_object_dies),
        CASE(a_resurrected_object_is_finalized_again),
        CASE(an_object_without_finalizer_has_no_last_words),
        CASE(a_finalizer_may_make_its_object_immortal),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
