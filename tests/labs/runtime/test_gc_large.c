/* Large graphs against a model of the walk that is written down as plainly as
 * can be: who is found to be trash, and in which order the living come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/weakref.h"
#include "tests/support/stress.h"

#include <cmocka.h>

enum {
    MOST = 20000,
    MOST_REFERENCES = 8 * MOST,
    LONGEST = 70 // list
};

static struct rt_class class;
static struct rt_object *objects[MOST];
static int held[MOST_REFERENCES]; // who holds whom, in the order of traverse:
static int first_held[MOST + 1];  // an object, from here up to the next one's
static int outside[MOST];         // references that are not in there
static uint64_t dice;

static int
roll(int below)
{
    dice ^= dice >> 12;
    dice ^= dice << 25;
    dice ^= dice >> 27;
    return (int)(dice * UINT64_C(0x2545F4914F6CDD1D) >> 33) % below;
}

// --- the model -------------------------------------------------------------

static int refs[MOST];
static bool is_trash[MOST];
static int order[MOST]; // of the living
static int living;

static void
reach(int i)
{
    for (int at = first_held[i]; at < first_held[i + 1]; at++) {
        if (is_trash[held[at]]) {
            is_trash[held[at]] = false;
            order[living++] = held[at]; // behind the end of the walk
        }
        else if (refs[held[at]] == 0) {
            refs[held[at]] = 1;
        }
    }
}

/* As gc_unreachable.c has it. Who is rescued stands in order before those whom
 * it rescues; they are told apart by where the first walk ends. */
static void
model(int count)
{
    static int rescued[MOST];
    memcpy(refs, outside, sizeof(refs));
    memset(is_trash, 0, sizeof(is_trash));
    int in_place = 0;
    static int places[MOST];
    living = 0;
    for (int i = 0; i < count; i++) {
        if (refs[i] == 0) {
            is_trash[i] = true;
            continue;
        }
        places[in_place++] = i;
        reach(i);
    }
    for (int at = 0; at < living; at++) {
        reach(order[at]);
    }
    memcpy(rescued, order, sizeof(*order) * (size_t)living);
    memcpy(order, places, sizeof(*order) * (size_t)in_place);
    memcpy(order + in_place, rescued, sizeof(*order) * (size_t)living);
    living += in_place;
}

// --- the runtime -----------------------------------------------------------

struct row {
    int count;
    bool is_right;
};

static void
compare(struct rt_object *object, void *data)
{
    struct row *row = data;
    if (row->count >= living || objects[order[row->count]] != object) {
        row->is_right = false;
    }
    row->count++;
}

static void
hold(int holder, int other)
{
    held[first_held[holder + 1]++] = other;
}

/* Every third graph has a hub that most objects hold, every second one some
 * atoms. */
static void
fill_instance(int i, int count, struct rt_object *atom)
{
    for (int field = 0; field < 2; field++) {
        int other = roll(count);
        if (count % 3 == 0 && roll(2) == 0) {
            other = 7;
        }
        else if (roll(10) < 3) {
            continue;
        }
        hold(i, other);
        rt_instance_set(objects[i], field, objects[other]);
    }
    rt_instance_set(objects[i], 2, count % 2 == 0 ? atom : NULL);
}

/* Some lists have many items. They are shown from the last to the first. */
static void
fill_list(int i, int count)
{
    int size = roll(2) == 0 ? roll(LONGEST) : roll(5);
    if (first_held[i] + size + 2 * (count - i) > MOST_REFERENCES) {
        size = 0;
    }
    for (int item = 0; item < size; item++) {
        hold(i, roll(count));
    }
    for (int at = first_held[i + 1]; at-- > first_held[i];) {
        assert_int_equal(rt_list_append(objects[i], objects[held[at]]), 0);
    }
}

static void
make_graph(int count, int held_of_100, int lists_of_100)
{
    struct rt_object *atom = rt_int_new(100000);
    for (int i = 0; i < count; i++) {
        objects[i] =
            roll(100) < lists_of_100 ? rt_list_new() : rt_instance_new(&class);
        assert_non_null(objects[i]);
    }
    for (int i = 0; i < count; i++) {
        first_held[i + 1] = first_held[i];
        if (rt_instance_check(objects[i])) {
            fill_instance(i, count, atom);
        }
        else {
            fill_list(i, count);
        }
        outside[i] = roll(100) < held_of_100;
    }
    rt_decref(atom);
}

static void
release_what_is_not_held(int count)
{
    // Whom nobody holds would die at once: it keeps its reference.
    static int holders[MOST];
    memset(holders, 0, sizeof(holders));
    for (int at = 0; at < first_held[count]; at++) {
        holders[held[at]]++;
    }
    for (int i = 0; i < count; i++) {
        if (holders[i] == 0) {
            outside[i] = 1;
        }
        if (outside[i] == 0) {
            rt_decref(objects[i]);
        }
    }
}

static void
try_graph(int count, int held_of_100, int lists_of_100, bool with_weakrefs)
{
    struct rt_object *weakrefs[16] = {NULL};
    make_graph(count, held_of_100, lists_of_100);
    for (int i = 0; with_weakrefs && i < 16; i++) {
        struct rt_object *object = objects[roll(count)];
        if (rt_instance_check(object)) {
            weakrefs[i] = rt_weakref_new(object, NULL);
            rt_gc_untrack(weakrefs[i]);
        }
    }
    release_what_is_not_held(count);
    model(count);
    assert_int_equal(rt_gc_collect(2), count - living);
    struct row row = {.is_right = true};
    rt_gc_each_object(2, compare, &row);
    assert_int_equal(row.count, living);
    assert_true(row.is_right);
    assert_null(rt_gc_check());
    for (int i = 0; i < 16; i++) {
        rt_xdecref(weakrefs[i]);
    }
    for (int i = 0; i < count; i++) {
        if (outside[i] != 0) {
            rt_decref(objects[i]);
        }
    }
    rt_gc_collect(2);
}

