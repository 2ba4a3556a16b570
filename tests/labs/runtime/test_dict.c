#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/none.h"
#include "labs/runtime/string.h"
#include "labs/testing.h"
#include "tests/support/dice.h"
#include "tests/support/scarcity.h"

static struct rt_object *dict;
static size_t empty_bytes; // of a dict without entries
static size_t head_bytes;  // of a table without its indices and entries

/* A key or value that does as it is told and writes down its death. */
struct probe {
    struct rt_object base;
    int64_t number; // equal ones are equal
    int64_t hash;   // -1: hashing fails
    void (*on_compare)(struct probe *asked, struct rt_object *other);
    void (*on_death)(struct probe *dying);
};

static int64_t deaths[64]; // numbers of the probes that died, in order
static size_t death_count;

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

static bool comparisons_fail;

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
        probe->on_compare(probe, b);
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
    size_t before = rt_alloc_live_bytes();
    dict = rt_dict_new();
    empty_bytes = rt_alloc_live_bytes() - before;
    if (dict == NULL || rt_dict_set(dict, rt_none, rt_none) < 0) {
        return -1;
    }
    head_bytes = rt_alloc_live_bytes() - before - empty_bytes -
                 128; // 8 indices of a byte, 5 entries of 24
    rt_dict_clear(dict);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    if (dict != NULL) {
        rt_decref(dict);
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
        result = rt_dict_set(into, key, object);
    }
    rt_xdecref(key);
    rt_xdecref(object);
    return result;
}

/* The value under an int, -1 if there is none. */
static int64_t
get_int(struct rt_object *from, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    struct rt_object *value = rt_dict_get(from, key);
    rt_decref(key);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    return value == NULL ? -1 : rt_int_value(value);
}

static int
remove_int(struct rt_object *from, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    int result = rt_dict_remove(from, key);
    rt_decref(key);
    return result;
}

/* Stores and keeps no reference. */
static void
give(struct rt_object *into, struct rt_object *key, struct rt_object *value)
{
    assert_number(rt_dict_set(into, key, value), 0);
    rt_decref(key);
    rt_decref(value);
}

static size_t
table_bytes(void)
{
    return rt_alloc_live_bytes() - empty_bytes - head_bytes;
}

static void
assert_order(struct rt_object *of, const int64_t *numbers, size_t count)
{
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    for (size_t i = 0; i < count; i++) {
        assert_true(rt_dict_next(of, &position, &key, &value));
        assert_number(rt_int_value(key), numbers[i]);
    }
    assert_false(rt_dict_next(of, &position, &key, &value));
    assert_number(rt_dict_size(of), count);
}

// --- what is in it ---------------------------------------------------------

static void
a_new_dict_is_empty_and_untracked(void **state)
{
    (void)state;
    assert_true(rt_dict_check(dict));
    assert_number(dict->ob_refcnt, 1);
    assert_false(rt_gc_is_tracked(dict));
    assert_order(dict, NULL, 0);
    assert_number(get_int(dict, 1), -1);
    assert_number(remove_int(dict, 1), 0);
    rt_dict_clear(dict);
    assert_number(rt_alloc_live_bytes(), empty_bytes);
}

static void
a_key_finds_its_value_by_equality(void **state)
{
    (void)state;
    struct rt_object *value = rt_int_new(1000);
    give(dict, rt_str_new("spam"), value);
    struct rt_object *key = rt_str_new("spam");
    struct rt_object *other = rt_str_new("eggs");
    assert_ptr_equal(rt_dict_get(dict, key), value);
    assert_null(rt_dict_get(dict, other));
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    rt_decref(key);
    rt_decref(other);
}

