/* Sizes, held against what sys.getsizeof() of CPython 3.11.7, 3.12.1 and
 * 3.13.0 said of objects made in the same way on a 64-bit machine. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/boolean.h"
#include "labs/runtime/bytearray.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/odict.h"
#include "labs/runtime/set.h"
#include "labs/runtime/sizeof.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"

static size_t blocks_before;

static int
start_clean(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_error_clear();
    blocks_before = rt_alloc_live_blocks();
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_gc_collect(2);
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

/* Steals object. */
static void
check_sizes(struct rt_object *object, size_t in_3_11, size_t in_3_12,
            size_t in_3_13)
{
    assert_number(rt_sizeof_in(object, 11), in_3_11);
    assert_number(rt_sizeof_in(object, 12), in_3_12);
    assert_number(rt_sizeof_in(object, 13), in_3_13);
    rt_xdecref(object);
}

static void
check_size(struct rt_object *object, size_t expected)
{
    check_sizes(object, expected, expected, expected);
}

// --- values ----------------------------------------------------------------

static void
an_int_takes_four_bytes_for_each_digit(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        size_t size;
    } CASES[] = {
        {0, 28},
        {1, 28},
        {-1, 28},
        {(INT64_C(1) << 30) - 1, 28},
        {INT64_C(1) << 30, 32},
        {-(INT64_C(1) << 30), 32},
        {(INT64_C(1) << 60) - 1, 32},
        {INT64_C(1) << 60, 36},
        {-(INT64_C(1) << 60), 36},
        {INT64_MAX, 36},
        {INT64_MIN, 36},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        check_size(rt_int_new(CASES[i].value), CASES[i].size);
    }
    check_size(NULL, 16);
    check_size(rt_bool_new(true), 28);
    check_size(rt_bool_new(false), 28);
}

static void
a_text_takes_what_its_widest_character_needs(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t in_3_11, in_3_12, in_3_13;
    } CASES[] = {
        {"", 49, 41, 41},
        {"a", 50, 42, 42},
        {"hello", 54, 46, 46},
        {"\x7F\x7F\x7F", 52, 44, 44},
        {"\u00e9", 74, 61, 61},
        {"\u00e9a", 75, 59, 59},
        {"a\u00e9a\u00e9a\u00e9", 79, 63, 63},
        {"\u00ff\u00ff", 75, 59, 59},
        {"\u0100", 76, 60, 60},
        {"\u0436\u0436\u0436\u0436\u0436", 84, 68, 68},
        {"\uffff\uffff", 78, 62, 62},
        {"\U0001f600", 80, 64, 64},
        {"a\U0001f600b", 88, 72, 72},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        check_sizes(rt_str_new(CASES[i].text), CASES[i].in_3_11,
                    CASES[i].in_3_12, CASES[i].in_3_13);
    }
}

static void
bytes_take_their_number_and_a_bytearray_its_room(void **state)
{
    (void)state;
    check_size(rt_bytes_new(NULL, 0), 33);
    check_size(rt_bytes_new("x", 1), 34);
    check_size(rt_bytes_new("123456789012345678901234567890123", 33), 66);
    static const size_t MADE[][2] = {
        {0, 56}, {1, 58}, {2, 59}, {8, 65}, {33, 90}};
    static const char CONTENT[33] = {0};
    for (size_t i = 0; i < sizeof(MADE) / sizeof(MADE[0]); i++) {
        check_size(rt_bytearray_new(CONTENT, MADE[i][0]), MADE[i][1]);
    }
    static const size_t APPENDED[][2] = {{1, 58}, {9, 68}, {33, 92}};
    for (size_t i = 0; i < sizeof(APPENDED) / sizeof(APPENDED[0]); i++) {
        struct rt_object *array = rt_bytearray_new(NULL, 0);
        for (size_t n = 0; n < APPENDED[i][0]; n++) {
            assert_number(rt_bytearray_extend(array, "x", 1), 0);
        }
        check_size(array, APPENDED[i][1]);
    }
}

// --- containers, filled key by key -----------------------------------------

static struct rt_object *
number(size_t value)
{
    return rt_int_new((int64_t)value);
}

static struct rt_object *
text(size_t value)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%zu", value);
    return rt_str_new(digits);
}

static int
set_in_dict(struct rt_object *dict, struct rt_object *key)
{
    return rt_dict_set(dict, key, key);
}

static int
set_in_odict(struct rt_object *odict, struct rt_object *key)
{
    return rt_odict_set(odict, key, key);
}

static int
add_to_set(struct rt_object *set, struct rt_object *key)
{
    return rt_set_add(set, key) == 1 ? 0 : -1;
}

struct size_case {
    size_t count, size;
};

static void
check_filled(const struct size_case *cases, size_t case_count,
             struct rt_object *(*make)(void),
             int (*add)(struct rt_object *container, struct rt_object *key),
             struct rt_object *(*key_of)(size_t value))
{
    for (size_t i = 0; i < case_count; i++) {
        struct rt_object *container = make();
        for (size_t n = 0; n < cases[i].count; n++) {
            struct rt_object *key = key_of(n);
            assert_number(add(container, key), 0);
            rt_decref(key);
        }
        check_size(container, cases[i].size);
    }
}

#define COUNT(cases) (sizeof(cases) / sizeof((cases)[0]))

/* row: CT03 test_sys.SizeofTest.test_gc_head_size */
static void
a_list_takes_its_room_and_a_tuple_its_items(void **state)
{
    (void)state;
    static const struct size_case LISTS[] = {{0, 56},   {1, 88},  {3, 88},
                                             {4, 88},   {5, 120}, {9, 184},
                                             {17, 248}, {41, 472}};
    check_filled(LISTS, COUNT(LISTS), rt_list_new, rt_list_append, number);
    struct rt_object *items[3] = {NULL};
    check_size(rt_tuple_new(items, 0), 40);
    check_size(rt_tuple_new(items, 1), 48);
    check_size(rt_tuple_new(items, 3), 64);
}

