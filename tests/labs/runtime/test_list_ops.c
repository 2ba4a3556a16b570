/* All rooms are those of CPython 3.12 and 3.13: sys.getsizeof(), less 56, in
 * pointers. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/list_ops.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"

static int
begin(void **state)
{
    (void)state;
    rt_error_clear();
    rt_gc_disable();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

/* A list of 0, 1, 2, ... with exactly this room. */
static struct rt_object *
list_of(size_t count)
{
    struct rt_object *items[300] = {NULL};
    for (size_t i = 0; i < count; i++) {
        items[i] = rt_int_new((int64_t)i);
    }
    struct rt_object *tuple = rt_tuple_new(items, count);
    struct rt_object *list = rt_list_new();
    assert_number(rt_list_extend(list, tuple), 0);
    rt_decref(tuple);
    for (size_t i = 0; i < count; i++) {
        rt_decref(items[i]);
    }
    return list;
}

static size_t
room(struct rt_object *list)
{
    return ((struct rt_list *)list)->allocated;
}

static void
assert_items(struct rt_object *list, const int64_t *numbers, size_t count)
{
    assert_number(rt_list_size(list), count);
    for (size_t i = 0; i < count; i++) {
        assert_number(rt_int_value(rt_list_at(list, i)), numbers[i]);
    }
}