static void
the_dict_has_references_of_its_own(void **state)
{
    (void)state;
    struct rt_object *key = rt_int_new(1000);
    struct rt_object *value = rt_int_new(2000);
    rt_dict_set(dict, key, value);
    assert_number(key->ob_refcnt, 2);
    assert_number(value->ob_refcnt, 2);
    assert_ptr_equal(rt_dict_get(dict, key), value);
    assert_number(value->ob_refcnt, 2);
    assert_number(rt_dict_remove(dict, key), 1);
    assert_number(key->ob_refcnt, 1);
    assert_number(value->ob_refcnt, 1);
    rt_decref(key);
    rt_decref(value);
}

static void
replacing_keeps_the_key_and_its_place(void **state)
{
    (void)state;
    struct rt_object *first = rt_int_new(1000);
    struct rt_object *equal = rt_int_new(1000);
    give(dict, rt_new_ref(first), rt_int_new(1));
    set_int(dict, 7, 2);
    give(dict, equal, rt_int_new(3));
    assert_order(dict, (const int64_t[]){1000, 7}, 2);
    assert_number(get_int(dict, 1000), 3);
    assert_number(first->ob_refcnt, 2);
    rt_decref(first);
}

static void
a_key_that_comes_again_goes_to_the_end(void **state)
{
    (void)state;
    for (int64_t i = 1; i <= 3; i++) {
        set_int(dict, i, i);
    }
    assert_number(remove_int(dict, 1), 1);
    assert_number(remove_int(dict, 1), 0);
    assert_order(dict, (const int64_t[]){2, 3}, 2);
    set_int(dict, 1, 10);
    assert_order(dict, (const int64_t[]){2, 3, 1}, 3);
    assert_number(get_int(dict, 1), 10);
}

static void
only_keys_with_the_same_hash_are_compared(void **state)
{
    (void)state;
    struct rt_object *key = &new_probe(9, 9 * 64)->base;
    for (int i = 0; i < 9; i++) {
        give(dict, &new_probe(i, i * 64)->base, rt_int_new(i));
    }
    set_int(dict, 64, 1);
    remove_int(dict, 64);
    comparisons_fail = true;
    assert_null(rt_dict_get(dict, key));
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    rt_decref(key);
}

static void
removal_does_not_hide_keys_that_collided(void **state)
{
    (void)state;
    struct rt_object *keys[5];
    for (int i = 0; i < 5; i++) {
        keys[i] = &new_probe(i, 42)->base;
        rt_dict_set(dict, keys[i], keys[i]);
    }
    rt_dict_remove(dict, keys[0]);
    rt_dict_remove(dict, keys[2]);
    for (int i = 0; i < 5; i++) {
        struct rt_object *expected = i == 0 || i == 2 ? NULL : keys[i];
        assert_ptr_equal(rt_dict_get(dict, keys[i]), expected);
        rt_decref(keys[i]);
    }
}

/* test_dict.DictTest.test_resize1: dummies do not break the table. */
static void
five_in_five_out_four_in(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 5; i++) {
        set_int(dict, i, i);
    }
    for (int64_t i = 0; i < 5; i++) {
        assert_number(remove_int(dict, i), 1);
    }
    for (int64_t i = 5; i < 9; i++) {
        set_int(dict, i, i);
    }
    assert_order(dict, (const int64_t[]){5, 6, 7, 8}, 4);
}

static void
keys_may_go_while_one_walks_through_them(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 100; i++) {
        set_int(dict, i, i);
    }
    size_t position = 0;
    size_t met = 0;
    struct rt_object *key;
    struct rt_object *value;
    while (rt_dict_next(dict, &position, &key, &value)) {
        met++;
        assert_number(rt_dict_remove(dict, key), 1);
    }
    assert_number(met, 100);
    assert_number(rt_dict_size(dict), 0);
}

