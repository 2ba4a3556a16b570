/* Objects that become bytes and come back, and bytes that do not. */
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/boolean.h"
#include "labs/runtime/bytearray.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/odict.h"
#include "labs/runtime/serialize.h"
#include "labs/runtime/set.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"

static const char *const NAMES[] = {"a", "b"};
static struct rt_class node_class;
static struct rt_class point_class;
static const struct rt_class *const CLASSES[] = {&point_class, &node_class};
static size_t blocks_before;

static int
start_clean(void **state)
{
    (void)state;
    rt_class_init(&node_class, "node", NAMES, 2, NULL);
    rt_class_init(&point_class, "point", NAMES, 1, NULL);
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
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

// --- steps -----------------------------------------------------------------

static struct rt_object *
need(struct rt_object *object)
{
    assert_non_null(object);
    return object;
}

static struct rt_object *
load(const void *bytes, size_t size)
{
    struct rt_object *object = NULL;
    if (rt_deserialize(bytes, size, CLASSES, 2, &object) != 0) {
        print_error("%s\n", rt_error_text());
        fail();
    }
    return object;
}

/* There and back. */
static struct rt_object *
round_trip(struct rt_object *object)
{
    struct rt_object *bytes = need(rt_serialize(object));
    struct rt_object *back = load(rt_bytes_data(bytes), rt_bytes_size(bytes));
    struct rt_object *again = need(rt_serialize(back));
    assert_number(rt_bytes_size(again), rt_bytes_size(bytes));
    assert_memory_equal(rt_bytes_data(again), rt_bytes_data(bytes),
                        rt_bytes_size(bytes));
    rt_decref(bytes);
    rt_decref(again);
    return back;
}

/* Adds item to a list and gives the caller's reference to it up. */
static void
give(struct rt_object *list, struct rt_object *item)
{
    assert_number(rt_list_append(list, item), 0);
    rt_xdecref(item);
}

static struct rt_object *
tuple_of(struct rt_object *first, struct rt_object *second)
{
    struct rt_object *items[] = {first, second};
    return need(rt_tuple_new(items, 2));
}

// --- values ----------------------------------------------------------------

static void
none_and_bools_come_back_as_themselves(void **state)
{
    (void)state;
    assert_null(round_trip(NULL));
    assert_ptr_equal(round_trip(rt_bool_new(true)), rt_bool_new(true));
    assert_ptr_equal(round_trip(rt_bool_new(false)), rt_bool_new(false));
    assert_true(rt_bool_value(rt_bool_new(true)));
}

static void
ints_of_every_size_come_back(void **state)
{
    (void)state;
    static const int64_t VALUES[] = {
        0,   1,     -1,     63,        64,        -64,       -65,
        300, -8192, 100000, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
        struct rt_object *number = need(rt_int_new(VALUES[i]));
        struct rt_object *back = round_trip(number);
        assert_true(rt_int_check(back));
        assert_true(rt_int_value(back) == VALUES[i]);
        rt_decref(back);
        rt_decref(number);
    }
}

static void
texts_and_bytes_come_back(void **state)
{
    (void)state;
    struct rt_object *values[] = {
        rt_str_new(""),         rt_str_new("\xD1\x91\xF0\x9F\x98\x80"),
        rt_str_from("a\0b", 3), rt_bytes_new("\0\xFF", 2),
        rt_bytes_new(NULL, 0),
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct rt_object *back = round_trip(need(values[i]));
        assert_ptr_equal(back->ob_type, values[i]->ob_type);
        assert_number(rt_equal(back, values[i]), 1);
        rt_decref(back);
        rt_decref(values[i]);
    }
    struct rt_object *array = need(rt_bytearray_new("xyz", 3));
    struct rt_object *back = round_trip(array);
    assert_true(rt_bytearray_check(back));
    assert_ptr_not_equal(back, array);
    assert_memory_equal(rt_bytearray_data(back), "xyz", 3);
    rt_decref(back);
    rt_decref(array);
}

static void
containers_come_back_equal_and_in_order(void **state)
{
    (void)state;
    struct rt_object *list = need(rt_list_new());
    struct rt_object *dict = need(rt_dict_new());
    struct rt_object *odict = need(rt_odict_new());
    struct rt_object *set = need(rt_set_new());
    for (int i = 20; i > 0; i--) {
        struct rt_object *key = need(rt_int_new(i * 1000));
        struct rt_object *pair = tuple_of(key, NULL);
        assert_number(rt_dict_set(dict, pair, key), 0);
        assert_number(rt_odict_set(odict, key, pair), 0);
        assert_number(rt_set_add(set, pair), 1);
        rt_decref(key);
        rt_decref(pair);
    }
    give(list, dict);
    give(list, odict);
    give(list, NULL);
    give(list, need(rt_list_new()));
    struct rt_object *bytes = need(rt_serialize(list));
    struct rt_object *back = load(rt_bytes_data(bytes), rt_bytes_size(bytes));
    assert_ptr_not_equal(back, list);
    assert_number(rt_equal(back, list), 1);
    struct rt_object *keys[] = {NULL, NULL};
    size_t positions[] = {0, 0};
    struct rt_object *value;
    while (rt_dict_next(dict, &positions[0], &keys[0], &value)) {
        assert_true(rt_dict_next(rt_list_at(back, 0), &positions[1], &keys[1],
                                 &value));
        assert_number(rt_equal(keys[0], keys[1]), 1);
    }
    struct rt_object *set_back = round_trip(set);
    assert_number(rt_set_size(set_back), 20);
    size_t position = 0;
    while (rt_set_next(set, &position, &keys[0])) {
        assert_number(rt_set_contains(set_back, keys[0]), 1);
    }
    rt_decref(set_back);
    rt_decref(set);
    rt_decref(back);
    rt_decref(bytes);
    rt_decref(list);
}

static void
instances_come_back_with_class_and_fields(void **state)
{
    (void)state;
    struct rt_object *node = need(rt_instance_new(&node_class));
    struct rt_object *point = need(rt_instance_new(&point_class));
    rt_instance_set(node, 1, point);
    struct rt_object *back = round_trip(node);
    assert_ptr_equal(rt_instance_class(back), &node_class);
    assert_null(rt_instance_get(back, 0));
    struct rt_object *inner = rt_instance_get(back, 1);
    assert_ptr_equal(rt_instance_class(inner), &point_class);
    assert_null(rt_instance_get(inner, 0));
    rt_decref(back);
    rt_decref(point);
    rt_decref(node);
}

// --- shape -----------------------------------------------------------------

static void
what_is_held_twice_is_one_object_again(void **state)
{
    (void)state;
    struct rt_object *list = need(rt_list_new());
    struct rt_object *text = need(rt_str_new("shared"));
    struct rt_object *pair = tuple_of(text, list);
    struct rt_object *outer = tuple_of(pair, pair);
    give(list, text);
    struct rt_object *back = round_trip(outer);
    struct rt_object *pair_back = rt_tuple_at(back, 0);
    assert_ptr_equal(rt_tuple_at(back, 1), pair_back);
    assert_ptr_equal(rt_list_at(rt_tuple_at(pair_back, 1), 0),
                     rt_tuple_at(pair_back, 0));
    rt_decref(back);
    rt_decref(outer);
    rt_decref(pair);
    rt_decref(list);
}

static void
containers_that_hold_themselves_do_so_again(void **state)
{
    (void)state;
    struct rt_object *list = need(rt_list_new());
    struct rt_object *dict = need(rt_dict_new());
    struct rt_object *odict = need(rt_odict_new());
    struct rt_object *node = need(rt_instance_new(&node_class));
    struct rt_object *key = need(rt_str_new("me"));
    assert_number(rt_list_append(list, list), 0);
    assert_number(rt_dict_set(dict, key, dict), 0);
    assert_number(rt_odict_set(odict, key, odict), 0);
    rt_instance_set(node, 0, node);
    struct rt_object *back = round_trip(list);
    assert_ptr_equal(rt_list_at(back, 0), back);
    rt_decref(back);
    back = round_trip(dict);
    assert_ptr_equal(rt_dict_get(back, key), back);
    rt_decref(back);
    back = round_trip(odict);
    assert_ptr_equal(rt_odict_get(back, key), back);
    rt_decref(back);
    back = round_trip(node);
    assert_ptr_equal(rt_instance_get(back, 0), back);
    rt_decref(back);
    rt_decref(list);
    rt_decref(dict);
    rt_decref(odict);
    rt_decref(node);
    rt_decref(key);
}

static void
a_tuple_in_its_own_list_closes_the_same_loop(void **state)
{
    (void)state;
    struct rt_object *list = need(rt_list_new());
    struct rt_object *tuple = tuple_of(list, NULL);
    give(list, tuple);
    struct rt_object *back = round_trip(list);
    assert_ptr_equal(rt_tuple_at(rt_list_at(back, 0), 0), back);
    rt_decref(back);
    rt_incref(tuple);
    back = round_trip(tuple);
    assert_ptr_equal(rt_list_at(rt_tuple_at(back, 0), 0), back);
    rt_decref(back);
    rt_decref(tuple);
    rt_decref(list);
}

/* Its hash must be taken when all of it is there. */
static void
a_tuple_can_be_a_key_in_what_it_holds(void **state)
{
    (void)state;
    struct rt_object *node = need(rt_instance_new(&node_class));
    struct rt_object *number = need(rt_int_new(5));
    struct rt_object *tuple = tuple_of(node, number);
    struct rt_object *dict = need(rt_dict_new());
    struct rt_object *set = need(rt_set_new());
    assert_number(rt_dict_set(dict, tuple, set), 0);
    assert_number(rt_set_add(set, tuple), 1);
    rt_instance_set(node, 0, dict);
    struct rt_object *back = round_trip(tuple);
    struct rt_object *dict_back = rt_instance_get(rt_tuple_at(back, 0), 0);
    struct rt_object *set_back = rt_dict_get(dict_back, back);
    assert_non_null(set_back);
    assert_number(rt_set_contains(set_back, back), 1);
    rt_decref(back);
    rt_decref(dict);
    rt_decref(set);
    rt_decref(tuple);
    rt_decref(number);
    rt_decref(node);
}

enum {
    NODES = 60,
    LONG_CHAIN = 1000 * 1000
};

/* A container that holds any of the others. */
static struct rt_object *
random_container(struct rt_object *const *others, size_t count)
{
    struct rt_object *one = count > 0 ? others[(size_t)rand() % count] : NULL;
    switch (rand() % 4) {
    case 0:
        return tuple_of(one, one);
    case 1:
        return need(rt_dict_new());
    case 2:
        return need(rt_instance_new(&node_class));
    default:
        return need(rt_list_new());
    }
}

static void
hold(struct rt_object *holder, struct rt_object *held)
{
    struct rt_object *key = need(rt_int_new(rand() % 1000));
    if (rt_list_check(holder)) {
        assert_number(rt_list_append(holder, held), 0);
    }
    else if (rt_dict_check(holder)) {
        assert_number(rt_dict_set(holder, key, held), 0);
    }
    else if (rt_instance_check(holder)) {
        rt_instance_set(holder, rand() % 2, held);
    }
    rt_decref(key);
}

/* Equal bytes of both are the proof: what is written says the whole shape. */
static void
random_graphs_keep_their_shape(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 100; round++) {
        struct rt_object *objects[NODES] = {NULL};
        struct rt_object *all = need(rt_list_new());
        for (size_t i = 0; i < NODES; i++) {
            objects[i] = random_container(objects, i);
            give(all, objects[i]);
        }
        for (size_t i = 0; i < 3 * NODES; i++) {
            hold(objects[rand() % NODES], objects[rand() % NODES]);
        }
        rt_decref(round_trip(all));
        rt_decref(all);
        rt_gc_collect(2);
    }
}

