/* The collector against a search of the test's own, and what people ask of
 * it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/list.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"
#include "tests/support/stress.h"

enum {
    FIELDS = 3,
    NODES = 60
};

static const char *const NAMES[FIELDS] = {"a", "b", "c"};
static struct rt_class plain, finalized, reviving;
static int finalizer_calls;
static struct rt_object *revived;

static void
count_call(struct rt_object *object)
{
    (void)object;
    finalizer_calls++;
}

static void
revive(struct rt_object *object)
{
    finalizer_calls++;
    rt_set_ref(&revived, rt_new_ref(object));
}

static size_t blocks_before;

static int
start_clean(void **state)
{
    (void)state;
    rt_class_init(&plain, "plain", NAMES, FIELDS, NULL);
    rt_class_init(&finalized, "finalized", NAMES, FIELDS, count_call);
    rt_class_init(&reviving, "reviving", NAMES, FIELDS, revive);
    finalizer_calls = 0;
    revived = NULL;
    rt_error_clear();
    rt_gc_disable();
    rt_gc_collect(2);
    blocks_before = rt_alloc_live_blocks();
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_set_ref(&revived, NULL);
    rt_gc_set_debug(0);
    rt_gc_clear_garbage();
    rt_gc_clear_callbacks();
    rt_gc_disable();
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    rt_gc_set_threshold(0, 700);
    rt_gc_set_threshold(1, 10);
    rt_gc_set_threshold(2, 10);
    return 0;
}

static struct rt_object *
node(const struct rt_class *class)
{
    struct rt_object *object = rt_instance_new(class);
    assert_non_null(object);
    return object;
}

/* An object that holds itself, and that nobody else holds. */
static void
drop_self_cycle(const struct rt_class *class)
{
    struct rt_object *object = node(class);
    rt_instance_set(object, 0, object);
    rt_decref(object);
}

static void
a_list_that_holds_itself_is_one_object(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    assert_number(rt_list_append(list, list), 0);
    rt_decref(list);
    assert_number(rt_gc_collect(2), 1);
    assert_number(rt_gc_collect(2), 0);
}

static void
a_tuple_and_a_list_that_hold_each_other_are_two(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    struct rt_object *tuple = rt_tuple_new(&list, 1);
    assert_number(rt_list_append(list, tuple), 0);
    rt_decref(list);
    rt_decref(tuple);
    assert_number(rt_gc_collect(2), 2);
}

/* A random graph: slots of the test hold some nodes, fields the others. */
struct graph {
    struct rt_object *weak[NODES]; // a weak reference to each
    struct rt_object *held[NODES]; // what the test holds, or NULL
    bool edge[NODES][FIELDS];
    int target[NODES][FIELDS];
};

static void
build(struct graph *graph)
{
    struct rt_object *objects[NODES];
    for (int i = 0; i < NODES; i++) {
        objects[i] = node(i % 3 == 0 ? &finalized : &plain);
        graph->weak[i] = rt_weakref_new(objects[i], NULL);
        assert_non_null(graph->weak[i]);
    }
    for (int i = 0; i < NODES; i++) {
        for (int field = 0; field < FIELDS; field++) {
            graph->edge[i][field] = rand() % 3 == 0;
            graph->target[i][field] = rand() % NODES;
            if (graph->edge[i][field]) {
                rt_instance_set(objects[i], field,
                                objects[graph->target[i][field]]);
            }
        }
    }
    for (int i = 0; i < NODES; i++) {
        graph->held[i] = rand() % 10 == 0 ? rt_new_ref(objects[i]) : NULL;
        rt_decref(objects[i]);
    }
}

static void
mark(const struct graph *graph, int at, bool *alive)
{
    if (!alive[at]) {
        alive[at] = true;
        for (int field = 0; field < FIELDS; field++) {
            if (graph->edge[at][field]) {
                mark(graph, graph->target[at][field], alive);
            }
        }
    }
}