static void
hashes_of_any_size_and_sign_are_fine(void **state)
{
    (void)state;
    static const int64_t HASHES[] = {0, -2, INT64_MIN, INT64_MAX, 7, 8, -9};
    struct rt_object *keys[7];
    for (int i = 0; i < 7; i++) {
        keys[i] = &new_probe(i, HASHES[i])->base;
        rt_dict_set(dict, keys[i], keys[i]);
    }
    for (int i = 0; i < 7; i++) {
        assert_ptr_equal(rt_dict_get(dict, keys[i]), keys[i]);
        rt_decref(keys[i]);
    }
}

// --- sizes -----------------------------------------------------------------

/* sys.getsizeof() of a dict less the 64 bytes of the object and the 32 of the
 * table's head, in CPython 3.11 and 3.12. */
static void
tables_grow_as_in_cpython(void **state)
{
    (void)state;
    static const struct {
        int64_t keys;
        size_t bytes;
    } STEPS[] = {{1, 128},     {6, 256},      {11, 536},     {22, 1072},
                 {43, 2168},   {86, 4592},    {171, 9208},   {342, 18416},
                 {683, 36856}, {1366, 73712}, {2731, 147448}};
    size_t next = 0;
    size_t expected = 0;
    struct rt_object *small = rt_int_new(1);
    struct rt_object *keys[3000];
    for (int64_t i = 0; i < 3000; i++) {
        keys[i] = rt_int_new(i + 1000);
    }
    size_t before = rt_alloc_live_bytes();
    for (int64_t i = 1; i <= 3000; i++) {
        rt_dict_set(dict, keys[i - 1], small);
        if (next < sizeof(STEPS) / sizeof(STEPS[0]) && STEPS[next].keys == i) {
            expected = STEPS[next++].bytes;
        }
        assert_number(rt_alloc_live_bytes() - before, expected + head_bytes);
    }
    for (int i = 0; i < 3000; i++) {
        rt_decref(keys[i]);
    }
}

static void
indices_grow_to_four_bytes_and_find_everything(void **state)
{
    (void)state;
    struct rt_object *value = rt_int_new(1);
    for (int64_t i = 0; i < 60000; i++) {
        give(dict, rt_int_new(i * 64), value);
    }
    for (int64_t i = 0; i < 60000; i++) {
        assert_number(get_int(dict, i * 64), 1);
    }
    assert_number(get_int(dict, 63), -1);
    assert_number(rt_dict_size(dict), 60000);
}

static void
a_queue_does_not_grow(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 10000; i++) {
        set_int(dict, i % 200, 1);
        if (i >= 4) {
            assert_number(remove_int(dict, (i - 4) % 200), 1);
        }
    }
    assert_number(table_bytes(), 256);
}

/* As sys.getsizeof() shows. */
static void
one_key_that_stays_makes_the_table_grow_once(void **state)
{
    (void)state;
    set_int(dict, 0, 1);
    for (int64_t i = 1; i < 30; i++) {
        set_int(dict, i, 1);
        assert_number(table_bytes(), i < 5 ? 128 : 256);
        remove_int(dict, i);
    }
}

/* The same steps as sys.getsizeof() shows: a resize counts the keys in use,
 * not the entries written, so it may also make the table smaller. */
static void
a_resize_leaves_the_holes_behind(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 100; i++) {
        set_int(dict, i, 1);
    }
    for (int64_t i = 0; i < 95; i++) {
        remove_int(dict, i);
    }
    for (int64_t i = 0; i < 165; i++) {
        set_int(dict, i - 5, 1);
        assert_number(table_bytes(), i < 70 ? 4592 : i < 105 ? 256 : 128);
        remove_int(dict, i - 5);
    }
}

/* test_dict.DictTest.test_copy_noncompact. */
static void
a_copy_of_a_mostly_emptied_dict_is_compact(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 100; i++) {
        set_int(dict, i, 1);
    }
    for (int64_t i = 0; i < 95; i++) {
        remove_int(dict, i);
    }
    size_t before = rt_alloc_live_bytes();
    struct rt_object *copy = rt_copy(dict);
    assert_number(rt_alloc_live_bytes() - before - empty_bytes,
                  128 + head_bytes);
    assert_order(copy, (const int64_t[]){95, 96, 97, 98, 99}, 5);
    rt_decref(copy);
}