static void
a_chain_of_a_million_lists_needs_no_deep_stack(void **state)
{
    (void)state;
    struct rt_object *chain = need(rt_list_new());
    struct rt_object *tuples = need(rt_tuple_new(NULL, 0));
    for (int i = 0; i < LONG_CHAIN; i++) {
        struct rt_object *outer = need(rt_list_new());
        give(outer, chain);
        chain = outer;
        struct rt_object *outer_tuple = need(rt_tuple_new(&tuples, 1));
        rt_decref(tuples);
        tuples = outer_tuple;
    }
    give(chain, tuples);
    struct rt_object *bytes = need(rt_serialize(chain));
    rt_decref(chain);
    struct rt_object *back = load(rt_bytes_data(bytes), rt_bytes_size(bytes));
    size_t length = 0;
    for (struct rt_object *at = back; rt_list_size(at) > 0;
         at = rt_list_at(at, 0)) {
        length++;
    }
    assert_number(length, LONG_CHAIN);
    length = 0;
    for (struct rt_object *at = rt_list_at(back, 1); rt_tuple_size(at) > 0;
         at = rt_tuple_at(at, 0)) {
        length++;
    }
    assert_number(length, LONG_CHAIN);
    rt_decref(bytes);
    rt_decref(back);
}

static void
the_same_objects_give_the_same_bytes(void **state)
{
    (void)state;
    struct rt_object *list = need(rt_list_new());
    struct rt_object *node = need(rt_instance_new(&node_class));
    give(list, node);
    give(list, need(rt_int_new(-1)));
    give(list, need(rt_str_new("hi")));
    assert_number(rt_list_append(list, node), 0);
    static const unsigned char EXPECTED[] = "rt\x01l\x04"
                                            "c\0\x04node\x02\x01"
                                            "a\x01"
                                            "b"
                                            "i\x01s\x02hi@\x01"
                                            "NN";
    struct rt_object *bytes = need(rt_serialize(list));
    assert_number(rt_bytes_size(bytes), sizeof(EXPECTED) - 1);
    assert_memory_equal(rt_bytes_data(bytes), EXPECTED, sizeof(EXPECTED) - 1);
    rt_decref(bytes);
    rt_decref(list);
}

