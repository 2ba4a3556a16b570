#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/sizeof.h"
#include "labs/runtime/string.h"
#include "labs/testing.h"

static struct rt_object *dict;

/* A key whose hash the case chooses. */
struct probe {
    struct rt_object base;
    int64_t number; // equal ones are equal
    int64_t hash;   // -1: hashing fails
};

static int died;
static void (*on_compare)(void);

static void
probe_dealloc(struct rt_object *object)
{
    died++;
    rt_free(object);
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
    int64_t number = ((struct probe *)a)->number;
    if (on_compare != NULL) {
        on_compare();
    }
    return number == ((struct probe *)b)->number;
}

static const struct rt_type probe_type = {
    .name = "probe",
    .basicsize = sizeof(struct probe),
    .dealloc = probe_dealloc,
    .hash = probe_hash,
    .equal = probe_equal,
};

static struct rt_object *
new_probe(int64_t number, int64_t hash)
{
    struct probe *probe = (struct probe *)rt_object_new(&probe_type);
    assert_non_null(probe);
    probe->number = number;
    probe->hash = hash;
    return &probe->base;
}

static int
begin(void **state)
{
    (void)state;
    died = 0;
    on_compare = NULL;
    rt_error_clear();
    rt_gc_disable();
    dict = rt_dict_new();
    return dict == NULL ? -1 : 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    rt_xdecref(dict);
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static void
set_int(struct rt_object *into, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    assert_number(rt_dict_set(into, key, key), 0);
    rt_decref(key);
}

static void
remove_int(struct rt_object *from, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    assert_number(rt_dict_remove(from, key), 1);
    rt_decref(key);
}

static struct rt_object *
dict_of(int64_t first, int64_t count)
{
    struct rt_object *result = rt_dict_new();
    for (int64_t i = 0; i < count; i++) {
        set_int(result, first + i);
    }
    return result;
}

static void
assert_keys(struct rt_object *object, const int64_t *numbers, size_t count)
{
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    assert_number(rt_dict_size(object), count);
    for (size_t i = 0; i < count; i++) {
        assert_true(rt_dict_next(object, &position, &key, &value));
        assert_number(rt_int_value(key), numbers[i]);
    }
    assert_false(rt_dict_next(object, &position, &key, &value));
}

#define assert_order(object, ...)                                             \
    assert_keys(object, (const int64_t[]){__VA_ARGS__},                       \
                sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

/* The bytes of a table without its head of 32 bytes, as in CPython. */
static size_t
table_bytes(struct rt_object *object)
{
    struct rt_object *empty = rt_dict_new();
    size_t bytes = rt_sizeof(object) - rt_sizeof(empty);
    rt_decref(empty);
    return bytes - 32;
}

// --- popitem ---------------------------------------------------------------

static void
pop_last(struct rt_object *from, char text[16], int64_t *number)
{
    struct rt_object *key;
    struct rt_object *value;
    assert_number(rt_dict_popitem(from, &key, &value), 0);
    snprintf(text, 16, "%s", rt_str_text(key));
    *number = rt_int_value(value);
    rt_decref(key);
    rt_decref(value);
}

/* row: CT04 test_dict.DictTest.test_popitem */
static void
the_last_in_is_the_first_out_at_every_size(void **state)
{
    (void)state;
    for (int copies = 0; copies < 2; copies++) {
        for (int log2_size = 0; log2_size < 12; log2_size++) {
            int size = 1 << log2_size;
            for (int i = 0; i < size; i++) {
                char text[16];
                snprintf(text, sizeof(text), "%d", i);
                struct rt_object *key = rt_str_new(text);
                struct rt_object *value = rt_int_new(i);
                assert_number(rt_dict_set(dict, key, value), 0);
                rt_decref(key);
                rt_decref(value);
            }
            struct rt_object *other =
                copies ? rt_dict_copy(dict) : rt_new_ref(dict);
            for (int i = size - 1; i >= 0; i--) {
                char text[16];
                int64_t number;
                pop_last(other, text, &number);
                assert_number(number, i);
                assert_number(atoi(text), i);
            }
            assert_number(rt_dict_size(other), 0);
            assert_number(rt_dict_size(dict), copies ? size : 0);
            rt_decref(other);
            rt_dict_clear(dict);
        }
    }
}

static void
nothing_can_be_popped_from_an_empty_dict(void **state)
{
    (void)state;
    struct rt_object *key = NULL;
    struct rt_object *value = NULL;
    for (int i = 0; i < 2; i++) {
        assert_number(rt_dict_popitem(dict, &key, &value), -1);
        assert_number(rt_error_occurred(), RT_ERROR_KEY);
        assert_text(rt_error_text(), "popitem(): dictionary is empty");
        assert_null(key);
        rt_error_clear();
        set_int(dict, 1);
        remove_int(dict, 1);
    }
}

static void
the_references_of_a_popped_item_are_the_callers(void **state)
{
    (void)state;
    struct rt_object *key = new_probe(1, 1);
    struct rt_object *value = new_probe(2, 2);
    rt_dict_set(dict, key, value);
    rt_decref(key);
    rt_decref(value);
    assert_number(rt_dict_popitem(dict, &key, &value), 0);
    assert_number(key->ob_refcnt, 1);
    assert_number(value->ob_refcnt, 1);
    rt_decref(key);
    rt_decref(value);
}

static void
popping_steps_over_holes_and_cuts_them_off(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 5; i++) {
        set_int(dict, i);
    }
    remove_int(dict, 3);
    remove_int(dict, 1);
    for (int64_t expected = 4; expected >= 2; expected -= 2) {
        struct rt_object *key;
        struct rt_object *value;
        assert_number(rt_dict_popitem(dict, &key, &value), 0);
        assert_number(rt_int_value(key), expected);
        rt_decref(key);
        rt_decref(value);
    }
    assert_order(dict, 0);
    set_int(dict, 9);
    assert_order(dict, 0, 9);
}

/* Sizes of a dict of five from which three are popped and which then gets
 * two, by sys.getsizeof() in CPython 3.11 to 3.13. */
static void
the_room_of_popped_items_is_not_used_again(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 5; i++) {
        set_int(dict, i);
    }
    assert_number(table_bytes(dict), 8 + 5 * 24);
    for (int i = 0; i < 3; i++) {
        struct rt_object *key;
        struct rt_object *value;
        rt_dict_popitem(dict, &key, &value);
        rt_decref(key);
        rt_decref(value);
    }
    set_int(dict, 10);
    assert_number(table_bytes(dict), 16 + 10 * 24);
    set_int(dict, 11);
    assert_order(dict, 0, 1, 10, 11);
}