/* As large as the original up to a third of holes, else as small as can be;
 * the sizes are those of d.copy(). */
static void
a_copy_is_as_large_as_in_cpython(void **state)
{
    (void)state;
    static const struct {
        int64_t keys, removed;
        size_t bytes;
    } CASES[] = {{6, 2, 256}, {6, 3, 256}, {60, 49, 536}, {100, 95, 128}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        rt_dict_clear(dict);
        for (int64_t key = 0; key < CASES[i].keys; key++) {
            set_int(dict, key, 1);
        }
        for (int64_t key = 0; key < CASES[i].removed; key++) {
            remove_int(dict, key);
        }
        size_t before = rt_alloc_live_bytes();
        struct rt_object *copy = rt_copy(dict);
        assert_number(rt_alloc_live_bytes() - before - empty_bytes,
                      CASES[i].bytes + head_bytes);
        assert_number(rt_equal(copy, dict), 1);
        rt_decref(copy);
    }
}

// --- code that runs meanwhile ----------------------------------------------

static void
clear_the_dict(struct probe *asked, struct rt_object *other)
{
    (void)other;
    asked->on_compare = NULL;
    rt_dict_clear(dict);
}

static void
a_comparison_may_clear_the_dict(void **state)
{
    (void)state;
    struct probe *there = new_probe(1, 5);
    there->on_compare = clear_the_dict;
    give(dict, &there->base, rt_int_new(1));
    struct rt_object *key = &new_probe(1, 5)->base;
    assert_null(rt_dict_get(dict, key));
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_dict_size(dict), 0);
    rt_decref(key);
}

static void
remove_the_asked(struct probe *asked, struct rt_object *other)
{
    (void)other;
    asked->on_compare = NULL;
    rt_dict_remove(dict, &asked->base);
}

static void
a_comparison_may_remove_the_key_that_it_is_asked_about(void **state)
{
    (void)state;
    struct probe *there = new_probe(1, 5);
    there->on_compare = remove_the_asked;
    give(dict, &there->base, rt_int_new(1));
    struct rt_object *key = &new_probe(1, 5)->base;
    assert_number(rt_dict_set(dict, key, key), 0);
    assert_number(rt_dict_size(dict), 1);
    assert_ptr_equal(rt_dict_get(dict, key), key);
    assert_number(death_count, 1);
    rt_decref(key);
}

static void
fill_the_dict(struct probe *asked, struct rt_object *other)
{
    (void)other;
    asked->on_compare = NULL;
    for (int64_t i = 0; i < 1000; i++) {
        set_int(dict, i, i);
    }
}

static void
a_comparison_may_make_the_dict_grow(void **state)
{
    (void)state;
    struct probe *there = new_probe(1, 5);
    there->on_compare = fill_the_dict;
    give(dict, &there->base, rt_int_new(77));
    struct rt_object *key = &new_probe(1, 5)->base;
    assert_number(rt_int_value(rt_dict_get(dict, key)), 77);
    assert_number(rt_dict_size(dict), 1001);
    rt_decref(key);
}

static size_t size_seen;
static struct rt_object *seen;
static struct rt_object *watched_key; // borrowed

static void
look_at_the_dict(struct probe *dying)
{
    (void)dying;
    size_seen = rt_dict_size(dict);
    seen = rt_dict_get(dict, watched_key);
}

static void
the_old_value_dies_after_the_new_one_is_stored(void **state)
{
    (void)state;
    struct probe *old = new_probe(1, 1);
    old->on_death = look_at_the_dict;
    watched_key = rt_int_new(3);
    give(dict, watched_key, &old->base);
    struct rt_object *new = rt_int_new(1000);
    give(dict, watched_key, new);
    assert_number(death_count, 1);
    assert_ptr_equal(seen, new);
}

