#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/set.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"
#include "tests/support/dice.h"
#include "tests/support/scarcity.h"

static struct rt_object *set;

/* A key that does as it is told and writes down its death. */
struct probe {
    struct rt_object base;
    int64_t number; // equal ones are equal
    int64_t hash;   // -1: hashing fails
    void (*on_compare)(struct probe *asked);
    void (*on_death)(struct probe *dying);
};

static int64_t deaths[64]; // numbers of the probes that died, in order
static size_t death_count;
static bool comparisons_fail;

static void
probe_dealloc(struct rt_object *object)
{
    struct probe *probe = (struct probe *)object;
    if (death_count < 64) {
        deaths[death_count++] = probe->number;
    }
    if (probe->on_death != NULL) {
        probe->on_death(probe);
    }
    rt_free(probe);
}

static int
probe_hash(struct rt_object *object, int64_t *hash)
{
    *hash = ((struct probe *)object)->hash;
    return *hash == -1 ? rt_error_set(RT_ERROR_VALUE, "no hash") : 0;
}

static int
probe_equal(struct rt_object *a, struct rt_object *b)
{
    struct probe *probe = (struct probe *)a;
    int64_t number = probe->number;
    int64_t other = ((struct probe *)b)->number;
    if (comparisons_fail) {
        return rt_error_set(RT_ERROR_VALUE, "cannot compare");
    }
    if (probe->on_compare != NULL) {
        probe->on_compare(probe);
    }
    return number == other;
}

static const struct rt_type probe_type = {
    .name = "probe",
    .basicsize = sizeof(struct probe),
    .dealloc = probe_dealloc,
    .hash = probe_hash,
    .equal = probe_equal,
};

static struct probe *
new_probe(int64_t number, int64_t hash)
{
    struct probe *probe = (struct probe *)rt_object_new(&probe_type);
    assert_non_null(probe);
    probe->number = number;
    probe->hash = hash;
    probe->on_compare = NULL;
    probe->on_death = NULL;
    return probe;
}

static int
begin(void **state)
{
    (void)state;
    death_count = 0;
    comparisons_fail = false;
    rt_error_clear();
    rt_gc_disable();
    set = rt_set_new();
    return set == NULL ? -1 : 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    if (set != NULL) {
        rt_decref(set);
    }
    return rt_alloc_live_blocks() == 0 && rt_alloc_live_bytes() == 0 ? 0 : -1;
}

static int
add_int(struct rt_object *to, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    int result = key == NULL ? -1 : rt_set_add(to, key);
    rt_xdecref(key);
    return result;
}

static int
remove_int(struct rt_object *from, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    int result = rt_set_remove(from, key);
    rt_decref(key);
    return result;
}

static int
has_int(struct rt_object *in, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    int result = rt_set_contains(in, key);
    rt_decref(key);
    return result;
}

/* Adds and keeps no reference. */
static void
give(struct probe *probe)
{
    assert_number(rt_set_add(set, &probe->base), 1);
    rt_decref(&probe->base);
}

static void
assert_order(struct rt_object *of, const int64_t *numbers, size_t count)
{
    size_t position = 0;
    struct rt_object *key;
    for (size_t i = 0; i < count; i++) {
        assert_true(rt_set_next(of, &position, &key));
        assert_number(rt_int_value(key), numbers[i]);
    }
    assert_false(rt_set_next(of, &position, &key));
    assert_number(rt_set_size(of), count);
}

static void
a_new_set_is_empty_and_tracked(void **state)
{
    (void)state;
    assert_true(rt_set_check(set));
    assert_number(set->ob_refcnt, 1);
    assert_true(rt_gc_is_tracked(set));
    assert_order(set, NULL, 0);
    assert_number(has_int(set, 0), 0);
    assert_number(remove_int(set, 0), 0);
}

static void
a_key_is_added_once(void **state)
{
    (void)state;
    struct rt_object *first = rt_int_new(1000);
    struct rt_object *equal = rt_int_new(1000);
    assert_number(rt_set_add(set, first), 1);
    assert_number(rt_set_add(set, equal), 0);
    assert_number(rt_set_size(set), 1);
    assert_number(first->ob_refcnt, 2);
    assert_number(equal->ob_refcnt, 1);
    assert_number(rt_set_contains(set, equal), 1);
    assert_number(rt_set_remove(set, equal), 1);
    assert_number(rt_set_contains(set, equal), 0);
    assert_number(rt_set_remove(set, equal), 0);
    assert_number(first->ob_refcnt, 1);
    rt_decref(first);
    rt_decref(equal);
}

