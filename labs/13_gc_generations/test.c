/* Lab 13: when to collect what, and who grows older.
 *
 * Most cases work on a state of their own, with nodes from an array as the
 * objects: nobody is freed, and a head is known by its place in the array.
 * The name of an observation says what the state was before, its value what
 * came of it. Two cases live in the real runtime. */
#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/gc_state.h"
#include "labs/runtime/list.h"
#include "labs/testing.h"

enum {
    MOST_NODES = 200000,
    MOST_SHOWN = 40, // members of a list of which each is shown
    DEBUG_FLAGS = 100
};

struct node {
    struct rt_gc_head gc;
    struct rt_object base;
};

static struct node nodes[MOST_NODES];
static size_t node_count;
static struct rt_gc_state gc;

// --- a state ---------------------------------------------------------------

static void
set_thresholds(int youngest, int middle, int oldest)
{
    gc.generations[0].threshold = youngest;
    gc.generations[1].threshold = middle;
    gc.generations[2].threshold = oldest;
}

static void
set_counts(int youngest, int middle, int oldest)
{
    gc.generations[0].count = youngest;
    gc.generations[1].count = middle;
    gc.generations[2].count = oldest;
}

/* Thresholds and counters are higher than a case says, by a number that the
 * dice say; 0 stays 0. */
static int
raised(int number)
{
    return number == 0 ? 0 : number + (int)lab_number(0);
}

static void
set_books(int64_t pending, int64_t total)
{
    gc.long_lived_pending = pending;
    gc.long_lived_total = total;
}

static void
begin(void)
{
    node_count = 0;
    // Who reads one generation too many finds these flags, and it crowded.
    gc = (struct rt_gc_state){.enabled = true, .debug = DEBUG_FLAGS};
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        rt_gc_list_init(&gc.generations[i].list);
    }
    rt_gc_list_init(&gc.permanent);
    set_thresholds(raised(700), raised(10), raised(10));
}

static struct node *
new_node(int generation)
{
    struct node *node = &nodes[node_count++];
    *node = (struct node){.base = {.ob_refcnt = 1}};
    rt_gc_list_append(&gc.generations[generation].list, &node->gc);
    return node;
}

static void
new_nodes(int generation, int count)
{
    for (int i = 0; i < count; i++) {
        new_node(generation);
    }
}

// --- what is seen ----------------------------------------------------------

/* A line that is put together from parts. */
struct line {
    char text[600];
    size_t used;
};

static void __attribute__((format(printf, 2, 3)))
say(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof(line->text) - line->used;
    int length = vsnprintf(line->text + line->used, room, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < room) {
        line->used += (size_t)length;
    }
}

static void
observe_counts(const char *name)
{
    int64_t counts[RT_GC_GENERATIONS];
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        counts[i] = gc.generations[i].count;
    }
    observe_sequence(name, counts, RT_GC_GENERATIONS);
}

static void
observe_books(const char *name)
{
    observe_event(name, "pending %d, total %d", (int)gc.long_lived_pending,
                  (int)gc.long_lived_total);
}

/* The number of the node that a head belongs to, or -1. */
static int
number_of(const struct rt_gc_head *head)
{
    uintptr_t offset = (uintptr_t)head - (uintptr_t)nodes;
    if (offset % sizeof(struct node) != 0 ||
        offset / sizeof(struct node) >= node_count) {
        return -1;
    }
    return (int)(offset / sizeof(struct node));
}

/* Follows a list as far as that is possible, and says how it is. */
static void
say_list(struct line *line, const struct rt_gc_head *list)
{
    int shown = 0;
    const struct rt_gc_head *last = list;
    for (const struct rt_gc_head *head = rt_gc_next(list); head != list;
         head = rt_gc_next(head)) {
        if (number_of(head) < 0 || rt_gc_prev(head) != last) {
            say(line, " and a broken link");
            return;
        }
        if (shown++ == MOST_SHOWN) {
            say(line, " and no end");
            return;
        }
        say(line, " %d", (int)lab_number(number_of(head)));
        last = head;
    }
    if (rt_gc_prev(list) != last) {
        say(line, " and a wrong end");
    }
    else if (shown == 0) {
        say(line, " nobody");
    }
}

static void
observe_lists(const char *name)
{
    struct line line = {.used = 0};
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        say(&line, "%sgeneration %d:", i > 0 ? ", " : "", i);
        say_list(&line, &gc.generations[i].list);
    }
    observe_string(name, line.text);
}