static void
a_removed_key_is_gone_when_it_dies(void **state)
{
    (void)state;
    struct probe *key = new_probe(1, 1);
    struct probe *value = new_probe(2, 2);
    key->on_death = look_at_the_dict;
    watched_key = rt_int_new(3);
    set_int(dict, 3, 33);
    give(dict, &key->base, &value->base);
    struct rt_object *same = &new_probe(1, 1)->base;
    assert_number(rt_dict_remove(dict, same), 1);
    assert_number(size_seen, 1);
    assert_number(deaths[0], 1);
    assert_number(deaths[1], 2);
    rt_decref(same);
}

static void
add_one(struct probe *dying)
{
    size_seen = rt_dict_size(dict);
    set_int(dict, dying->number + 100, 0);
}

static void
clear_empties_first_and_releases_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i += 2) {
        struct probe *key = new_probe(i, 90 - i);
        struct probe *value = new_probe(i + 1, 0);
        if (i == 0) {
            key->on_death = add_one;
        }
        give(dict, &key->base, &value->base);
    }
    size_seen = 99;
    rt_dict_clear(dict);
    assert_number(size_seen, 0);
    assert_number(death_count, 8);
    for (int i = 0; i < 8; i++) {
        assert_number(deaths[i], i);
    }
    assert_order(dict, (const int64_t[]){100}, 1);
}

static void
a_dying_dict_releases_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i += 2) {
        give(dict, &new_probe(i, 90 - i)->base, &new_probe(i + 1, 0)->base);
    }
    rt_clear(&dict);
    assert_number(death_count, 40);
    for (int i = 0; i < 40; i++) {
        assert_number(deaths[i], i);
    }
}

// --- what can go wrong -----------------------------------------------------