static void
exactly_what_is_reachable_survives(void **state)
{
    (void)state;
    skip_when_stressed();
    srand(12);
    for (int round = 0; round < 300; round++) {
        struct graph graph;
        bool alive[NODES] = {false};
        build(&graph);
        assert_null(rt_gc_check());
        for (int i = 0; i < NODES; i++) {
            if (graph.held[i] != NULL) {
                mark(&graph, i, alive);
            }
        }
        rt_gc_collect(rand() % 3);
        assert_null(rt_gc_check());
        for (int i = 0; i < NODES; i++) {
            struct rt_object *object = rt_weakref_get(graph.weak[i]);
            assert_true((object != NULL) == alive[i]);
            rt_xdecref(object);
        }
        for (int i = 0; i < NODES; i++) {
            rt_clear(&graph.held[i]);
            rt_clear(&graph.weak[i]);
        }
        rt_gc_collect(2);
    }
    assert_number(finalizer_calls, 300 * NODES / 3);
}

static void
the_same_under_a_collection_at_every_allocation(void **state)
{
    rt_gc_enable();
    rt_gc_set_debug(RT_GC_STRESS);
    srand(3);
    for (int round = 0; round < 5; round++) {
        struct graph graph;
        build(&graph);
        for (int i = 0; i < NODES; i++) {
            rt_clear(&graph.held[i]);
            rt_clear(&graph.weak[i]);
        }
    }
    rt_gc_set_debug(0);
    rt_gc_disable();
    rt_gc_collect(2);
    assert_number(finalizer_calls, 5 * NODES / 3);
    (void)state;
}

static void
a_ring_of_a_million_needs_no_deep_stack(void **state)
{
    (void)state;
    struct rt_object *first = node(&plain);
    struct rt_object *last = rt_new_ref(first);
    for (int i = 1; i < 1000 * 1000; i++) {
        struct rt_object *next = node(&plain);
        rt_instance_set(next, 0, last);
        rt_decref(last);
        last = next;
    }
    rt_instance_set(first, 0, last);
    rt_decref(first);
    rt_decref(last);
    assert_number(rt_gc_collect(2), 1000 * 1000);
}

static void
the_counters_are_as_after_cpythons_collections(void **state)
{
    (void)state;
    skip_when_stressed();
    rt_gc_collect(2);
    assert_number(rt_gc_count(0), 0);
    struct rt_object *list = rt_list_new();
    assert_number(rt_gc_count(0), 1);
    rt_gc_collect(0);
    assert_number(rt_gc_count(0), 0);
    assert_number(rt_gc_count(1), 1);
    assert_number(rt_gc_count(2), 0);
    rt_gc_collect(1);
    assert_number(rt_gc_count(1), 0);
    assert_number(rt_gc_count(2), 1);
    rt_gc_collect(2);
    assert_number(rt_gc_count(2), 0);
    rt_decref(list);
    assert_number(rt_gc_count(0), 0); // never below
}

static void
is_there(struct rt_object *object, void *data)
{
    struct rt_object **wanted = data;
    if (object == wanted[0]) {
        wanted[1] = object;
    }
}

static int
generation_of(struct rt_object *object)
{
    int found = -1;
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        struct rt_object *wanted[2] = {object, NULL};
        rt_gc_each_object(i, is_there, wanted);
        if (wanted[1] != NULL) {
            assert_number(found, -1); // never in two
            found = i;
        }
    }
    return found;
}

static void
a_survivor_grows_older_one_generation_at_a_time(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    assert_number(generation_of(list), 0);
    rt_gc_collect(0);
    assert_number(generation_of(list), 1);
    rt_gc_collect(1);
    assert_number(generation_of(list), 2);
    rt_gc_collect(2);
    assert_number(generation_of(list), 2);
    rt_decref(list);
}

static void
automatic_collections_begin_above_the_threshold(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *lists[8];
    rt_gc_collect(2);
    int64_t before = rt_gc_stats(0).collections;
    rt_gc_set_threshold(0, 5);
    rt_gc_enable();
    for (int i = 0; i < 5; i++) {
        lists[i] = rt_list_new();
    }
    assert_number(rt_gc_stats(0).collections, before);
    lists[5] = rt_list_new();
    assert_number(rt_gc_stats(0).collections, before + 1);
    assert_number(rt_gc_count(0), 0);
    rt_gc_disable();
    for (int i = 0; i < 6; i++) {
        rt_decref(lists[i]);
    }
}