/* What is none of these functions' business. */
static void
observe_rest(void)
{
    bool is_as_before = gc.enabled && !gc.collecting && !gc.pending &&
                        gc.debug == DEBUG_FLAGS &&
                        rt_gc_list_is_empty(&gc.permanent);
    observe_bool("the rest of the state is as before", is_as_before);
}

/* Which generation's list this is, or -1. */
static int
generation_of(const struct rt_gc_head *list)
{
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        if (list == &gc.generations[i].list) {
            return i;
        }
    }
    return -1;
}

// --- counting --------------------------------------------------------------

static void
each_allocation_counts_in_the_youngest(void **state)
{
    (void)state;
    begin();
    set_counts(0, raised(4), raised(2));
    observe_counts("at first");
    for (int64_t i = lab_random_between(3, 9); i > 0; i--) {
        rt_gc_count_allocation(&gc);
        observe_counts("after one more allocation");
    }
    observe_rest();
}

static void
each_release_takes_one_off(void **state)
{
    (void)state;
    begin();
    set_counts(raised(5), raised(4), raised(2));
    observe_counts("at first");
    for (int64_t i = lab_random_between(3, 9); i > 0; i--) {
        rt_gc_count_release(&gc);
        observe_counts("after one more release");
    }
    observe_rest();
}

static void
the_counter_never_falls_below_zero(void **state)
{
    (void)state;
    begin();
    set_counts(1, raised(4), raised(2));
    observe_counts("at first");
    for (int64_t i = lab_random_between(3, 9); i > 0; i--) {
        rt_gc_count_release(&gc);
        observe_counts("after one more release");
    }
    rt_gc_count_allocation(&gc);
    observe_counts("and one allocation");
}

static void
observe_crowded(int count, int threshold)
{
    char name[60];
    begin();
    set_thresholds(raised(threshold), raised(10), raised(10));
    set_counts(raised(count), 0, 0);
    snprintf(name, sizeof(name), "count %d, threshold %d: crowded",
             gc.generations[0].count, gc.generations[0].threshold);
    observe_bool(name, rt_gc_is_crowded(&gc));
}

static void
above_the_threshold_is_crowded(void **state)
{
    (void)state;
    observe_crowded(0, 700);
    observe_crowded(699, 700);
    observe_crowded(700, 700);
    observe_crowded(701, 700);
    observe_crowded(5000, 700);
    observe_crowded(1, 1);
    observe_crowded(2, 1);

    // The older ones have no say.
    begin();
    set_counts(3, raised(1000), raised(1000));
    observe_bool("only the older ones are above their thresholds: crowded",
                 rt_gc_is_crowded(&gc));

    // Only 0 means never, and who is off is the business of others.
    begin();
    set_thresholds(-1, raised(10), raised(10));
    set_counts(0, 0, 0);
    observe_bool("count 0, threshold -1: crowded", rt_gc_is_crowded(&gc));
    set_thresholds(raised(1), raised(10), raised(10));
    set_counts(raised(2), 0, 0);
    gc.enabled = false;
    observe_bool("above the threshold, enabled being off: crowded",
                 rt_gc_is_crowded(&gc));
}

static void
a_threshold_of_zero_is_never_crowded(void **state)
{
    (void)state;
    observe_crowded(0, 0);
    observe_crowded(1, 0);
    observe_crowded(5000, 0);
}

// --- what is due -----------------------------------------------------------

static void
observe_due(int youngest, int middle, int oldest, int64_t pending,
            int64_t total)
{
    struct line line = {.used = 0};
    set_counts(raised(youngest), raised(middle), raised(oldest));
    set_books(pending, total);
    say(&line, "counts %d %d %d, thresholds %d %d %d, ",
        gc.generations[0].count, gc.generations[1].count,
        gc.generations[2].count, gc.generations[0].threshold,
        gc.generations[1].threshold, gc.generations[2].threshold);
    say(&line, "pending %d, total %d: due", (int)pending, (int)total);
    observe_int(line.text, rt_gc_due(&gc));
}

static void
nothing_is_due_up_to_the_thresholds(void **state)
{
    (void)state;
    begin();
    observe_due(0, 0, 0, 0, 0);
    observe_due(699, 9, 9, 0, 0);
    observe_due(700, 10, 10, 0, 0);
    observe_due(700, 0, 0, 100, 8);
}