static void
graphs_of_all_sizes_come_out_as_the_model_says(void **state)
{
    (void)state;
    static const int SIZES[] = {10, 33, 100, 999, 4095, 4096, 4110, 15000};
    const size_t blocks = rt_alloc_live_blocks();
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(*SIZES); i++) {
        for (int round = 0; round < 6; round++) {
            dice = 1 + i * 31 + (uint64_t)round;
            try_graph(SIZES[i], round * 8, 0, round % 2 == 1);
            try_graph(SIZES[i], round * 8, 60, round % 2 == 1);
        }
    }
    assert_int_equal(rt_alloc_live_blocks(), blocks);
}

/* The hub's references do not fit into a byte, nor do some of them come from
 * within. */
static void
a_hub_of_ten_thousand_lives_as_long_as_it_is_held(void **state)
{
    (void)state;
    enum {
        COUNT = 10000
    };
    const size_t blocks = rt_alloc_live_blocks();
    for (int from_outside = 0; from_outside < 2; from_outside++) {
        struct rt_object *hub = rt_instance_new(&class);
        for (int i = 0; i < COUNT; i++) {
            objects[i] = rt_instance_new(&class);
            rt_instance_set(objects[i], 0, hub);
        }
        rt_instance_set(hub, 0, objects[COUNT - 1]);
        for (int i = 0; i < COUNT; i++) {
            rt_instance_set(objects[i], 1, objects[(i + 1) % COUNT]);
        }
        for (int i = 0; i < COUNT; i++) {
            rt_decref(objects[i]);
        }
        if (from_outside == 1) {
            assert_int_equal(rt_gc_collect(2), 0);
            assert_int_equal(rt_gc_collect(2), 0);
        }
        rt_decref(hub);
        assert_int_equal(rt_gc_collect(2), COUNT + 1);
    }
    assert_int_equal(rt_alloc_live_blocks(), blocks);
}

/* Many come and go between collections, and few stay. */
static void
places_of_the_dead_are_used_again(void **state)
{
    (void)state;
    enum {
        STAY = 300
    };
    const size_t blocks = rt_alloc_live_blocks();
    for (int i = 0; i < STAY; i++) {
        objects[i] = rt_instance_new(&class);
    }
    for (int turn = 0; turn < 100000; turn++) {
        int i = roll(STAY);
        rt_set_ref(&objects[i], rt_instance_new(&class));
        if (turn % 5000 == 0) {
            assert_null(rt_gc_check());
            rt_gc_collect(turn / 5000 % 3);
        }
    }
    struct row row = {.is_right = true};
    living = 0;
    rt_gc_collect(2);
    rt_gc_each_object(-1, compare, &row);
    assert_int_equal(row.count, STAY);
    for (int i = 0; i < STAY; i++) {
        rt_clear(&objects[i]);
    }
    assert_int_equal(rt_alloc_live_blocks(), blocks);
}

// --- burials ---------------------------------------------------------------

static struct rt_class mourned;
static struct rt_object *made; // a list of what last words have made
static int last_words;

/* Makes more containers than there ever were; every second one comes back. */
static void
say_last_words(struct rt_object *object)
{
    enum {
        EACH = 2000
    };
    for (int i = 0; i < EACH; i++) {
        struct rt_object *list = rt_list_new();
        assert_non_null(list);
        assert_int_equal(rt_list_append(made, list), 0);
        rt_decref(list);
    }
    if (last_words++ % 2 == 1) {
        assert_int_equal(rt_list_append(made, object), 0);
    }
}

static void
trash_stays_linked_while_its_last_words_make_others(void **unused)
{
    enum {
        RINGS = 16
    };
    (void)unused;
    skip_when_stressed();
    size_t blocks = rt_alloc_live_blocks();
    made = rt_list_new();
    last_words = 0;
    for (int i = 0; i < RINGS; i++) {
        struct rt_object *object = rt_instance_new(&mourned);
        assert_non_null(object);
        rt_instance_set(object, 0, object);
        rt_decref(object);
    }
    assert_int_equal(rt_gc_collect(2), RINGS / 2);
    assert_int_equal(last_words, RINGS);
    assert_null(rt_gc_check());
    rt_clear(&made);
    assert_int_equal(rt_gc_collect(2), RINGS / 2);
    assert_int_equal(last_words, RINGS);
    assert_int_equal(rt_alloc_live_blocks(), blocks);
}

int
main(void)
{
    static const char *const FIELDS[] = {"a", "b", "c"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trash_stays_linked_while_its_last_words_make_others),
        cmocka_unit_test(graphs_of_all_sizes_come_out_as_the_model_says),
        cmocka_unit_test(a_hub_of_ten_thousand_lives_as_long_as_it_is_held),
        cmocka_unit_test(places_of_the_dead_are_used_again),
    };
    rt_class_init(&class, "node", FIELDS, 3, NULL);
    rt_class_init(&mourned, "mourned", FIELDS, 1, say_last_words);
    rt_gc_disable();
    dice = 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