/* list(s) of the same steps in CPython. */
static void
the_order_is_that_of_cpythons_table(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 30; i++) {
        add_int(set, 1000 * i);
    }
    for (int64_t i = 0; i < 30; i += 3) {
        remove_int(set, 1000 * i);
    }
    for (int64_t i = 0; i < 5; i++) {
        add_int(set, 7 + 32 * i);
    }
    static const int64_t EXPECTED[] = {
        16000, 7,     5000,  135,  10000, 26000, 4000,  20000, 39,
        25000, 14000, 19000, 8000, 71,    13000, 29000, 2000,  7000,
        23000, 28000, 103,   1000, 17000, 22000, 11000};
    assert_order(set, EXPECTED, 25);
    static const int64_t EXPECTED_COPY[] = {
        16000, 8000, 7,     5000,  135,   71,    13000, 29000, 10000,
        26000, 2000, 7000,  23000, 4000,  20000, 28000, 39,    25000,
        103,   1000, 17000, 14000, 22000, 11000, 19000};
    struct rt_object *copy = rt_copy(set);
    assert_order(copy, EXPECTED_COPY, 25);
    rt_decref(copy);
}

/* sys.getsizeof() less its 216 bytes for a set that fits into the object. */
static void
tables_grow_as_in_cpython(void **state)
{
    (void)state;
    static const struct {
        int64_t keys;
        size_t bytes;
    } STEPS[] = {
        {5, 512}, {19, 2048}, {77, 8192}, {307, 32768}, {1229, 131072}};
    size_t next = 0;
    size_t expected = 0;
    struct rt_object *keys[2000];
    for (int64_t i = 0; i < 2000; i++) {
        keys[i] = rt_int_new(i + 1000);
    }
    size_t before = rt_alloc_live_bytes();
    for (int64_t i = 1; i <= 2000; i++) {
        rt_set_add(set, keys[i - 1]);
        if (next < sizeof(STEPS) / sizeof(STEPS[0]) && STEPS[next].keys == i) {
            expected = STEPS[next++].bytes;
        }
        assert_number(rt_alloc_live_bytes() - before, expected);
    }
    for (int i = 0; i < 2000; i++) {
        assert_number(rt_set_contains(set, keys[i]), 1);
        rt_decref(keys[i]);
    }
}

static void
a_large_set_doubles(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 200000; i++) {
        assert_number(add_int(set, i * 7), 1);
    }
    assert_number(rt_set_size(set), 200000);
    assert_number(has_int(set, 1399993), 1);
    assert_number(has_int(set, 1), 0);
}

static void
dummies_do_not_fill_a_small_set(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 1000; i++) {
        assert_number(add_int(set, i % 200), 1);
        assert_number(remove_int(set, i % 200), 1);
        assert_number(has_int(set, i % 200 + 1), 0);
    }
    assert_number(rt_alloc_live_blocks(), 1);
    assert_number(add_int(set, 1), 1);
    assert_order(set, (const int64_t[]){1}, 1);
}

/* sys.getsizeof() is 216 + 256: 16 slots for two keys and three dummies. */
static void
a_resize_counts_the_keys_in_use(void **state)
{
    (void)state;
    size_t before = rt_alloc_live_bytes();
    for (int64_t i = 0; i < 3; i++) {
        add_int(set, i);
    }
    for (int64_t i = 0; i < 3; i++) {
        remove_int(set, i);
    }
    add_int(set, 3);
    add_int(set, 4);
    assert_number(rt_alloc_live_bytes() - before, 256);
    assert_order(set, (const int64_t[]){3, 4}, 2);
}

static void
the_last_slot_counts(void **state)
{
    (void)state;
    add_int(set, 7);
    assert_order(set, (const int64_t[]){7}, 1);
    struct rt_object *copy = rt_copy(set);
    assert_order(copy, (const int64_t[]){7}, 1);
    for (int64_t i = 0; i < 4; i++) {
        add_int(copy, i);
    }
    assert_order(copy, (const int64_t[]){0, 1, 2, 3, 7}, 5);
    rt_decref(copy);
}

static struct rt_object *asked_key; // borrowed

static void
remove_the_asked(struct probe *asked)
{
    asked->on_compare = NULL;
    rt_set_remove(set, asked_key);
}

static void
a_comparison_may_remove_the_key_that_it_is_asked_about(void **state)
{
    (void)state;
    struct probe *there = new_probe(1, 5);
    there->on_compare = remove_the_asked;
    asked_key = &there->base;
    give(there);
    struct rt_object *key = &new_probe(1, 5)->base;
    assert_number(rt_set_contains(set, key), 0);
    assert_number(death_count, 1);
    rt_decref(key);
}