static void
a_generation_is_due_above_its_threshold(void **state)
{
    (void)state;
    begin();
    observe_due(701, 0, 0, 5, 8);
    observe_due(0, 11, 0, 5, 8);
    observe_due(0, 0, 11, 5, 8);
    set_thresholds(raised(5), raised(20), raised(3));
    observe_due(6, 20, 3, 5, 8);
    observe_due(5, 21, 3, 5, 8);
    observe_due(5, 20, 4, 5, 8);
}

static void
the_oldest_that_is_due_goes_first(void **state)
{
    (void)state;
    begin();
    observe_due(701, 11, 0, 5, 8);
    observe_due(701, 11, 11, 5, 8);
    observe_due(701, 0, 11, 5, 8);
    observe_due(5000, 11, 3, 5, 8);
}

static void
a_threshold_of_zero_is_due_each_time(void **state)
{
    (void)state;
    begin();
    set_thresholds(raised(700), 0, 0);
    observe_due(701, 0, 0, 5, 8);
    observe_due(701, 1, 0, 5, 8);
    observe_due(701, 1, 1, 5, 8);
}

static void
a_full_collection_waits_for_a_quarter(void **state)
{
    (void)state;
    begin();
    observe_due(0, 0, 11, 0, 1000);
    observe_due(0, 0, 11, 249, 1000);
    observe_due(0, 0, 11, 250, 1000);
    observe_due(0, 0, 11, 251, 1000);
    observe_due(0, 0, 11, 5000, 1000);
    observe_due(0, 0, 11, 0, 0);
    observe_due(0, 0, 10, 5000, 1000);
}

static void
while_the_oldest_waits_the_younger_are_looked_at(void **state)
{
    (void)state;
    begin();
    observe_due(701, 11, 11, 249, 1000);
    observe_due(701, 10, 11, 249, 1000);
    observe_due(700, 10, 11, 249, 1000);
}

static void
only_the_oldest_waits(void **state)
{
    (void)state;
    begin();
    observe_due(701, 11, 0, 0, 1000);
    observe_due(0, 11, 0, 0, 1000);
    observe_due(701, 0, 0, 0, 1000);
}

static void
a_quarter_is_of_whole_objects(void **state)
{
    (void)state;
    begin();
    observe_due(0, 0, 11, 0, 3);
    observe_due(0, 0, 11, 0, 4);
    observe_due(0, 0, 11, 1, 7);
    observe_due(0, 0, 11, 1, 8);

    // More than fits into an int.
    set_counts(0, 0, raised(11));
    set_books(1000, INT64_C(1) << 33);
    observe_int("pending 1000, total 2 to the power of 33: due",
                rt_gc_due(&gc));
    set_books(INT64_C(1) << 32, 1000);
    observe_int("pending 2 to the power of 32, total 1000: due",
                rt_gc_due(&gc));
}

// --- the beginning ---------------------------------------------------------

static void
begin_with_counts(int generation)
{
    char name[60];
    begin();
    set_counts(raised(701), raised(8), raised(5));
    set_books(lab_number(3), lab_number(20));
    observe_counts("at first");
    (void)rt_gc_begin(&gc, generation);
    snprintf(name, sizeof(name), "after a collection of generation %d begins",
             generation);
    observe_counts(name);
}

static void
a_collection_sets_the_counters(void **state)
{
    (void)state;
    begin_with_counts(0);
    begin_with_counts(1);
    begin_with_counts(2);
    observe_books("a beginning leaves the books alone");
}

static void
the_oldest_counts_nowhere(void **state)
{
    (void)state;
    begin_with_counts(2);
    observe_rest();
}

/* The first three are in the oldest, the last three in the youngest. */
static void
three_in_each(void)
{
    begin();
    for (int i = RT_GC_GENERATIONS - 1; i >= 0; i--) {
        new_nodes(i, 3);
    }
}

static void
the_younger_join_the_collected(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a collection of generation 0",
                                        "a collection of generation 1",
                                        "a collection of generation 2"};
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        three_in_each();
        int list = generation_of(rt_gc_begin(&gc, i));
        observe_lists(NAMES[i]);
        observe_int("and returns the list of generation", list);
    }

    // Empty lists join as well.
    begin();
    new_nodes(1, 2);
    (void)rt_gc_begin(&gc, 2);
    observe_lists("only the middle had anybody");
    begin();
    (void)rt_gc_begin(&gc, 2);
    observe_lists("none had anybody");
}

// --- growing older ---------------------------------------------------------