// --- what cannot be written ------------------------------------------------

static void
other_types_are_refused(void **state)
{
    (void)state;
    struct rt_object *node = need(rt_instance_new(&node_class));
    struct rt_object *list = need(rt_list_new());
    give(list, need(rt_weakref_new(node, NULL)));
    assert_null(rt_serialize(list));
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_contains(rt_error_text(), "cannot serialize '");
    rt_error_clear();
    rt_decref(list);
    rt_decref(node);
}

static void
a_key_that_could_not_be_read_again_is_refused(void **state)
{
    (void)state;
    struct rt_object *key = need(rt_int_new(1));
    struct rt_object *dict = need(rt_dict_new());
    for (int i = 0; i <= RT_EQUAL_DEPTH; i++) {
        struct rt_object *outer = need(rt_tuple_new(&key, 1));
        rt_decref(key);
        key = outer;
    }
    assert_number(rt_dict_set(dict, key, dict), 0);
    assert_null(rt_serialize(dict));
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    assert_text(rt_error_text(), "a key is nested too deeply");
    rt_error_clear();
    rt_decref(key);
    rt_decref(dict);
}

// --- what cannot be read ---------------------------------------------------

#define DATA(text) "rt\x01" text, sizeof("rt\x01" text) - 1

static const struct {
    const char *bytes;
    size_t size;
    const char *message;
} BROKEN[] = {
    {"", 0, "byte 0: the data end too early"},
    {"xt", 2, "byte 0: no serialized data begin so"},
    {"rT", 2, "byte 1: no serialized data begin so"},
    {"rt", 2, "byte 2: the data end too early"},
    {"rt\x02N", 4, "byte 2: version 2 is not known"},
    {DATA(""), "byte 3: the data end too early"},
    {DATA("?"), "byte 3: no value begins with 0x3f"},
    {DATA("NN"), "byte 4: bytes behind the end: 1"},
    {DATA("i"), "byte 4: the data end too early"},
    {DATA("i\x80"), "byte 5: the data end too early"},
    {DATA("i\x80\0"), "byte 4: the number is longer than it must be"},
    {DATA("i\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"),
     "byte 4: the number needs more than 64 bits"},
    {DATA("i\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\0"),
     "byte 4: the number needs more than 64 bits"},
    {DATA("s\x03hi"), "byte 4: 3 announced, bytes left: 2"},
    {DATA("b\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
     "byte 4: 18446744073709551615 announced, bytes left: 0"},
    {DATA("s\x01\xFF"), "byte 4: 'utf-8' codec can't decode byte 0xff in "
                        "position 0: invalid start byte"},
    {DATA("t\x02N"), "byte 4: 2 announced, bytes left: 1"},
    {DATA("t\x01t\x01"), "byte 6: 1 announced, bytes left: 0"},
    {DATA("@\0"), "byte 4: there is no object 0 among the first 0"},
    {DATA("t\x01@\0"), "byte 6: there is no object 0 among the first 0"},
    {DATA("l\x01@\x01"), "byte 6: there is no object 1 among the first 1"},
    {DATA("l"), "byte 4: the data end too early"},
    {DATA("l\x02N"), "byte 4: 2 announced, bytes left: 1"},
    {DATA("l\x01N\0"), "byte 6: bytes behind the end: 1"},
    {DATA("d\x01N"), "byte 4: 1 announced, bytes left: 1"},
    {DATA("d\x01NT"), "byte 5: None cannot be a key"},
    {DATA("d\x01TN"), "byte 6: None cannot be a value of a dict"},
    {DATA("o\x01TN"), "byte 6: None cannot be a value of a dict"},
    {DATA("d\x01lN\0"), "byte 5: what can change cannot be a key"},
    {DATA("d\x01t\x01lT\0"), "byte 5: what can change cannot be a key"},
    {DATA("S\x01@\0"), "byte 5: what can change cannot be a key"},
    {DATA("S\x02TT"), "byte 6: the key comes twice"},
    {DATA("d\x02TTTF"), "byte 7: the key comes twice"},
    {DATA("c"), "byte 4: the data end too early"},
    {DATA("c\x01"), "byte 4: class 1 is not defined"},
    {DATA("c\0\x03nod\0"), "byte 5: there is no class of this name"},
    {DATA("c\0\x04node\x01\x01z"),
     "byte 10: class 'node' has 2 fields, not 1"},
    {DATA("c\0\x04node\x02\x01z\x01"
          "bNN"),
     "byte 11: class 'node' has another field here"},
    {DATA("c\0\x05point\x01\x01"
          "a"),
     "byte 14: the data end too early"},
};

static void
broken_data_are_refused_with_place_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++) {
        struct rt_object *untouched = rt_bool_new(true);
        assert_number(rt_deserialize(BROKEN[i].bytes, BROKEN[i].size, CLASSES,
                                     2, &untouched),
                      -1);
        assert_number(rt_error_occurred(), RT_ERROR_VALUE);
        assert_text(rt_error_text(), BROKEN[i].message);
        assert_ptr_equal(untouched, rt_bool_new(true));
        rt_error_clear();
        rt_gc_collect(2);
        assert_number(rt_alloc_live_blocks(), blocks_before);
    }
}