#define assert_list(list, ...)                                                \
    assert_items(list, (const int64_t[]){__VA_ARGS__},                        \
                 sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

/* row: CT01 test_list.ListTest.test_preallocation */
static void
a_list_of_known_length_is_exactly_sized(void **state)
{
    (void)state;
    static const size_t ROOMS[] = {0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10};
    for (size_t count = 0; count <= 10; count++) {
        struct rt_object *source = list_of(count);
        struct rt_list *items = (struct rt_list *)source;
        struct rt_object *list = rt_list_from(items->items, count);
        struct rt_object *extended = rt_list_new();
        rt_list_extend(extended, source);
        assert_number(room(list), ROOMS[count]);
        assert_number(room(extended), ROOMS[count]);
        assert_number(rt_list_size(list), count);
        rt_decref(source);
        rt_decref(list);
        rt_decref(extended);
    }
}

/* row: CT02 test_list.ListTest.test_list_resize_overflow */
static void
an_impossible_size_is_a_memory_error(void **state)
{
    (void)state;
    struct rt_object *list = list_of(65);
    assert_number(rt_list_set_slice(list, 1, 65, NULL), 0);
    assert_number(rt_list_size(list), 1);
    assert_number(room(list), 4);
    rt_decref(list);
    list = list_of(65);
    assert_null(rt_list_repeat(list, INT64_MAX));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    assert_number(rt_list_repeat_in_place(list, INT64_MAX), -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    // As many bytes as there are addresses: the product must not wrap.
    assert_null(rt_list_repeat(list, INT64_C(1) << 61));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    assert_number(rt_list_size(list), 65);
    rt_decref(list);
}

static void
the_room_after_extending_is_cpythons(void **state)
{
    (void)state;
    static const struct {
        size_t appended, more, room;
    } CASES[] = {{0, 5, 6},   {3, 1, 4},     {3, 5, 8},
                 {4, 20, 24}, {4, 21, 28},   {1, 1, 4},
                 {10, 2, 16}, {8, 100, 108}, {0, 0, 0}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct rt_object *list = rt_list_new();
        struct rt_object *more = list_of(CASES[i].more);
        for (size_t k = 0; k < CASES[i].appended; k++) {
            rt_list_append(list, NULL);
        }
        assert_number(rt_list_extend(list, more), 0);
        assert_number(room(list), CASES[i].room);
        assert_number(rt_list_size(list), CASES[i].appended + CASES[i].more);
        rt_decref(list);
        rt_decref(more);
    }
}

static void
a_list_extends_itself(void **state)
{
    (void)state;
    struct rt_object *list = list_of(2);
    assert_number(rt_list_extend(list, list), 0);
    assert_list(list, 0, 1, 0, 1);
    assert_number(room(list), 8);
    rt_decref(list);
}

static void
insert_moves_what_is_behind(void **state)
{
    (void)state;
    struct rt_object *list = list_of(3);
    struct rt_object *item = rt_int_new(1000);
    assert_number(rt_list_insert(list, 1, item), 0);
    assert_number(rt_list_insert(list, 0, item), 0);
    assert_number(rt_list_insert(list, 99, item), 0);
    assert_list(list, 1000, 0, 1000, 1, 2, 1000);
    assert_number(item->ob_refcnt, 4);
    rt_decref(list);
    list = list_of(10);
    rt_list_insert(list, 3, item);
    assert_number(room(list), 16);
    rt_decref(list);
    rt_decref(item);
}

static void
a_slice_is_exactly_sized(void **state)
{
    (void)state;
    struct rt_object *list = list_of(7);
    struct rt_object *slice = rt_list_slice(list, 2, 5);
    assert_list(slice, 2, 3, 4);
    assert_number(room(slice), 3);
    rt_decref(slice);
    slice = rt_list_slice(list, 5, 99);
    assert_list(slice, 5, 6);
    rt_decref(slice);
    static const size_t EMPTY[][2] = {{3, 3}, {5, 2}, {7, 9}, {99, 100}};
    for (int i = 0; i < 4; i++) {
        slice = rt_list_slice(list, EMPTY[i][0], EMPTY[i][1]);
        assert_number(rt_list_size(slice), 0);
        assert_number(room(slice), 0);
        rt_decref(slice);
    }
    rt_decref(list);
}

static void
a_slice_can_be_replaced_by_more_or_fewer_items(void **state)
{
    (void)state;
    struct rt_object *three = list_of(3);
    struct rt_object *list = list_of(5);
    assert_number(rt_list_set_slice(list, 1, 2, three), 0);
    assert_list(list, 0, 0, 1, 2, 2, 3, 4);
    assert_number(rt_list_set_slice(list, 0, 4, three), 0);
    assert_list(list, 0, 1, 2, 2, 3, 4);
    assert_number(rt_list_set_slice(list, 5, 2, three), 0);
    assert_list(list, 0, 1, 2, 2, 3, 0, 1, 2, 4);
    assert_number(rt_list_set_slice(list, 99, 100, three), 0);
    assert_number(rt_list_size(list), 12);
    assert_number(rt_list_set_slice(list, 2, 12, NULL), 0);
    assert_list(list, 0, 1);
    assert_number(rt_list_set_slice(list, 0, 2, NULL), 0);
    assert_number(room(list), 0);
    rt_decref(list);
    rt_decref(three);
}

static void
the_room_after_slicing_is_cpythons(void **state)
{
    (void)state;
    static const struct {
        size_t size, low, high, more, room;
    } CASES[] = {{66, 10, 61, 0, 20}, {66, 10, 61, 3, 24}, {10, 3, 4, 7, 24}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct rt_object *list = list_of(CASES[i].size);
        struct rt_object *more = list_of(CASES[i].more);
        rt_list_set_slice(list, CASES[i].low, CASES[i].high, more);
        assert_number(room(list), CASES[i].room);
        rt_decref(list);
        rt_decref(more);
    }
}

static void
a_list_can_be_put_into_itself(void **state)
{
    (void)state;
    struct rt_object *list = list_of(3);
    assert_number(rt_list_set_slice(list, 1, 1, list), 0);
    assert_list(list, 0, 0, 1, 2, 1, 2);
    rt_decref(list);
}

static struct rt_object *watched; // the list that letters look at
static size_t size_seen;
static int64_t deaths[4];
static size_t death_count;

struct letter {
    struct rt_object base;
    int64_t name;
};

static void
letter_dealloc(struct rt_object *object)
{
    size_seen = rt_list_size(watched);
    deaths[death_count++] = ((struct letter *)object)->name;
    rt_free(object);
}

static const struct rt_type letter_type = {
    .name = "letter",
    .basicsize = sizeof(struct letter),
    .dealloc = letter_dealloc,
};

static void
what_leaves_a_list_is_released_last_and_backwards(void **state)
{
    (void)state;
    watched = rt_list_new();
    death_count = 0;
    for (int64_t i = 0; i < 4; i++) {
        struct rt_object *letter = rt_object_new(&letter_type);
        ((struct letter *)letter)->name = i;
        rt_list_append(watched, letter);
        rt_decref(letter);
    }
    rt_list_set_slice(watched, 1, 3, NULL);
    assert_number(size_seen, 2);
    assert_number(death_count, 2);
    assert_number(deaths[0], 2);
    assert_number(deaths[1], 1);
    rt_decref(watched);
}

static void
any_item_can_be_popped(void **state)
{
    (void)state;
    struct rt_object *list = list_of(3);
    struct rt_object *item = NULL;
    assert_number(rt_list_pop_at(list, 0, &item), 0);
    assert_number(rt_int_value(item), 0);
    assert_list(list, 1, 2);
    assert_number(rt_list_pop_at(list, 2, &item), -1);
    assert_number(rt_error_occurred(), RT_ERROR_INDEX);
    assert_text(rt_error_text(), "pop index out of range");
    assert_number(rt_list_pop_at(list, 1, &item), 0);
    assert_number(rt_list_pop_at(list, 0, &item), 0);
    assert_number(room(list), 0);
    assert_number(rt_list_pop_at(list, 0, &item), -1);
    assert_text(rt_error_text(), "pop from empty list");
    rt_decref(list);
}

static void
the_last_pop_gives_the_room_back(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_from((struct rt_object *[]){NULL}, 1);
    struct rt_object *item = NULL;
    assert_number(room(list), 2);
    assert_number(rt_list_pop(list, &item), 0);
    assert_number(room(list), 0);
    rt_decref(list);
}

static void
repeating_multiplies_the_items(void **state)
{
    (void)state;
    struct rt_object *list = list_of(3);
    struct rt_object *twice = rt_list_repeat(list, 2);
    assert_list(twice, 0, 1, 2, 0, 1, 2);
    assert_number(room(twice), 6);
    struct rt_object *none = rt_list_repeat(list, -1);
    assert_number(rt_list_size(none), 0);
    assert_number(room(none), 0);
    rt_decref(none);
    rt_decref(twice);
    rt_decref(list);
    list = rt_list_new();
    assert_number(rt_list_repeat_in_place(list, 5), 0);
    assert_number(rt_list_size(list), 0);
    rt_decref(list);
}

static void
repeating_in_place_grows_as_in_cpython(void **state)
{
    (void)state;
    struct rt_object *list = list_of(10);
    assert_number(rt_list_repeat_in_place(list, 3), 0);
    assert_number(rt_list_size(list), 30);
    assert_number(room(list), 32);
    assert_number(rt_int_value(rt_list_at(list, 29)), 9);
    assert_number(rt_list_repeat_in_place(list, 0), 0);
    assert_number(room(list), 0);
    rt_decref(list);
}

/* Each operation on a new list of five; 0, or -1 with a pending error. */
static int
insert_one(struct rt_object *list)
{
    return rt_list_insert(list, 2, list);
}

static int
replace_some(struct rt_object *list)
{
    return rt_list_set_slice(list, 1, 3, list);
}

static int
repeat(struct rt_object *list)
{
    return rt_list_repeat_in_place(list, 40);
}

static void
without_memory_the_list_stays_as_it_was(void **state)
{
    (void)state;
    int (*const OPERATIONS[])(struct rt_object *) = {insert_one, replace_some,
                                                     repeat};
    for (int i = 0; i < 3; i++) {
        struct rt_object *list = rt_list_new();
        for (int64_t k = 0; k < 4; k++) {
            rt_list_append(list, rt_int_new(k));
        }
        int result = -1;
        size_t nth = 1;
        for (; result < 0; nth++) {
            rt_alloc_fail_nth(nth);
            result = OPERATIONS[i](list);
            rt_alloc_fail_nth(0);
            if (result < 0) {
                assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
                rt_error_clear();
                assert_list(list, 0, 1, 2, 3);
            }
        }
        assert_true(nth > 2);
        rt_list_clear(list);
        rt_decref(list);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_list_of_known_length_is_exactly_sized),
        CASE(an_impossible_size_is_a_memory_error),
        CASE(the_room_after_extending_is_cpythons),
        CASE(a_list_extends_itself),
        CASE(insert_moves_what_is_behind),
        CASE(a_slice_is_exactly_sized),
        CASE(a_slice_can_be_replaced_by_more_or_fewer_items),
        CASE(the_room_after_slicing_is_cpythons),
        CASE(a_list_can_be_put_into_itself),
        CASE(what_leaves_a_list_is_released_last_and_backwards),
        CASE(any_item_can_be_popped),
        CASE(the_last_pop_gives_the_room_back),
        CASE(repeating_multiplies_the_items),
        CASE(repeating_in_place_grows_as_in_cpython),
        CASE(without_memory_the_list_stays_as_it_was),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