static void
survivors_go_one_generation_on(void **state)
{
    (void)state;
    enum {
        QUESTIONS = 16
    };
    begin();
    for (int i = 0; i < QUESTIONS; i++) {
        int asked = i < RT_GC_GENERATIONS
                        ? i
                        : (int)lab_random_between(0, RT_GC_GENERATIONS - 1);
        char name[60];
        snprintf(name, sizeof(name), "after generation %d comes", asked);
        observe_int(name, generation_of(rt_gc_older(&gc, asked)));
    }
}

static void
promotion_moves_the_survivors_to_the_end(void **state)
{
    (void)state;
    three_in_each();
    rt_gc_promote(&gc, 0);
    observe_lists("generation 0 has survived");
    begin();
    new_nodes(2, 3);
    new_nodes(1, 3);
    rt_gc_promote(&gc, 1);
    observe_lists("generation 1 has survived");
    begin();
    new_nodes(2, 3);
    new_nodes(0, 2); // made while it went on
    rt_gc_promote(&gc, 2);
    observe_lists("generation 2 has survived");
    begin();
    new_nodes(1, 2);
    rt_gc_promote(&gc, 0);
    observe_lists("nobody of generation 0 has survived");
}

static void
promotion_leaves_the_counters_alone(void **state)
{
    (void)state;
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        three_in_each();
        set_counts(raised(7), raised(8), raised(5));
        observe_counts("counters before a promotion");
        rt_gc_promote(&gc, i);
        observe_counts("and after it");
        observe_rest();
    }
}

static void
survivors_of_the_youngest_are_in_no_book(void **state)
{
    (void)state;
    three_in_each();
    set_books(lab_number(10), lab_number(100));
    observe_books("at first");
    rt_gc_promote(&gc, 0);
    observe_books("and 3 survivors of generation 0");
}

static void
survivors_of_the_middle_are_pending(void **state)
{
    (void)state;
    begin();
    new_nodes(1, 4);
    new_nodes(2, 9);
    set_books(lab_number(10), lab_number(100));
    observe_books("at first");
    rt_gc_promote(&gc, 1);
    observe_books("and 4 survivors of generation 1");
    new_nodes(1, 2);
    rt_gc_promote(&gc, 1);
    observe_books("and 2 more the next time");
    rt_gc_promote(&gc, 1);
    observe_books("and nobody the time after");
}

static void
a_full_collection_settles_the_books(void **state)
{
    (void)state;
    begin();
    new_nodes(2, (int)lab_random_between(6, 9999));
    set_books(lab_number(10), lab_number(100));
    observe_books("at first");
    rt_gc_promote(&gc, 2);
    observe_books("and all of generation 2 survive");
    set_books(2, 6);
    new_nodes(2, 1);
    rt_gc_promote(&gc, 2);
    observe_books("2 of 6, and one more survives");
}

// --- together --------------------------------------------------------------

/* An automatic collection, as gc.c makes it; of those in the list each dies
 * that has an unlucky throw of so many sides. 0: all live. Returns which
 * generation it was, or -1. */
static int
collect_if_crowded(int sides)
{
    int generation = rt_gc_is_crowded(&gc) ? rt_gc_due(&gc) : -1;
    if (generation < 0 || generation >= RT_GC_GENERATIONS) {
        return -1;
    }
    struct rt_gc_head *list = rt_gc_begin(&gc, generation);
    int dead = 0;
    for (struct rt_gc_head *head = rt_gc_next(list), *next = NULL;
         sides > 0 && head != list; head = next) {
        next = rt_gc_next(head);
        if (lab_random_between(1, sides) == 1) {
            rt_gc_list_remove(head);
            dead++;
        }
    }
    rt_gc_promote(&gc, generation);
    for (; dead > 0; dead--) {
        rt_gc_count_release(&gc);
    }
    return generation;
}

static void
observe_everything(int step, int generation)
{
    struct line line = {.used = 0};
    struct line value = {.used = 0};
    say(&line, "allocation %d, collected %d", step, generation);
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        const struct rt_gc_generation *one = &gc.generations[i];
        say(&value, "generation %d: count %d, %d objects; ", i, one->count,
            (int)rt_gc_list_size(&one->list));
    }
    say(&value, "pending %d of %d", (int)gc.long_lived_pending,
        (int)gc.long_lived_total);
    observe_string(line.text, value.text);
}

static void
a_random_life(void **state)
{
    (void)state;
    begin();
    set_thresholds((int)lab_random_between(3, 9),
                   (int)lab_random_between(1, 3),
                   (int)lab_random_between(1, 3));
    for (int step = 1; step <= 600; step++) {
        struct node *node = new_node(0);
        rt_gc_count_allocation(&gc);
        int generation = collect_if_crowded(4);
        if (generation >= 0) {
            observe_everything(step, generation);
        }
        else if (lab_random_between(1, 5) == 1) {
            rt_gc_list_remove(&node->gc);
            rt_gc_count_release(&gc);
        }
    }
}