/* All that rt_serialize() can write, in a list that the caller releases. */
static struct rt_object *
one_of_each(void)
{
    struct rt_object *list = need(rt_list_new());
    struct rt_object *node = need(rt_instance_new(&node_class));
    struct rt_object *text = need(rt_str_new("text"));
    struct rt_object *dict = need(rt_dict_new());
    struct rt_object *odict = need(rt_odict_new());
    struct rt_object *set = need(rt_set_new());
    struct rt_object *pair = tuple_of(node, text);
    assert_number(rt_dict_set(dict, pair, set), 0);
    assert_number(rt_odict_set(odict, text, pair), 0);
    assert_number(rt_set_add(set, pair), 1);
    rt_instance_set(node, 0, list);
    struct rt_object *parts[] = {node,
                                 text,
                                 dict,
                                 odict,
                                 set,
                                 pair,
                                 NULL,
                                 rt_bool_new(true),
                                 rt_int_new(100000),
                                 rt_bytes_new("b", 1),
                                 rt_bytearray_new("a", 1),
                                 rt_tuple_new(NULL, 0),
                                 rt_instance_new(&point_class)};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        give(list, parts[i]);
    }
    return list;
}

static void
data_that_end_anywhere_are_refused(void **state)
{
    (void)state;
    struct rt_object *list = one_of_each();
    struct rt_object *bytes = need(rt_serialize(list));
    for (size_t size = 0; size < rt_bytes_size(bytes); size++) {
        struct rt_object *object;
        assert_number(
            rt_deserialize(rt_bytes_data(bytes), size, CLASSES, 2, &object),
            -1);
        assert_number(rt_error_occurred(), RT_ERROR_VALUE);
        rt_error_clear();
    }
    rt_decref(bytes);
    rt_decref(list);
}