static void
clear_the_set(struct probe *asked)
{
    asked->on_compare = NULL;
    rt_set_clear(set);
}

static void
a_comparison_may_clear_the_set(void **state)
{
    (void)state;
    struct probe *there = new_probe(1, 5);
    there->on_compare = clear_the_set;
    give(there);
    struct rt_object *key = &new_probe(1, 5)->base;
    assert_number(rt_set_contains(set, key), 0);
    assert_number(rt_set_size(set), 0);
    assert_number(death_count, 1);
    rt_decref(key);
}

static void
fill_the_set(struct probe *asked)
{
    asked->on_compare = NULL;
    for (int64_t i = 0; i < 1000; i++) {
        add_int(set, i);
    }
}

static void
a_comparison_may_make_the_set_grow(void **state)
{
    (void)state;
    struct probe *there = new_probe(1, 5);
    there->on_compare = fill_the_set;
    give(there);
    struct rt_object *key = &new_probe(1, 5)->base;
    assert_number(rt_set_add(set, key), 0);
    assert_number(rt_set_size(set), 1001);
    rt_decref(key);
}

static size_t size_seen;

static void
look_at_the_set(struct probe *dying)
{
    (void)dying;
    size_seen = rt_set_size(set);
    add_int(set, 1);
}

static void
clear_empties_first_and_releases_in_order(void **state)
{
    (void)state;
    for (int keys = 3; keys <= 30; keys += 27) {
        death_count = 0;
        for (int i = 0; i < keys; i++) {
            struct probe *key = new_probe(i, i);
            key->on_death = i == 0 ? look_at_the_set : NULL;
            give(key);
        }
        size_seen = 99;
        rt_set_clear(set);
        assert_number(size_seen, 0);
        assert_number(death_count, keys);
        for (int i = 0; i < keys; i++) {
            assert_number(deaths[i], i);
        }
        assert_order(set, (const int64_t[]){1}, 1);
        rt_set_clear(set);
    }
}

static void
a_removed_key_is_gone_when_it_dies(void **state)
{
    (void)state;
    struct probe *key = new_probe(7, 7);
    key->on_death = look_at_the_set;
    give(key);
    struct rt_object *same = &new_probe(7, 7)->base;
    size_seen = 99;
    assert_number(rt_set_remove(set, same), 1);
    assert_number(size_seen, 0);
    rt_decref(same);
}

static void
errors_of_hash_and_comparison_are_passed_on(void **state)
{
    (void)state;
    struct rt_object *keys[2] = {&new_probe(1, -1)->base,
                                 &new_probe(1, 5)->base};
    give(new_probe(1, 5));
    comparisons_fail = true;
    for (int i = 0; i < 2; i++) {
        int (*const OPERATIONS[])(struct rt_object *, struct rt_object *) = {
            rt_set_add, rt_set_contains, rt_set_remove};
        for (int j = 0; j < 3; j++) {
            assert_number(OPERATIONS[j](set, keys[i]), -1);
            assert_number(rt_error_occurred(), RT_ERROR_VALUE);
            rt_error_clear();
        }
        assert_number(keys[i]->ob_refcnt, 1);
        rt_decref(keys[i]);
    }
    assert_number(rt_set_size(set), 1);
}

static void
a_set_is_no_key(void **state)
{
    (void)state;
    assert_number(rt_set_add(set, set), -1);
    assert_text(rt_error_text(), "unhashable type: 'set'");
}

static void
a_set_without_memory_stays_as_it_is(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 4; i++) {
        add_int(set, i);
    }
    struct rt_object *key = rt_int_new(1000);
    rt_alloc_fail_nth(1);
    assert_number(rt_set_add(set, key), -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    assert_number(key->ob_refcnt, 1);
    assert_order(set, (const int64_t[]){0, 1, 2, 3}, 4);
    assert_number(rt_set_add(set, key), 1);
    assert_number(rt_set_size(set), 5);
    rt_decref(key);
}