static void
tell_collection(const struct rt_gc_event *event, void *data)
{
    (void)data;
    if (event->stop) {
        char name[60];
        snprintf(name, sizeof(name), "collected generation %d",
                 event->generation);
        observe_event(name, "found %d, counts %d %d %d", (int)event->collected,
                      rt_gc_count(0), rt_gc_count(1), rt_gc_count(2));
    }
}

static void
the_runtime_keeps_its_rhythm(void **state)
{
    (void)state;
    struct rt_object *kept = rt_list_new();
    rt_gc_set_threshold(0, 6);
    rt_gc_set_threshold(1, 2);
    rt_gc_set_threshold(2, 1);
    (void)rt_gc_add_callback(tell_collection, NULL);
    for (int i = 0; i < 200; i++) {
        struct rt_object *list = rt_list_new();
        // Some hold themselves and are dropped; the others are kept.
        bool is_dropped = lab_random_between(0, 2) == 0;
        (void)rt_list_append(is_dropped ? list : kept, list);
        rt_decref(list);
    }
    rt_decref(kept);
    (void)rt_gc_collect(2);
    observe_int("blocks left", (int64_t)rt_alloc_live_blocks());
}

static void
the_runtime_can_be_switched_off_by_a_threshold_of_zero(void **state)
{
    (void)state;
    (void)rt_gc_add_callback(tell_collection, NULL);
    rt_gc_set_threshold(0, 0);
    for (int64_t i = lab_random_between(50, 999); i > 0; i--) {
        struct rt_object *list = rt_list_new();
        (void)rt_list_append(list, list);
        rt_decref(list);
    }
    observe_int("allocations counted", rt_gc_count(0));
    (void)rt_gc_collect(2);
    observe_int("blocks left", (int64_t)rt_alloc_live_blocks());
}

static void
two_hundred_thousand_objects_live_on(void **state)
{
    (void)state;
    int64_t collections[RT_GC_GENERATIONS] = {0};
    const int count = MOST_NODES - (int)lab_random_between(0, 999);
    begin();
    set_thresholds(1, 1, 1);
    for (int i = 0; i < count; i++) {
        new_node(0);
        rt_gc_count_allocation(&gc);
        int generation = collect_if_crowded(0);
        if (generation >= 0) {
            collections[generation]++;
        }
    }
    observe_sequence("collections of each generation", collections,
                     RT_GC_GENERATIONS);
    observe_everything(count, -1);
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(each_allocation_counts_in_the_youngest),
    cmocka_unit_test(each_release_takes_one_off),
    cmocka_unit_test(the_counter_never_falls_below_zero),
    cmocka_unit_test(above_the_threshold_is_crowded),
    cmocka_unit_test(a_threshold_of_zero_is_never_crowded),
    cmocka_unit_test(nothing_is_due_up_to_the_thresholds),
    cmocka_unit_test(a_generation_is_due_above_its_threshold),
    cmocka_unit_test(the_oldest_that_is_due_goes_first),
    cmocka_unit_test(a_threshold_of_zero_is_due_each_time),
    cmocka_unit_test(a_full_collection_waits_for_a_quarter),
    cmocka_unit_test(only_the_oldest_waits),
    cmocka_unit_test(while_the_oldest_waits_the_younger_are_looked_at),
    cmocka_unit_test(a_quarter_is_of_whole_objects),
    cmocka_unit_test(a_collection_sets_the_counters),
    cmocka_unit_test(the_oldest_counts_nowhere),
    cmocka_unit_test(the_younger_join_the_collected),
    cmocka_unit_test(survivors_go_one_generation_on),
    cmocka_unit_test(promotion_moves_the_survivors_to_the_end),
    cmocka_unit_test(promotion_leaves_the_counters_alone),
    cmocka_unit_test(survivors_of_the_youngest_are_in_no_book),
    cmocka_unit_test(survivors_of_the_middle_are_pending),
    cmocka_unit_test(a_full_collection_settles_the_books),
    cmocka_unit_test(a_random_life),
    cmocka_unit_test(the_runtime_keeps_its_rhythm),
    cmocka_unit_test(the_runtime_can_be_switched_off_by_a_threshold_of_zero),
    cmocka_unit_test(two_hundred_thousand_objects_live_on),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