static void
a_full_collection_waits_for_a_quarter_of_new_objects(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_object *held = rt_list_new();
    for (int i = 0; i < 1000; i++) {
        struct rt_object *item = rt_list_new();
        assert_number(rt_list_append(held, item), 0);
        rt_decref(item);
    }
    rt_gc_collect(2); // leaves 1001 alive
    int64_t full = rt_gc_stats(2).collections;
    rt_gc_set_threshold(0, 10);
    rt_gc_set_threshold(1, 0);
    rt_gc_set_threshold(2, 0);
    rt_gc_enable();
    int made = 0;
    while (rt_gc_stats(2).collections == full && made < 1000) {
        struct rt_object *item = rt_list_new();
        assert_number(rt_list_append(held, item), 0);
        rt_decref(item);
        made++;
    }
    rt_gc_disable();
    assert_true(made > 250);
    assert_true(made < 350);
    rt_decref(held);
}

static void
frozen_objects_are_left_alone(void **state)
{
    (void)state;
    drop_self_cycle(&plain);
    rt_gc_freeze();
    assert_true(rt_gc_freeze_count() >= 1);
    assert_number(rt_gc_collect(2), 0);
    rt_gc_unfreeze();
    assert_number(rt_gc_freeze_count(), 0);
    assert_number(rt_gc_collect(2), 1);
}

static void
save_all_keeps_what_is_found(void **state)
{
    (void)state;
    rt_gc_set_debug(RT_GC_SAVE_ALL);
    assert_number(rt_gc_debug(), RT_GC_SAVE_ALL);
    struct rt_object *list = rt_list_new();
    assert_number(rt_list_append(list, list), 0);
    rt_decref(list);
    assert_number(rt_gc_collect(2), 1);
    assert_number(rt_gc_garbage_count(), 1);
    assert_ptr_equal(rt_gc_garbage_at(0), list);
    rt_gc_set_debug(0);
    rt_gc_clear_garbage();
    assert_number(rt_gc_collect(2), 1);
}

struct heard {
    char callbacks[8]; // which ones, in order; capital letters: stop
    int generation;
    struct rt_gc_event last;
};

static struct heard heard;

static void
hear(const struct rt_gc_event *event, void *data)
{
    char name[] = {*(const char *)data, '\0'};
    if (event->stop) {
        name[0] = (char)(name[0] - 'a' + 'A');
    }
    size_t used = strlen(heard.callbacks);
    snprintf(heard.callbacks + used, sizeof(heard.callbacks) - used, "%s",
             name);
    heard.generation |= 1 << event->generation;
    heard.last = *event;
}

/* row: GC18 test_gc.GCCallbackTests.test_collect */
static void
each_callback_hears_of_start_and_then_of_stop(void **state)
{
    (void)state;
    skip_when_stressed();
    char first[] = "x";
    char second[] = "y";
    heard = (struct heard){0};
    assert_number(rt_gc_add_callback(hear, first), 0);
    assert_number(rt_gc_add_callback(hear, second), 0);
    drop_self_cycle(&plain);
    assert_number(rt_gc_collect(2), 1);
    assert_text(heard.callbacks, "xyXY");
    assert_true(heard.last.stop);
    assert_number(heard.last.generation, 2);
    assert_number(heard.last.collected, 1);
    assert_number(heard.last.uncollectable, 0);
}

/* row: GC19 test_gc.GCCallbackTests.test_collect_generation */
static void
callbacks_hear_of_the_generation_that_was_asked_for(void **state)
{
    (void)state;
    char name[] = "x";
    assert_number(rt_gc_add_callback(hear, name), 0);
    for (int generation = 0; generation < RT_GC_GENERATIONS; generation++) {
        heard = (struct heard){0};
        rt_gc_collect(generation);
        assert_text(heard.callbacks, "xX");
        assert_number(heard.generation, 1 << generation);
    }
}

