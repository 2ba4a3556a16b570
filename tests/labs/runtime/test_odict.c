#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/odict.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"
#include "tests/support/dice.h"
#include "tests/support/scarcity.h"

static struct rt_object *odict;

/* A value that runs code when it dies or is compared. */
struct probe {
    struct rt_object base;
    void (*on_death)(void);
    void (*on_compare)(void);
};

static int deaths;

static void
probe_dealloc(struct rt_object *object)
{
    deaths++;
    void (*on_death)(void) = ((struct probe *)object)->on_death;
    if (on_death != NULL) {
        on_death();
    }
    rt_free(object);
}

static int
probe_equal(struct rt_object *a, struct rt_object *b)
{
    (void)b;
    void (*on_compare)(void) = ((struct probe *)a)->on_compare;
    if (on_compare != NULL) {
        on_compare();
    }
    return 1;
}

static const struct rt_type probe_type = {
    .name = "probe",
    .basicsize = sizeof(struct probe),
    .dealloc = probe_dealloc,
    .equal = probe_equal,
};

static struct rt_object *
new_probe(void (*on_death)(void), void (*on_compare)(void))
{
    struct rt_object *object = rt_object_new(&probe_type);
    assert_non_null(object);
    ((struct probe *)object)->on_death = on_death;
    ((struct probe *)object)->on_compare = on_compare;
    return object;
}

static int
begin(void **state)
{
    (void)state;
    deaths = 0;
    rt_error_clear();
    rt_gc_disable();
    odict = rt_odict_new();
    return odict == NULL ? -1 : 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    if (odict != NULL) {
        rt_decref(odict);
    }
    return rt_alloc_live_blocks() == 0 && rt_alloc_live_bytes() == 0 ? 0 : -1;
}

static int
set_int(struct rt_object *into, int64_t number, int64_t value)
{
    struct rt_object *key = rt_int_new(number);
    struct rt_object *object = rt_int_new(value);
    int result = -1;
    if (key != NULL && object != NULL) {
        result = rt_odict_set(into, key, object);
    }
    rt_xdecref(key);
    rt_xdecref(object);
    return result;
}

static int
remove_int(struct rt_object *from, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    int result = rt_odict_remove(from, key);
    rt_decref(key);
    return result;
}

static int
move_int(int64_t number, bool last)
{
    struct rt_object *key = rt_int_new(number);
    int result = rt_odict_move_to_end(odict, key, last);
    rt_decref(key);
    return result;
}

/* Stores and keeps no reference to the value. */
static void
give(struct rt_object *into, int64_t number, struct rt_object *value)
{
    struct rt_object *key = rt_int_new(number);
    assert_number(rt_odict_set(into, key, value), 0);
    rt_decref(key);
    rt_decref(value);
}

static void
assert_order(struct rt_object *of, const int64_t *numbers, size_t count)
{
    struct rt_object *key = NULL;
    struct rt_object *value;
    for (size_t i = 0; i < count; i++) {
        assert_number(rt_odict_next(of, &key, &value), 1);
        assert_number(rt_int_value(key), numbers[i]);
        assert_ptr_equal(rt_odict_get(of, key), value);
    }
    assert_number(rt_odict_next(of, &key, &value), 0);
    assert_number(rt_odict_size(of), count);
}