// --- pop and setdefault ----------------------------------------------------

static void
pop_gives_the_value_and_releases_the_key(void **state)
{
    (void)state;
    struct rt_object *key = new_probe(1, 5);
    struct rt_object *value = new_probe(2, 6);
    rt_dict_set(dict, key, value);
    rt_decref(key);
    rt_decref(value);
    struct rt_object *equal = new_probe(1, 5);
    struct rt_object *popped = NULL;
    assert_number(rt_dict_pop(dict, equal, &popped), 1);
    assert_ptr_equal(popped, value);
    assert_number(popped->ob_refcnt, 1);
    assert_number(died, 1);
    assert_number(rt_dict_size(dict), 0);
    rt_decref(popped);
    rt_decref(equal);
}

static void
pop_of_a_missing_key_is_no_error(void **state)
{
    (void)state;
    set_int(dict, 1);
    struct rt_object *key = rt_int_new(2);
    struct rt_object *value = NULL;
    assert_number(rt_dict_pop(dict, key, &value), 0);
    assert_null(value);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    struct rt_object *broken = new_probe(1, -1);
    assert_number(rt_dict_pop(dict, broken, &value), -1);
    assert_text(rt_error_text(), "no hash");
    rt_error_clear();
    rt_dict_clear(dict);
    assert_number(rt_dict_pop(dict, broken, &value), 0); // not even hashed
    rt_decref(broken);
}

static void
setdefault_stores_only_what_is_missing(void **state)
{
    (void)state;
    struct rt_object *key = new_probe(1, 5);
    struct rt_object *equal = new_probe(1, 5);
    struct rt_object *one = rt_int_new(1000);
    struct rt_object *two = rt_int_new(2000);
    assert_ptr_equal(rt_dict_setdefault(dict, key, one), one);
    assert_ptr_equal(rt_dict_setdefault(dict, equal, two), one);
    assert_number(equal->ob_refcnt, 1);
    assert_number(two->ob_refcnt, 1);
    assert_number(rt_dict_size(dict), 1);
    rt_decref(key);
    rt_decref(equal);
    rt_decref(one);
    rt_decref(two);
}

static void
setdefault_passes_errors_on(void **state)
{
    (void)state;
    struct rt_object *broken = new_probe(1, -1);
    assert_null(rt_dict_setdefault(dict, broken, dict));
    assert_text(rt_error_text(), "no hash");
    rt_error_clear();
    rt_decref(broken);
    struct rt_object *key = rt_int_new(1);
    rt_alloc_fail_nth(1);
    assert_null(rt_dict_setdefault(dict, key, key));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    assert_number(rt_dict_size(dict), 0);
}

// --- update and fromkeys ---------------------------------------------------

