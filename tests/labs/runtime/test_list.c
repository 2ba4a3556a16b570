/* Lists, and tuples beside them. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"

static char deaths[64];

struct letter {
    struct rt_object head;
    char name;
};

static void
letter_dealloc(struct rt_object *object)
{
    size_t length = strlen(deaths);
    deaths[length] = ((struct letter *)object)->name;
    deaths[length + 1] = '\0';
    rt_free(object);
}

static const struct rt_type letter_type = {.name = "letter",
                                           .basicsize = sizeof(struct letter),
                                           .dealloc = letter_dealloc};

static struct rt_object *
letter(char name)
{
    struct rt_object *object = rt_object_new(&letter_type);
    assert_non_null(object);
    ((struct letter *)object)->name = name;
    return object;
}

/* A list of letters that it alone holds. */
static struct rt_object *
list_of(const char *names)
{
    struct rt_object *list = rt_list_new();
    for (; *names != '\0'; names++) {
        struct rt_object *item = letter(*names);
        assert_number(rt_list_append(list, item), 0);
        rt_decref(item);
    }
    return list;
}

static size_t blocks_before;

static int
start_clean(void **state)
{
    (void)state;
    deaths[0] = '\0';
    rt_gc_disable();
    blocks_before = rt_alloc_live_blocks();
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

/* The sizes at which sys.getsizeof() of a list that is appended to changes in
 * CPython 3.9 to 3.13. */
static void
the_room_grows_as_in_cpython(void **state)
{
    (void)state;
    static const size_t ROOMS[] = {4,  8,  16, 24,  32,  40, 52,
                                   64, 76, 92, 108, 128, 148};
    struct rt_object *object = rt_list_new();
    const struct rt_list *list = (const struct rt_list *)object;
    size_t at = 0;
    assert_number(list->allocated, 0);
    for (size_t i = 0; i < 148; i++) {
        assert_number(rt_list_append(object, NULL), 0);
        if (list->size > ROOMS[at]) {
            at++;
        }
        assert_number(list->allocated, ROOMS[at]);
    }
    rt_decref(object);
}

static void
the_room_shrinks_below_a_half(void **state)
{
    (void)state;
    struct rt_object *object = list_of("abcdefghijklmnop");
    const struct rt_list *list = (const struct rt_list *)object;
    struct rt_object *item = NULL;
    assert_number(list->allocated, 16);
    while (list->size > 8) {
        assert_number(rt_list_pop(object, &item), 0);
        rt_decref(item);
        assert_number(list->allocated, 16);
    }
    assert_number(rt_list_pop(object, &item), 0);
    rt_decref(item);
    assert_number(list->allocated, 12);
    rt_decref(object);
}

static void
items_die_from_the_last_to_the_first(void **state)
{
    (void)state;
    struct rt_object *list = list_of("abc");
    rt_list_clear(list);
    assert_string_equal(deaths, "cba");
    assert_number(rt_list_size(list), 0);
    rt_decref(list);
    deaths[0] = '\0';
    rt_decref(list_of("xyz"));
    assert_string_equal(deaths, "zyx");
}

static void
a_replaced_item_dies_last(void **state)
{
    (void)state;
    struct rt_object *list = list_of("ab");
    struct rt_object *other = letter('c');
    assert_number(rt_list_set(list, 0, other), 0);
    assert_string_equal(deaths, "a");
    assert_ptr_equal(rt_list_at(list, 0), other);
    assert_number(other->ob_refcnt, 2);
    rt_decref(other);
    assert_number(rt_list_set(list, 2, NULL), -1);
    assert_number(rt_error_occurred(), RT_ERROR_INDEX);
    rt_error_clear();
    rt_decref(list);
}

static void
popping_nothing_is_an_index_error(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    struct rt_object *item = NULL;
    assert_number(rt_list_pop(list, &item), -1);
    assert_number(rt_error_occurred(), RT_ERROR_INDEX);
    rt_error_clear();
    rt_decref(list);
}

static void
no_memory_leaves_the_list_as_it_was(void **state)
{
    (void)state;
    struct rt_object *list = list_of("abcd");
    struct rt_object *item = letter('e');
    rt_alloc_fail_nth(1);
    assert_number(rt_list_append(list, item), -1);
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    assert_number(rt_list_size(list), 4);
    assert_number(item->ob_refcnt, 1);
    rt_decref(item);
    rt_decref(list);
}

static void
a_chain_of_a_million_lists_dies(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    for (int i = 0; i < 1000 * 1000; i++) {
        struct rt_object *outer = rt_list_new();
        assert_number(rt_list_append(outer, list), 0);
        rt_decref(list);
        list = outer;
    }
    rt_decref(list);
}

static void
a_tuple_holds_its_items_and_lets_the_last_go_first(void **state)
{
    (void)state;
    struct rt_object *items[] = {letter('a'), NULL, letter('c')};
    struct rt_object *tuple = rt_tuple_new(items, 3);
    assert_number(rt_tuple_size(tuple), 3);
    assert_ptr_equal(rt_tuple_at(tuple, 2), items[2]);
    assert_null(rt_tuple_at(tuple, 1));
    rt_decref(items[0]);
    rt_decref(items[2]);
    rt_decref(tuple);
    assert_string_equal(deaths, "ca");
}

static void
there_is_one_empty_tuple(void **state)
{
    (void)state;
    struct rt_object *one = rt_tuple_new(NULL, 0);
    struct rt_object *two = rt_tuple_new(NULL, 0);
    assert_ptr_equal(one, two);
    assert_false(rt_gc_is_tracked(one));
    rt_decref(one);
    rt_decref(two);
    assert_true(rt_tuple_check(rt_tuple_new(NULL, 0)));
}

static struct rt_object *
numbers(int64_t first, int64_t second)
{
    struct rt_object *items[] = {rt_int_new(first), rt_int_new(second)};
    struct rt_object *tuple = rt_tuple_new(items, 2);
    rt_decref(items[0]);
    rt_decref(items[1]);
    return tuple;
}

/* hash((1, 2)) and hash((-1, 300)) of CPython 3.8 to 3.13. */
static void
equal_tuples_have_equal_hashes(void **state)
{
    (void)state;
    struct rt_object *one = numbers(1, 2);
    struct rt_object *same = numbers(1, 2);
    struct rt_object *other = numbers(-1, 300);
    int64_t hash = 0;
    assert_number(rt_equal(one, same), 1);
    assert_number(rt_equal(one, other), 0);
    assert_number(rt_hash(one, &hash), 0);
    assert_number(hash, INT64_C(-3550055125485641917));
    assert_number(rt_hash(other, &hash), 0);
    assert_number(hash, INT64_C(5827790878946155939));
    assert_number(rt_hash(rt_tuple_new(NULL, 0), &hash), 0);
    assert_number(hash, INT64_C(5740354900026072187));
    rt_decref(one);
    rt_decref(same);
    rt_decref(other);
}

static void
lists_are_compared_by_value_and_are_no_keys(void **state)
{
    (void)state;
    struct rt_object *one = rt_list_new();
    struct rt_object *other = rt_list_new();
    struct rt_object *item = numbers(1, 2);
    struct rt_object *same = numbers(1, 2);
    int64_t hash = 0;
    assert_number(rt_list_append(one, item), 0);
    assert_number(rt_equal(one, other), 0);
    assert_number(rt_list_append(other, same), 0);
    assert_number(rt_equal(one, other), 1);
    assert_number(rt_list_append(one, NULL), 0);
    assert_number(rt_list_append(other, item), 0);
    assert_number(rt_equal(one, other), 0);
    assert_number(rt_hash(one, &hash), -1);
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    rt_error_clear();
    rt_decref(one);
    rt_decref(other);
    rt_decref(item);
    rt_decref(same);
}

#define LIST_TEST(test)                                                       \
    cmocka_unit_test_setup_teardown(test, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        LIST_TEST(the_room_grows_as_in_cpython),
        LIST_TEST(the_room_shrinks_below_a_half),
        LIST_TEST(items_die_from_the_last_to_the_first),
        LIST_TEST(a_replaced_item_dies_last),
        LIST_TEST(popping_nothing_is_an_index_error),
        LIST_TEST(no_memory_leaves_the_list_as_it_was),
        LIST_TEST(a_chain_of_a_million_lists_dies),
        LIST_TEST(a_tuple_holds_its_items_and_lets_the_last_go_first),
        LIST_TEST(there_is_one_empty_tuple),
        LIST_TEST(equal_tuples_have_equal_hashes),
        LIST_TEST(lists_are_compared_by_value_and_are_no_keys),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