/* Everything that allocates, or NULL with a pending error. */
static struct rt_object *
build_and_copy(void)
{
    struct rt_object *built = rt_set_new();
    struct rt_object *shallow = NULL;
    struct rt_object *deep = NULL;
    for (int64_t i = 0; built != NULL && i < 25; i++) {
        if (add_int(built, i * 1000) < 0) {
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
    assert_true(failures > 23);
    assert_number(rt_set_size(built), 25);
    rt_decref(built);
}

static int
count_visits(struct rt_object *held, void *data)
{
    (void)held;
    int *counters = data;
    counters[0]++;
    return counters[0] == counters[1];
}

static void
traverse_visits_each_key_until_told_to_stop(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 100; i++) {
        add_int(set, i);
    }
    remove_int(set, 50);
    int counters[2] = {0, 0};
    assert_number(set->ob_type->traverse(set, count_visits, counters), 0);
    assert_number(counters[0], 99);
    counters[0] = 0;
    counters[1] = 10;
    assert_number(set->ob_type->traverse(set, count_visits, counters), 1);
    assert_number(counters[0], 10);
}

static void
weak_references_to_a_set_read_nothing_after_its_death(void **state)
{
    (void)state;
    struct rt_object *reference = rt_weakref_new(set, NULL);
    struct rt_object *strong = rt_weakref_get(reference);
    assert_ptr_equal(strong, set);
    rt_decref(strong);
    rt_clear(&set);
    assert_null(rt_weakref_get(reference));
    rt_decref(reference);
}

static void
sets_are_equal_by_value(void **state)
{
    (void)state;
    struct rt_object *other = rt_set_new();
    for (int64_t i = 0; i < 10; i++) {
        add_int(set, i + 1000);
        add_int(other, 1009 - i);
    }
    assert_number(rt_equal(set, other), 1);
    remove_int(other, 1003);
    assert_number(rt_equal(set, other), 0);
    add_int(other, 3);
    assert_number(rt_equal(set, other), 0);
    rt_decref(other);
}

static void
copies_are_sets_of_their_own(void **state)
{
    (void)state;
    struct rt_object *key = rt_int_new(1000);
    rt_set_add(set, key);
    struct rt_object *copies[2] = {rt_copy(set), rt_deepcopy(set)};
    for (int i = 0; i < 2; i++) {
        assert_true(copies[i] != set && rt_gc_is_tracked(copies[i]));
        assert_number(rt_equal(copies[i], set), 1);
        remove_int(copies[i], 1000);
        rt_decref(copies[i]);
    }
    assert_number(has_int(set, 1000), 1);
    assert_number(key->ob_refcnt, 2);
    rt_decref(key);
}

/* Keys with few different hashes, so that most of them collide. */
static void
a_hundred_thousand_random_steps_match_a_model(void **state)
{
    (void)state;
    enum {
        KEYS = 300
    };
    struct rt_object *keys[KEYS];
    bool is_there[KEYS] = {false};
    size_t count = 0;
    struct dice dice = {.seed = 3};
    for (int i = 0; i < KEYS; i++) {
        keys[i] = &new_probe(i, i % 50 * 8 - 40)->base;
    }
    for (int step = 0; step < 100000; step++) {
        size_t i = dice_roll(&dice, step / 5000 % 2 == 0 ? KEYS : 9);
        size_t action = dice_roll(&dice, 100);
        if (action < 45) {
            assert_number(rt_set_add(set, keys[i]), !is_there[i]);
            count += !is_there[i];
            is_there[i] = true;
        }
        else if (action < 90) {
            assert_number(rt_set_remove(set, keys[i]), is_there[i]);
            count -= is_there[i];
            is_there[i] = false;
        }
        else {
            assert_number(rt_set_contains(set, keys[i]), is_there[i]);
        }
        assert_number(rt_set_size(set), count);
    }
    for (int i = 0; i < KEYS; i++) {
        assert_number(rt_set_contains(set, keys[i]), is_there[i]);
        rt_decref(keys[i]);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_new_set_is_empty_and_tracked),
        CASE(a_key_is_added_once),
        CASE(the_order_is_that_of_cpythons_table),
        CASE(tables_grow_as_in_cpython),
        CASE(a_large_set_doubles),
        CASE(dummies_do_not_fill_a_small_set),
        CASE(a_resize_counts_the_keys_in_use),
        CASE(the_last_slot_counts),
        CASE(a_comparison_may_remove_the_key_that_it_is_asked_about),
        CASE(a_comparison_may_clear_the_set),
        CASE(a_comparison_may_make_the_set_grow),
        CASE(clear_empties_first_and_releases_in_order),
        CASE(a_removed_key_is_gone_when_it_dies),
        CASE(errors_of_hash_and_comparison_are_passed_on),
        CASE(a_set_is_no_key),
        CASE(a_set_without_memory_stays_as_it_is),
        CASE(every_allocation_may_fail),
        CASE(traverse_visits_each_key_until_told_to_stop),
        CASE(weak_references_to_a_set_read_nothing_after_its_death),
        CASE(sets_are_equal_by_value),
        CASE(copies_are_sets_of_their_own),
        CASE(a_hundred_thousand_random_steps_match_a_model),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