static void
a_key_without_a_hash_is_an_error_everywhere(void **state)
{
    (void)state;
    struct rt_object *key = &new_probe(1, -1)->base;
    set_int(dict, 1, 1);
    assert_number(rt_dict_set(dict, key, key), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    rt_error_clear();
    assert_null(rt_dict_get(dict, key));
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    rt_error_clear();
    assert_number(rt_dict_remove(dict, key), -1);
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    assert_number(key->ob_refcnt, 1);
    assert_number(rt_dict_size(dict), 1);
    rt_decref(key);
}

static void
a_failed_comparison_is_an_error_everywhere(void **state)
{
    (void)state;
    give(dict, &new_probe(1, 5)->base, rt_int_new(1));
    struct rt_object *key = &new_probe(1, 5)->base;
    comparisons_fail = true;
    assert_number(rt_dict_set(dict, key, key), -1);
    assert_text(rt_error_text(), "cannot compare");
    rt_error_clear();
    assert_null(rt_dict_get(dict, key));
    assert_text(rt_error_text(), "cannot compare");
    rt_error_clear();
    assert_number(rt_dict_remove(dict, key), -1);
    assert_text(rt_error_text(), "cannot compare");
    assert_number(key->ob_refcnt, 1);
    assert_number(rt_dict_size(dict), 1);
    rt_decref(key);
}

static void
a_dict_is_no_key(void **state)
{
    (void)state;
    assert_number(rt_dict_set(dict, dict, dict), -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(), "unhashable type: 'dict'");
}

static void
a_dict_without_memory_stays_as_it_is(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 5; i++) {
        set_int(dict, i, i);
    }
    struct rt_object *key = rt_int_new(1000);
    rt_alloc_fail_nth(1);
    assert_number(rt_dict_set(dict, key, key), -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    assert_number(key->ob_refcnt, 1);
    assert_order(dict, (const int64_t[]){0, 1, 2, 3, 4}, 5);
    assert_number(rt_dict_set(dict, key, key), 0);
    assert_order(dict, (const int64_t[]){0, 1, 2, 3, 4, 1000}, 6);
    rt_decref(key);
}

/* Everything that allocates, or NULL with a pending error. */
static struct rt_object *
build_and_copy(void)
{
    struct rt_object *built = rt_dict_new();
    struct rt_object *shallow = NULL;
    struct rt_object *deep = NULL;
    for (int64_t i = 0; built != NULL && i < 12; i++) {
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
    assert_true(failures > 14);
    assert_number(rt_dict_size(built), 12);
    rt_decref(built);
}

// --- the collector and copies ----------------------------------------------

static int
write_down(struct rt_object *held, void *data)
{
    int64_t *numbers = data;
    numbers[++numbers[0]] = rt_int_value(held);
    return numbers[0] == numbers[11];
}

static void
traverse_visits_in_order_until_told_to_stop(void **state)
{
    (void)state;
    int64_t numbers[12] = {0};
    for (int64_t i = 0; i < 4; i++) {
        set_int(dict, 9 - i, i);
    }
    remove_int(dict, 8);
    dict->ob_type->traverse(dict, write_down, numbers);
    assert_number(numbers[0], 6);
    static const int64_t EXPECTED[] = {9, 0, 7, 2, 6, 3};
    assert_memory_equal(numbers + 1, EXPECTED, sizeof(EXPECTED));
    for (int64_t stop = 1; stop <= 2; stop++) {
        numbers[0] = 0;
        numbers[11] = stop;
        assert_number(dict->ob_type->traverse(dict, write_down, numbers), 1);
        assert_number(numbers[0], stop);
    }
}

/* test_gc.GCTests.test_dict. */
static void
a_dict_that_holds_itself_is_collected(void **state)
{
    (void)state;
    give(dict, rt_int_new(1), dict);
    dict = NULL;
    assert_number(rt_gc_collect(2), 1);
}

static void
a_long_chain_of_dicts_dies(void **state)
{
    (void)state;
    struct rt_object *key = rt_int_new(1);
    for (int i = 0; i < 200000; i++) {
        struct rt_object *outer = rt_dict_new();
        give(outer, key, dict);
        dict = outer;
    }
    rt_clear(&dict);
    assert_number(rt_alloc_live_blocks(), 0);
}

static void
a_copy_holds_the_same_references_in_the_same_order(void **state)
{
    (void)state;
    struct rt_object *key = rt_int_new(1000);
    struct rt_object *value = rt_dict_new();
    set_int(dict, 5, 5);
    rt_dict_set(dict, key, value);
    set_int(dict, 1, 1);
    remove_int(dict, 5);
    struct rt_object *copy = rt_copy(dict);
    assert_true(copy != dict && rt_gc_is_tracked(copy));
    assert_order(copy, (const int64_t[]){1000, 1}, 2);
    assert_ptr_equal(rt_dict_get(copy, key), value);
    assert_number(key->ob_refcnt, 3);
    assert_number(value->ob_refcnt, 3);
    remove_int(copy, 1);
    assert_number(get_int(dict, 1), 1);
    rt_decref(copy);
    rt_decref(key);
    rt_decref(value);
}

static void
a_copy_of_an_empty_dict_is_empty(void **state)
{
    (void)state;
    set_int(dict, 1, 1);
    remove_int(dict, 1);
    struct rt_object *copy = rt_copy(dict);
    assert_number(rt_dict_size(copy), 0);
    assert_number(set_int(copy, 2, 2), 0);
    assert_order(copy, (const int64_t[]){2}, 1);
    rt_decref(copy);
}

static void
a_deep_copy_has_the_same_shape(void **state)
{
    (void)state;
    struct rt_object *one = rt_int_new(1);
    struct rt_object *two = rt_int_new(2);
    struct rt_object *inner = rt_dict_new();
    rt_dict_set(inner, one, dict);
    rt_dict_set(dict, one, inner);
    rt_dict_set(dict, two, inner);
    struct rt_object *copy = rt_deepcopy(dict);
    struct rt_object *part = rt_dict_get(copy, one);
    assert_true(copy != dict && part != inner);
    assert_ptr_equal(rt_dict_get(copy, two), part);
    assert_ptr_equal(rt_dict_get(part, one), copy);
    rt_dict_clear(inner);
    rt_dict_clear(part);
    rt_decref(inner);
    rt_decref(copy);
}

static void
dicts_are_equal_by_value_in_any_order(void **state)
{
    (void)state;
    struct rt_object *other = rt_dict_new();
    for (int64_t i = 0; i < 10; i++) {
        set_int(dict, i, i + 1000);
        set_int(other, 9 - i, 1009 - i);
    }
    assert_number(rt_equal(dict, other), 1);
    set_int(other, 3, 7);
    assert_number(rt_equal(dict, other), 0);
    remove_int(other, 3);
    assert_number(rt_equal(dict, other), 0);
    set_int(other, 33, 1003);
    assert_number(rt_equal(dict, other), 0);
    rt_decref(other);
}

static void
dicts_that_hold_themselves_cannot_be_compared(void **state)
{
    (void)state;
    struct rt_object *other = rt_dict_new();
    struct rt_object *key = rt_int_new(1);
    rt_dict_set(dict, key, dict);
    rt_dict_set(other, key, other);
    assert_number(rt_equal(dict, other), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_contains(rt_error_text(), "maximum recursion depth");
    rt_dict_clear(dict);
    rt_dict_clear(other);
    assert_number(rt_equal(dict, other), 1);
    rt_decref(other);
}

static void
a_failed_comparison_of_values_is_an_error(void **state)
{
    (void)state;
    struct rt_object *other = rt_dict_new();
    struct rt_object *key = rt_int_new(1);
    give(dict, key, &new_probe(1, 1)->base);
    give(other, key, &new_probe(1, 1)->base);
    comparisons_fail = true;
    assert_number(rt_equal(dict, other), -1);
    assert_text(rt_error_text(), "cannot compare");
    rt_decref(other);
}

// --- a model ---------------------------------------------------------------

enum {
    MODEL_KEYS = 300
};

/* The same dict as an array in the order of insertion. */
struct model {
    int64_t keys[MODEL_KEYS];
    int64_t values[MODEL_KEYS];
    size_t count;
};

static size_t
model_find(const struct model *model, int64_t key)
{
    size_t i = 0;
    while (i < model->count && model->keys[i] != key) {
        i++;
    }
    return i;
}

static void
model_set(struct model *model, int64_t key, int64_t value)
{
    size_t i = model_find(model, key);
    model->keys[i] = key;
    model->values[i] = value;
    model->count += i == model->count;
}

static int
model_remove(struct model *model, int64_t key)
{
    size_t i = model_find(model, key);
    if (i == model->count) {
        return 0;
    }
    model->count--;
    size_t rest = (model->count - i) * sizeof(int64_t);
    memmove(model->keys + i, model->keys + i + 1, rest);
    memmove(model->values + i, model->values + i + 1, rest);
    return 1;
}

static struct rt_object *model_keys[MODEL_KEYS];

static void
compare_with_model(const struct model *model)
{
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    for (size_t i = 0; i < model->count; i++) {
        assert_true(rt_dict_next(dict, &position, &key, &value));
        assert_ptr_equal(key, model_keys[model->keys[i]]);
        assert_number(rt_int_value(value), model->values[i]);
    }
    assert_false(rt_dict_next(dict, &position, &key, &value));
}

static void
one_random_step(struct model *model, struct dice *dice, size_t keys)
{
    int64_t number = (int64_t)dice_roll(dice, keys);
    struct rt_object *key = model_keys[number];
    struct rt_object *value = rt_int_new((int64_t)dice_roll(dice, 5000));
    size_t action = dice_roll(dice, 100);
    if (action < 50) {
        assert_number(rt_dict_set(dict, key, value), 0);
        model_set(model, number, rt_int_value(value));
    }
    else if (action < 90) {
        assert_number(rt_dict_remove(dict, key), model_remove(model, number));
    }
    else {
        size_t i = model_find(model, number);
        struct rt_object *found = rt_dict_get(dict, key);
        assert_number(found != NULL, i < model->count);
        if (found != NULL) {
            assert_number(rt_int_value(found), model->values[i]);
        }
    }
    rt_decref(value);
    assert_number(rt_dict_size(dict), model->count);
}

/* Keys with few different hashes, so that most of them collide; the number of
 * keys in use changes, so that tables grow and shrink. */
static void
a_hundred_thousand_random_steps_match_a_model(void **state)
{
    (void)state;
    static struct model model;
    model.count = 0;
    struct dice dice = {.seed = 7};
    for (int64_t i = 0; i < MODEL_KEYS; i++) {
        model_keys[i] = &new_probe(i, i % 50 * 8 - 40)->base;
    }
    for (int step = 0; step < 100000; step++) {
        size_t keys = step / 5000 % 2 == 0 ? MODEL_KEYS : 9;
        one_random_step(&model, &dice, keys);
        if (step % 100 == 0) {
            compare_with_model(&model);
        }
        if (step % 20000 == 19999) {
            rt_dict_clear(dict);
            model.count = 0;
        }
    }
    for (int i = 0; i < MODEL_KEYS; i++) {
        rt_decref(model_keys[i]);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_new_dict_is_empty_and_untracked),
        CASE(a_key_finds_its_value_by_equality),
        CASE(the_dict_has_references_of_its_own),
        CASE(replacing_keeps_the_key_and_its_place),
        CASE(a_key_that_comes_again_goes_to_the_end),
        CASE(only_keys_with_the_same_hash_are_compared),
        CASE(removal_does_not_hide_keys_that_collided),
        CASE(five_in_five_out_four_in),
        CASE(keys_may_go_while_one_walks_through_them),
        CASE(hashes_of_any_size_and_sign_are_fine),
        CASE(tables_grow_as_in_cpython),
        CASE(indices_grow_to_four_bytes_and_find_everything),
        CASE(a_queue_does_not_grow),
        CASE(one_key_that_stays_makes_the_table_grow_once),
        CASE(a_resize_leaves_the_holes_behind),
        CASE(a_copy_of_a_mostly_emptied_dict_is_compact),
        CASE(a_copy_is_as_large_as_in_cpython),
        CASE(a_comparison_may_clear_the_dict),
        CASE(a_comparison_may_remove_the_key_that_it_is_asked_about),
        CASE(a_comparison_may_make_the_dict_grow),
        CASE(the_old_value_dies_after_the_new_one_is_stored),
        CASE(a_removed_key_is_gone_when_it_dies),
        CASE(clear_empties_first_and_releases_in_order),
        CASE(a_dying_dict_releases_in_order),
        CASE(a_key_without_a_hash_is_an_error_everywhere),
        CASE(a_failed_comparison_is_an_error_everywhere),
        CASE(a_dict_is_no_key),
        CASE(a_dict_without_memory_stays_as_it_is),
        CASE(every_allocation_may_fail),
        CASE(traverse_visits_in_order_until_told_to_stop),
        CASE(a_dict_that_holds_itself_is_collected),
        CASE(a_long_chain_of_dicts_dies),
        CASE(a_copy_holds_the_same_references_in_the_same_order),
        CASE(a_copy_of_an_empty_dict_is_empty),
        CASE(a_deep_copy_has_the_same_shape),
        CASE(dicts_are_equal_by_value_in_any_order),
        CASE(dicts_that_hold_themselves_cannot_be_compared),
        CASE(a_failed_comparison_of_values_is_an_error),
        CASE(a_hundred_thousand_random_steps_match_a_model),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