static void
there_is_room_for_eight_callbacks(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        assert_number(rt_gc_add_callback(hear, NULL), 0);
    }
    assert_number(rt_gc_add_callback(hear, NULL), -1);
    assert_number(rt_error_occurred(), RT_ERROR_RUNTIME);
    rt_error_clear();
    rt_gc_clear_callbacks();
}

static void
assert_collections(const struct rt_gc_stats *before, int64_t young,
                   int64_t middle, int64_t old)
{
    assert_number(rt_gc_stats(0).collections, before[0].collections + young);
    assert_number(rt_gc_stats(1).collections, before[1].collections + middle);
    assert_number(rt_gc_stats(2).collections, before[2].collections + old);
}

/* row: GC12 test_gc.GCTests.test_get_stats */
static void
statistics_are_kept_by_generation(void **state)
{
    (void)state;
    skip_when_stressed();
    struct rt_gc_stats before[RT_GC_GENERATIONS];
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        before[i] = rt_gc_stats(i);
    }
    drop_self_cycle(&plain);
    rt_gc_collect(0);
    assert_number(rt_gc_stats(0).collected, before[0].collected + 1);
    assert_number(rt_gc_stats(2).collected, before[2].collected);
    assert_collections(before, 1, 0, 0);
    rt_gc_collect(2);
    assert_collections(before, 1, 0, 1);
    rt_gc_collect(1);
    assert_collections(before, 1, 1, 1);
}

static void
a_revived_object_lives_and_is_not_finalized_again(void **state)
{
    (void)state;
    drop_self_cycle(&reviving);
    assert_number(rt_gc_collect(2), 0);
    assert_non_null(revived);
    assert_true(rt_gc_is_finalized(revived));
    assert_number(finalizer_calls, 1);
    rt_clear(&revived);
    assert_number(rt_gc_collect(2), 1);
    assert_number(finalizer_calls, 1);
}

static void
one_who_comes_back_does_not_keep_the_others(void **state)
{
    (void)state;
    skip_when_stressed();
    for (int i = 0; i < 100; i++) {
        drop_self_cycle(&plain);
    }
    drop_self_cycle(&reviving);
    assert_number(rt_gc_collect(2), 100);
    rt_clear(&revived);
    assert_number(rt_gc_collect(2), 1);
}

static void
collect_again(struct rt_object *object)
{
    (void)object;
    finalizer_calls++;
    assert_number(rt_gc_collect(2), 0);
}

static void
a_collection_inside_a_collection_does_nothing(void **state)
{
    (void)state;
    struct rt_class class;
    rt_class_init(&class, "collector", NAMES, FIELDS, collect_again);
    drop_self_cycle(&class);
    assert_number(rt_gc_collect(2), 1);
    assert_number(finalizer_calls, 1);
}

static void
a_count_that_is_too_small_is_reported_with_its_type(void **state)
{
    (void)state;
    struct rt_object *holder = node(&plain);
    struct rt_object *held = node(&finalized);
    rt_instance_set(holder, 0, held);
    rt_instance_set(holder, 1, held);
    held->ob_refcnt = 1; // behind the collector's back
    assert_string_equal(rt_gc_check(),
                        "the count of a finalized is too small");
    held->ob_refcnt = 3;
    assert_null(rt_gc_check());
    rt_decref(held);
    rt_decref(holder);
}

static void
note_holder(struct rt_object *holder, void *data)
{
    struct rt_object **found = data;
    *found = *found == NULL ? holder : NULL;
}

static void
referrers_are_found(void **state)
{
    (void)state;
    struct rt_object *object = node(&plain);
    struct rt_object *list = rt_list_new();
    struct rt_object *found = NULL;
    rt_gc_each_referrer(object, note_holder, &found);
    assert_null(found);
    assert_number(rt_list_append(list, object), 0);
    assert_number(rt_list_append(list, object), 0); // twice, told once
    rt_gc_each_referrer(object, note_holder, &found);
    assert_ptr_equal(found, list);
    rt_decref(list);
    rt_decref(object);
}

struct pair {
    struct rt_object head;
    struct rt_object *fields[2];
};