static void
a_dict_takes_its_table_which_is_smaller_for_str_keys(void **state)
{
    (void)state;
    static const struct size_case INTS[] = {
        {0, 64},   {1, 224},   {5, 224},   {6, 352},    {10, 352},
        {11, 632}, {22, 1168}, {86, 4688}, {200, 9304}, {50000, 2621528}};
    static const struct size_case TEXTS[] = {
        {1, 184}, {5, 184}, {6, 272}, {11, 464}, {200, 6576}};
    check_filled(INTS, COUNT(INTS), rt_dict_new, set_in_dict, number);
    check_filled(TEXTS, COUNT(TEXTS), rt_dict_new, set_in_dict, text);
}

static void
an_ordered_dict_takes_a_dict_and_its_links(void **state)
{
    (void)state;
    static const struct size_case INTS[] = {
        {0, 128}, {1, 384}, {5, 512}, {6, 736}, {11, 1304}};
    static const struct size_case TEXTS[] = {{1, 344}, {5, 472}};
    check_filled(INTS, COUNT(INTS), rt_odict_new, set_in_odict, number);
    check_filled(TEXTS, COUNT(TEXTS), rt_odict_new, set_in_odict, text);
}

static void
a_set_takes_its_table_once_it_leaves_the_object(void **state)
{
    (void)state;
    static const struct size_case CASES[] = {
        {0, 216},  {1, 216},   {4, 216},   {5, 728},
        {18, 728}, {19, 2264}, {77, 8408}, {60000, 2097368}};
    check_filled(CASES, COUNT(CASES), rt_set_new, add_to_set, number);
}

/* __slots__ with the fields and __weakref__. */
static void
an_instance_takes_its_fields(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a", "b", "c", "d",
                                        "e", "f", "g", "h"};
    static const struct {
        size_t fields, in_3_11, in_3_12, in_3_13;
    } CASES[] = {
        {0, 40, 48, 48}, {1, 48, 56, 56}, {2, 56, 64, 64}, {8, 104, 112, 112}};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        static struct rt_class class;
        rt_class_init(&class, "slots", NAMES, CASES[i].fields, NULL);
        check_sizes(rt_instance_new(&class), CASES[i].in_3_11,
                    CASES[i].in_3_12, CASES[i].in_3_13);
    }
}

// --- all that is held ------------------------------------------------------

static size_t
deep(struct rt_object *object)
{
    size_t bytes = 0;
    assert_number(rt_sizeof_deep(object, &bytes), 0);
    return bytes;
}

static void
give(struct rt_object *list, struct rt_object *item)
{
    assert_number(rt_list_append(list, item), 0);
    rt_decref(item);
}

static void
a_deep_size_counts_every_object_once(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    struct rt_object *shared = rt_bytes_new("x", 1);
    struct rt_object *pair[] = {shared, list};
    assert_number(deep(NULL), 16);
    assert_number(deep(shared), 34);
    assert_number(rt_list_append(list, shared), 0);
    assert_number(rt_list_append(list, list), 0);
    give(list, shared);
    give(list, rt_tuple_new(pair, 2));
    // The list with room for four, the bytes, the tuple.
    assert_number(deep(list), 88 + 34 + 56);
    rt_list_clear(list);
    rt_decref(list);
}

static void
a_deep_size_of_a_million_levels_needs_no_deep_stack(void **state)
{
    (void)state;
    enum {
        LEVELS = 1000 * 1000
    };
    struct rt_object *list = rt_list_new();
    for (int i = 0; i < LEVELS; i++) {
        struct rt_object *outer = rt_list_new();
        give(outer, list);
        list = outer;
    }
    assert_number(deep(list), 56 + 88 * (size_t)LEVELS);
    rt_decref(list);
}

static void
a_deep_size_says_when_there_is_no_memory(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    for (size_t i = 0; i < 100; i++) {
        give(list, number(1000 + i));
    }
    size_t before = rt_alloc_live_blocks();
    size_t bytes = 7;
    int result = -1;
    for (size_t nth = 1; result != 0; nth++) {
        rt_alloc_fail_nth(nth);
        result = rt_sizeof_deep(list, &bytes);
        rt_alloc_fail_nth(0);
        if (result != 0) {
            assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
            assert_number(bytes, 7);
            rt_error_clear();
        }
        assert_number(rt_alloc_live_blocks(), before);
    }
    assert_number(bytes, rt_sizeof(list) + 2800);
    rt_decref(list);
}

#define SIZEOF_TEST(test)                                                     \
    cmocka_unit_test_setup_teardown(test, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        SIZEOF_TEST(an_int_takes_four_bytes_for_each_digit),
        SIZEOF_TEST(a_text_takes_what_its_widest_character_needs),
        SIZEOF_TEST(bytes_take_their_number_and_a_bytearray_its_room),
        SIZEOF_TEST(a_list_takes_its_room_and_a_tuple_its_items),
        SIZEOF_TEST(a_dict_takes_its_table_which_is_smaller_for_str_keys),
        SIZEOF_TEST(an_ordered_dict_takes_a_dict_and_its_links),
        SIZEOF_TEST(a_set_takes_its_table_once_it_leaves_the_object),
        SIZEOF_TEST(an_instance_takes_its_fields),
        SIZEOF_TEST(a_deep_size_counts_every_object_once),
        SIZEOF_TEST(a_deep_size_of_a_million_levels_needs_no_deep_stack),
        SIZEOF_TEST(a_deep_size_says_when_there_is_no_memory),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