/* Each tuple holds the one before it twice, so its hash takes twice as long.
 */
static void
keys_that_would_take_for_ever_are_refused(void **state)
{
    (void)state;
    unsigned char data[256] = "rt\x01S\x01";
    size_t size = 5;
    for (int i = 0; i < 60; i++) {
        data[size++] = 't';
        data[size++] = 2;
    }
    data[size++] = 'N';
    data[size++] = 'N';
    for (unsigned char i = 1; i < 60; i++) {
        data[size++] = '@';
        data[size++] = i;
    }
    struct rt_object *object;
    assert_number(rt_deserialize(data, size, CLASSES, 2, &object), -1);
    assert_text(rt_error_text(), "byte 5: keys take too long to hash");
    rt_error_clear();
}

static void
a_key_too_deep_to_be_hashed_is_refused(void **state)
{
    (void)state;
    enum {
        DEPTH = 100000
    };
    size_t size = 5 + 2 * DEPTH + 1;
    unsigned char *data = malloc(size);
    assert_non_null(data);
    memcpy(data, "rt\x01S\x01", 5);
    for (size_t i = 0; i < DEPTH; i++) {
        memcpy(data + 5 + 2 * i, "t\x01", 2);
    }
    data[size - 1] = 'T';
    struct rt_object *object;
    assert_number(rt_deserialize(data, size, CLASSES, 2, &object), -1);
    assert_text(rt_error_text(), "byte 5: a key is nested too deeply");
    rt_error_clear();
    free(data);
}