static void
update_replaces_and_appends_in_order(void **state)
{
    (void)state;
    for (int64_t i = 5; i < 8; i++) {
        set_int(dict, i);
    }
    struct rt_object *other = dict_of(3, 4);
    struct rt_object *key = rt_int_new(6);
    struct rt_object *value = rt_int_new(66);
    rt_dict_set(other, key, value);
    assert_number(rt_dict_update(dict, other), 0);
    assert_order(dict, 5, 6, 7, 3, 4);
    assert_ptr_equal(rt_dict_get(dict, key), value);
    assert_number(rt_dict_update(dict, dict), 0);
    assert_number(rt_dict_size(dict), 5);
    rt_decref(other);
}

static struct rt_object *source;

static void
grow_the_source(void)
{
    on_compare = NULL;
    set_int(source, 1000);
}

static void
an_update_notices_that_its_source_grows(void **state)
{
    (void)state;
    struct rt_object *keys[] = {new_probe(1, 5), new_probe(2, 5)};
    source = rt_dict_new();
    rt_dict_set(source, keys[0], keys[0]);
    rt_dict_set(dict, keys[1], keys[1]);
    set_int(dict, 3);
    on_compare = grow_the_source;
    assert_number(rt_dict_update(dict, source), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    assert_text(rt_error_text(), "dict mutated during update");
    rt_decref(source);
    rt_decref(keys[0]);
    rt_decref(keys[1]);
}

static void
fromkeys_keeps_the_first_place_of_a_key(void **state)
{
    (void)state;
    struct rt_object *keys[] = {rt_int_new(3), rt_int_new(1), rt_int_new(3)};
    struct rt_object *value = rt_int_new(1000);
    struct rt_object *made = rt_dict_fromkeys(keys, 3, value);
    assert_order(made, 3, 1);
    assert_number(value->ob_refcnt, 3);
    rt_decref(made);
    assert_null(rt_dict_fromkeys(&dict, 1, value));
    assert_text(rt_error_text(), "unhashable type: 'dict'");
    rt_decref(value);
}

// --- scenarios -------------------------------------------------------------

/* row: CT06 test_dict.DictTest.test_resize1 */
static void
marks_of_removed_keys_do_not_break_the_table(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 5; i++) {
        set_int(dict, i);
    }
    for (int64_t i = 0; i < 5; i++) {
        remove_int(dict, i);
    }
    for (int64_t i = 5; i < 9; i++) {
        set_int(dict, i);
    }
    assert_order(dict, 5, 6, 7, 8);
}

/* row: CT07 test_dict.DictTest.test_copy_noncompact */
static void
a_copy_of_a_mostly_emptied_dict_takes_less(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 1000; i++) {
        set_int(dict, i);
    }
    for (int64_t i = 0; i < 950; i++) {
        remove_int(dict, i);
    }
    struct rt_object *copy = rt_dict_copy(dict);
    assert_number(rt_dict_equal(dict, copy), 1);
    assert_true(rt_sizeof(copy) < rt_sizeof(dict));
    rt_decref(copy);
}

/* row: CT09 test_dict.DictTest.test_dict_copy_order */
static void
copies_keep_the_order_of_insertion(void **state)
{
    (void)state;
    static const int64_t NUMBERS[] = {9, 2, 7, 4, 1, 8};
    for (size_t i = 0; i < 6; i++) {
        set_int(dict, NUMBERS[i]);
    }
    remove_int(dict, 2);
    set_int(dict, 2);
    struct rt_object *copy = rt_dict_copy(dict);
    assert_order(copy, 9, 7, 4, 1, 8, 2);
    rt_decref(copy);
    for (int64_t i = 100; i < 200; i++) {
        set_int(dict, i);
    }
    for (int64_t i = 100; i < 200; i++) {
        remove_int(dict, i);
    }
    copy = rt_dict_copy(dict);
    assert_order(copy, 9, 7, 4, 1, 8, 2);
    rt_decref(copy);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(the_last_in_is_the_first_out_at_every_size),
        CASE(nothing_can_be_popped_from_an_empty_dict),
        CASE(the_references_of_a_popped_item_are_the_callers),
        CASE(popping_steps_over_holes_and_cuts_them_off),
        CASE(the_room_of_popped_items_is_not_used_again),
        CASE(pop_gives_the_value_and_releases_the_key),
        CASE(pop_of_a_missing_key_is_no_error),
        CASE(setdefault_stores_only_what_is_missing),
        CASE(setdefault_passes_errors_on),
        CASE(update_replaces_and_appends_in_order),
        CASE(an_update_notices_that_its_source_grows),
        CASE(fromkeys_keeps_the_first_place_of_a_key),
        CASE(marks_of_removed_keys_do_not_break_the_table),
        CASE(a_copy_of_a_mostly_emptied_dict_takes_less),
        CASE(copies_keep_the_order_of_insertion),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