#define ORDER(...)                                                            \
    assert_order(odict, (const int64_t[]){__VA_ARGS__},                       \
                 sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void
fill(int64_t count)
{
    for (int64_t i = 1; i <= count; i++) {
        assert_number(set_int(odict, i, i * 10), 0);
    }
}

static void
a_new_one_is_empty_and_tracked(void **state)
{
    (void)state;
    assert_true(rt_odict_check(odict));
    assert_true(rt_gc_is_tracked(odict));
    assert_order(odict, NULL, 0);
    assert_number(remove_int(odict, 1), 0);
}

static void
values_are_replaced_in_their_place(void **state)
{
    (void)state;
    fill(3);
    set_int(odict, 1, 77);
    ORDER(1, 2, 3);
    struct rt_object *key = rt_int_new(1);
    assert_number(rt_int_value(rt_odict_get(odict, key)), 77);
}

/* row: CT10 test_ordered_dict.OrderedDictTests.test_reinsert */
static void
a_key_that_comes_again_goes_to_the_end(void **state)
{
    (void)state;
    fill(3);
    assert_number(remove_int(odict, 1), 1);
    ORDER(2, 3);
    set_int(odict, 1, 1);
    ORDER(2, 3, 1);
}

/* row: CT11 test_ordered_dict.OrderedDictTests.test_move_to_end */
static void
keys_move_to_either_end(void **state)
{
    (void)state;
    fill(4);
    assert_number(move_int(2, true), 0);
    ORDER(1, 3, 4, 2);
    assert_number(move_int(4, false), 0);
    ORDER(4, 1, 3, 2);
    assert_number(move_int(4, false), 0);
    assert_number(move_int(2, true), 0);
    ORDER(4, 1, 3, 2);
    assert_number(move_int(9, true), -1);
    assert_number(rt_error_occurred(), RT_ERROR_KEY);
}

static void
pop_takes_from_either_end(void **state)
{
    (void)state;
    struct rt_object *key;
    struct rt_object *value;
    fill(4);
    assert_number(rt_odict_pop(odict, true, &key, &value), 0);
    assert_number(rt_int_value(key), 4);
    assert_number(rt_int_value(value), 40);
    assert_number(rt_odict_pop(odict, false, &key, &value), 0);
    assert_number(rt_int_value(key), 1);
    ORDER(2, 3);
    rt_odict_clear(odict);
    assert_number(rt_odict_pop(odict, true, &key, &value), -1);
    assert_number(rt_error_occurred(), RT_ERROR_KEY);
    assert_text(rt_error_text(), "dictionary is empty");
}

static void
popped_references_are_the_callers(void **state)
{
    (void)state;
    give(odict, 1000, new_probe(NULL, NULL));
    struct rt_object *key;
    struct rt_object *value;
    assert_number(rt_odict_pop(odict, true, &key, &value), 0);
    assert_number(key->ob_refcnt, 1);
    assert_number(value->ob_refcnt, 1);
    rt_decref(key);
    rt_decref(value);
    assert_number(deaths, 1);
}

/* row: CT12 test_ordered_dict.OrderedDictTests.test_equality */
static void
order_counts_only_among_ordered_dicts(void **state)
{
    (void)state;
    struct rt_object *other = rt_odict_new();
    struct rt_object *dict = rt_dict_new();
    fill(3);
    for (int64_t i = 3; i >= 1; i--) {
        struct rt_object *key = rt_int_new(i);
        struct rt_object *value = rt_int_new(i * 10);
        set_int(other, i, i * 10);
        rt_dict_set(dict, key, value);
    }
    assert_number(rt_equal(odict, other), 0);
    assert_number(rt_odict_equal(odict, dict), 1);
    move_int(1, true);
    move_int(3, false);
    ORDER(3, 2, 1);
    assert_number(rt_equal(odict, other), 1);
    set_int(odict, 2, 7);
    assert_number(rt_equal(odict, other), 0);
    assert_number(rt_odict_equal(odict, dict), 0);
    remove_int(odict, 2);
    assert_number(rt_equal(odict, other), 0);
    assert_number(rt_odict_equal(odict, dict), 0);
    rt_decref(other);
    rt_decref(dict);
}

static void
a_walk_that_lost_its_key_is_an_error(void **state)
{
    (void)state;
    fill(3);
    struct rt_object *key = NULL;
    struct rt_object *value;
    assert_number(rt_odict_next(odict, &key, &value), 1);
    remove_int(odict, 1);
    assert_number(rt_odict_next(odict, &key, &value), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
}

static int size_seen;

static void
use_the_odict(void)
{
    size_seen = (int)rt_odict_size(odict);
    set_int(odict, 100, 0);
    move_int(100, false);
}

static void
the_dying_find_everything_in_order(void **state)
{
    (void)state;
    fill(2);
    give(odict, 5, new_probe(use_the_odict, NULL));
    assert_number(remove_int(odict, 5), 1);
    assert_number(size_seen, 2);
    ORDER(100, 1, 2);
    give(odict, 5, new_probe(use_the_odict, NULL));
    set_int(odict, 5, 0);
    assert_number(size_seen, 4);
    give(odict, 6, new_probe(use_the_odict, NULL));
    rt_odict_clear(odict);
    assert_number(size_seen, 0);
    ORDER(100);
    assert_number(deaths, 3);
}

static void
empty_the_odict(void)
{
    rt_odict_clear(odict);
}

static void
a_comparison_that_changes_the_order_is_an_error_not_a_crash(void **state)
{
    (void)state;
    struct rt_object *dict = rt_dict_new();
    struct rt_object *key = rt_int_new(1);
    struct rt_object *two = rt_int_new(2);
    struct rt_object *value = new_probe(NULL, NULL);
    rt_dict_set(dict, key, value);
    rt_dict_set(dict, two, key);
    give(odict, 1, new_probe(NULL, empty_the_odict));
    set_int(odict, 2, 1);
    assert_number(rt_odict_equal(odict, dict), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_number(rt_odict_size(odict), 0);
    rt_decref(value);
    rt_decref(dict);
}

/* The ordered dict counts as one object. */
static void
one_that_holds_itself_is_collected(void **state)
{
    (void)state;
    give(odict, 1000, odict);
    odict = NULL;
    assert_number(rt_gc_collect(2), 1);
}

static void
what_a_reachable_one_holds_stays(void **state)
{
    (void)state;
    struct rt_object *inner = rt_odict_new();
    give(inner, 1000, odict);
    rt_incref(odict);
    give(odict, 2000, inner);
    assert_number(rt_gc_collect(2), 0);
    ORDER(2000);
    assert_number(rt_odict_size(inner), 1);
    rt_clear(&odict);
    assert_number(rt_gc_collect(2), 2);
}

static void
a_long_chain_dies(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        struct rt_object *outer = rt_odict_new();
        give(outer, 1, odict);
        odict = outer;
    }
    rt_clear(&odict);
    assert_number(rt_alloc_live_blocks(), 0);
}

static void
weak_references_read_nothing_after_its_death(void **state)
{
    (void)state;
    struct rt_object *reference = rt_weakref_new(odict, NULL);
    rt_clear(&odict);
    assert_null(rt_weakref_get(reference));
    rt_decref(reference);
}

static void
copies_keep_the_order(void **state)
{
    (void)state;
    fill(3);
    move_int(1, true);
    give(odict, 4, rt_new_ref(odict));
    struct rt_object *shallow = rt_copy(odict);
    struct rt_object *deep = rt_deepcopy(odict);
    struct rt_object *four = rt_int_new(4);
    assert_order(shallow, (const int64_t[]){2, 3, 1, 4}, 4);
    assert_order(deep, (const int64_t[]){2, 3, 1, 4}, 4);
    assert_ptr_equal(rt_odict_get(shallow, four), odict);
    assert_ptr_equal(rt_odict_get(deep, four), deep);
    rt_decref(shallow);
    rt_odict_clear(deep);
    rt_decref(deep);
    rt_odict_clear(odict);
}

/* Everything that allocates, or NULL with a pending error. */
static struct rt_object *
build_and_copy(void)
{
    struct rt_object *built = rt_odict_new();
    struct rt_object *shallow = NULL;
    struct rt_object *deep = NULL;
    for (int64_t i = 0; built != NULL && i < 7; i++) {
        if (set_int(built, i * 1000, i) < 0) {
            rt_clear(&built);
        }
    }
    if (built != NULL) {
        shallow = rt_copy(built);
    }
    if (shallow != NULL) {
        deep = rt_deepcopy(shallow);
    }
    rt_xdecref(built);
    rt_xdecref(shallow);
    return deep;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    size_t failures = 0;
    struct rt_object *built = scarcity_make(build_and_copy, &failures);
    assert_true(failures > 18);
    assert_number(rt_odict_size(built), 7);
    rt_decref(built);
}

/* The same order as an array. */
struct model {
    int64_t keys[40];
    size_t count;
};

/* Takes key out; whether it was there. */
static bool
model_take(struct model *model, int64_t key)
{
    for (size_t i = 0; i < model->count; i++) {
        if (model->keys[i] == key) {
            model->count--;
            memmove(model->keys + i, model->keys + i + 1,
                    (model->count - i) * sizeof(int64_t));
            return true;
        }
    }
    return false;
}

static void
model_put(struct model *model, int64_t key, bool last)
{
    size_t i = last ? model->count : 0;
    memmove(model->keys + i + 1, model->keys + i,
            (model->count - i) * sizeof(int64_t));
    model->keys[i] = key;
    model->count++;
}

static void
pop_both(struct model *model, bool last)
{
    struct rt_object *key;
    struct rt_object *value;
    if (model->count == 0) {
        assert_number(rt_odict_pop(odict, last, &key, &value), -1);
        rt_error_clear();
        return;
    }
    assert_number(rt_odict_pop(odict, last, &key, &value), 0);
    int64_t number = rt_int_value(key);
    assert_number(number, model->keys[last ? model->count - 1 : 0]);
    model_take(model, number);
    rt_decref(key);
    rt_decref(value);
}

static void
fifty_thousand_random_steps_match_a_model(void **state)
{
    (void)state;
    struct model model = {.count = 0};
    struct dice dice = {.seed = 11};
    for (int step = 0; step < 50000; step++) {
        int64_t key = (int64_t)dice_roll(&dice, 40);
        bool last = dice_roll(&dice, 2) == 0;
        switch (dice_roll(&dice, 4)) {
        case 0:
            assert_number(set_int(odict, key, key), 0);
            if (rt_odict_size(odict) > model.count) {
                model_put(&model, key, true);
            }
            break;
        case 1:
            assert_number(remove_int(odict, key), model_take(&model, key));
            break;
        case 2:
            if (model_take(&model, key)) {
                model_put(&model, key, last);
                assert_number(move_int(key, last), 0);
            }
            break;
        default:
            if (dice_roll(&dice, 4) == 0) {
                pop_both(&model, last);
            }
            break;
        }
        if (step % 10 == 0) {
            assert_order(odict, model.keys, model.count);
        }
    }
}

/* If the collector saw the hidden dict, it would meet the references to the
 * keys twice, and believe that somebody else holds them. */
static void
a_cycle_through_a_key_is_collected(void **state)
{
    (void)state;
    static const char *const FIELDS[] = {"holder"};
    static struct rt_class class;
    rt_class_init(&class, "node", FIELDS, 1, NULL);
    struct rt_object *holder = rt_odict_new();
    struct rt_object *key = rt_instance_new(&class);
    assert_non_null(holder);
    assert_non_null(key);
    assert_number(rt_odict_set(holder, key, key), 0);
    rt_instance_set(key, 0, holder);
    rt_decref(key);
    rt_decref(holder);
    assert_number(rt_gc_collect(2), 2);
    assert_null(rt_gc_check());
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_new_one_is_empty_and_tracked),
        CASE(values_are_replaced_in_their_place),
        CASE(a_key_that_comes_again_goes_to_the_end),
        CASE(keys_move_to_either_end),
        CASE(pop_takes_from_either_end),
        CASE(popped_references_are_the_callers),
        CASE(order_counts_only_among_ordered_dicts),
        CASE(a_walk_that_lost_its_key_is_an_error),
        CASE(the_dying_find_everything_in_order),
        CASE(a_comparison_that_changes_the_order_is_an_error_not_a_crash),
        CASE(one_that_holds_itself_is_collected),
        CASE(what_a_reachable_one_holds_stays),
        CASE(a_long_chain_dies),
        CASE(weak_references_read_nothing_after_its_death),
        CASE(copies_keep_the_order),
        CASE(every_allocation_may_fail),
        CASE(fifty_thousand_random_steps_match_a_model),
        CASE(a_cycle_through_a_key_is_collected),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