// --- lack of memory --------------------------------------------------------

static void
writing_survives_every_lack_of_memory(void **state)
{
    (void)state;
    struct rt_object *list = one_of_each();
    size_t before = rt_alloc_live_blocks();
    struct rt_object *bytes = NULL;
    for (size_t nth = 1; bytes == NULL; nth++) {
        rt_alloc_fail_nth(nth);
        bytes = rt_serialize(list);
        rt_alloc_fail_nth(0);
        if (bytes == NULL) {
            assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
            rt_error_clear();
            assert_number(rt_alloc_live_blocks(), before);
        }
    }
    rt_decref(bytes);
    rt_decref(list);
}

static void
reading_survives_every_lack_of_memory(void **state)
{
    (void)state;
    struct rt_object *list = one_of_each();
    struct rt_object *bytes = need(rt_serialize(list));
    rt_decref(list);
    rt_gc_collect(2);
    size_t before = rt_alloc_live_blocks();
    struct rt_object *back = NULL;
    for (size_t nth = 1; back == NULL; nth++) {
        rt_alloc_fail_nth(nth);
        int result = rt_deserialize(rt_bytes_data(bytes), rt_bytes_size(bytes),
                                    CLASSES, 2, &back);
        rt_alloc_fail_nth(0);
        if (result != 0) {
            assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
            rt_error_clear();
            rt_gc_collect(2);
            assert_number(rt_alloc_live_blocks(), before);
        }
    }
    rt_decref(bytes);
    rt_decref(back);
}

#define SERIALIZE_TEST(test)                                                  \
    cmocka_unit_test_setup_teardown(test, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        SERIALIZE_TEST(none_and_bools_come_back_as_themselves),
        SERIALIZE_TEST(ints_of_every_size_come_back),
        SERIALIZE_TEST(texts_and_bytes_come_back),
        SERIALIZE_TEST(containers_come_back_equal_and_in_order),
        SERIALIZE_TEST(instances_come_back_with_class_and_fields),
        SERIALIZE_TEST(what_is_held_twice_is_one_object_again),
        SERIALIZE_TEST(containers_that_hold_themselves_do_so_again),
        SERIALIZE_TEST(a_tuple_in_its_own_list_closes_the_same_loop),
        SERIALIZE_TEST(a_tuple_can_be_a_key_in_what_it_holds),
        SERIALIZE_TEST(random_graphs_keep_their_shape),
        SERIALIZE_TEST(a_chain_of_a_million_lists_needs_no_deep_stack),
        SERIALIZE_TEST(the_same_objects_give_the_same_bytes),
        SERIALIZE_TEST(other_types_are_refused),
        SERIALIZE_TEST(a_key_that_could_not_be_read_again_is_refused),
        SERIALIZE_TEST(broken_data_are_refused_with_place_and_reason),
        SERIALIZE_TEST(data_that_end_anywhere_are_refused),
        SERIALIZE_TEST(keys_that_would_take_for_ever_are_refused),
        SERIALIZE_TEST(a_key_too_deep_to_be_hashed_is_refused),
        SERIALIZE_TEST(writing_survives_every_lack_of_memory),
        SERIALIZE_TEST(reading_survives_every_lack_of_memory),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