static void
pair_dealloc(struct rt_object *object)
{
    struct pair *pair = (struct pair *)object;
    rt_clear(&pair->fields[0]);
    rt_clear(&pair->fields[1]);
    rt_gc_untrack_and_free(object);
}

static int
pair_traverse(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct pair *pair = (struct pair *)object;
    int result = 0;
    for (int i = 0; i < 2 && result == 0; i++) {
        result = pair->fields[i] != NULL ? visit(pair->fields[i], data) : 0;
    }
    return result;
}

static void
pair_clear(struct rt_object *object)
{
    rt_clear(&((struct pair *)object)->fields[0]);
    rt_clear(&((struct pair *)object)->fields[1]);
}

static const struct rt_type pair_type = {
    .name = "pair",
    .basicsize = sizeof(struct pair),
    .dealloc = pair_dealloc,
    .traverse = pair_traverse,
    .clear = pair_clear,
    .fields_offset = offsetof(struct pair, fields),
    .field_count = 2,
};

static void
what_is_new_and_tracked_holds_nothing_and_counts_once(void **state)
{
    (void)state;
    skip_when_stressed();
    int before = rt_gc_count(0);
    for (int i = 0; i < 3; i++) { // the memory of the last one is used again
        struct rt_object *object = rt_gc_new_tracked(&pair_type);
        struct pair *pair = (struct pair *)object;
        assert_true(rt_gc_is_tracked(object));
        assert_null(pair->fields[0]);
        assert_null(pair->fields[1]);
        assert_number(rt_gc_count(0), before + 1);
        pair->fields[0] = rt_list_new();
        pair->fields[1] = rt_new_ref(pair->fields[0]);
        assert_null(rt_gc_check());
        rt_decref(object);
        assert_number(rt_gc_count(0), before);
    }
}

static void
what_is_new_and_tracked_is_collected(void **state)
{
    (void)state;
    struct rt_object *object = rt_gc_new_tracked(&pair_type);
    struct pair *pair = (struct pair *)object;
    pair->fields[1] = rt_new_ref(object);
    rt_decref(object);
    assert_number(rt_gc_collect(0), 1);
}

static void
no_memory_for_a_container_is_a_memory_error(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    assert_null(rt_list_new());
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    rt_alloc_fail_nth(1);
    assert_null(rt_gc_new_tracked(&pair_type));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
}

#define GC_TEST(test)                                                         \
    cmocka_unit_test_setup_teardown(test, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        GC_TEST(a_list_that_holds_itself_is_one_object),
        GC_TEST(a_tuple_and_a_list_that_hold_each_other_are_two),
        GC_TEST(exactly_what_is_reachable_survives),
        GC_TEST(the_same_under_a_collection_at_every_allocation),
        GC_TEST(a_ring_of_a_million_needs_no_deep_stack),
        GC_TEST(the_counters_are_as_after_cpythons_collections),
        GC_TEST(a_survivor_grows_older_one_generation_at_a_time),
        GC_TEST(automatic_collections_begin_above_the_threshold),
        GC_TEST(a_full_collection_waits_for_a_quarter_of_new_objects),
        GC_TEST(frozen_objects_are_left_alone),
        GC_TEST(save_all_keeps_what_is_found),
        GC_TEST(each_callback_hears_of_start_and_then_of_stop),
        GC_TEST(callbacks_hear_of_the_generation_that_was_asked_for),
        GC_TEST(there_is_room_for_eight_callbacks),
        GC_TEST(statistics_are_kept_by_generation),
        GC_TEST(a_revived_object_lives_and_is_not_finalized_again),
        GC_TEST(one_who_comes_back_does_not_keep_the_others),
        GC_TEST(a_collection_inside_a_collection_does_nothing),
        GC_TEST(a_count_that_is_too_small_is_reported_with_its_type),
        GC_TEST(referrers_are_found),
        GC_TEST(what_is_new_and_tracked_holds_nothing_and_counts_once),
        GC_TEST(what_is_new_and_tracked_is_collected),
        GC_TEST(no_memory_for_a_container_is_a_memory_error),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
