/* Lab 12: who holds nothing but each other.
 *
 * Most cases build a group of objects by hand: nodes in an array, each with
 * the collector's head in front, linked into a list of the case's own. So a
 * broken list can be walked without harm, and a head is known by its place in
 * the array. Everything is told in numbers; those of a group follow each other
 * as its members do in the list.
 *
 * In which order the living stand is free, so they are sorted before they are
 * shown; the unreachable keep their order, and one case looks at that. */
#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/finalize.h"
#include "labs/runtime/gc_state.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/list.h"
#include "labs/testing.h"

enum {
    MOST_NODES = 200000,
    MOST_EDGES = 2 * MOST_NODES,
    MOST_SHOWN = 40 // members of a group of which each is shown
};

struct edge {
    struct rt_object *held;
    struct edge *next;
};

struct node {
    struct rt_gc_head gc; // in front of the object, as for all containers
    struct rt_object base;
    struct edge *first, *last;
    int64_t outside; // references that no node shows
    bool is_older;   // not of the group
};

static struct node nodes[MOST_NODES];
static struct edge edges[MOST_EDGES];
static size_t node_count, edge_count;

static struct rt_gc_head group, unreachable, older;
static int64_t found[MOST_NODES]; // by the walk of a list

// --- a group ---------------------------------------------------------------

static struct node *
node_of(struct rt_object *object)
{
    return (struct node *)((char *)object - offsetof(struct node, base));
}

static int
node_traverse(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    for (const struct edge *edge = node_of(object)->first; edge != NULL;
         edge = edge->next) {
        int result = visit(edge->held, data);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

static void
node_dealloc(struct rt_object *object)
{
    observe_event("dealloc", "node %d",
                  (int)lab_number(node_of(object) - nodes));
}

static const struct rt_type node_type = {
    .name = "node",
    .basicsize = sizeof(struct node) - sizeof(struct rt_gc_head),
    .dealloc = node_dealloc,
    .traverse = node_traverse,
};

/* An empty group. The list of the unreachable is none yet, like the variable
 * of a caller that has not set it. */
static void
begin(void)
{
    node_count = edge_count = 0;
    rt_gc_list_init(&group);
    rt_gc_list_init(&older);
    unreachable = (struct rt_gc_head){0};
}

static struct node *
new_node_in(struct rt_gc_head *list)
{
    struct node *node = &nodes[node_count++];
    *node = (struct node){.is_older = list == &older};
    node->base.ob_type = &node_type;
    rt_gc_list_append(list, &node->gc);
    return node;
}

static struct node *
new_node(void)
{
    return new_node_in(&group);
}

static void
hold(struct node *holder, struct rt_object *held)
{
    struct edge *edge = &edges[edge_count++];
    *edge = (struct edge){.held = held};
    if (holder->last == NULL) {
        holder->first = edge;
    }
    else {
        holder->last->next = edge;
    }
    holder->last = edge;
    held->ob_refcnt++;
}

static void
holds(struct node *holder, struct node *held)
{
    hold(holder, &held->base);
}

/* A variable, or C code. */
static void
hold_from_outside(struct node *node)
{
    node->base.ob_refcnt++;
    node->outside++;
}

// --- what is seen ----------------------------------------------------------

/* The number of the node that a head belongs to, or -1. */
static int64_t
number_of(const struct rt_gc_head *head)
{
    uintptr_t offset = (uintptr_t)head - (uintptr_t)nodes;
    if (offset % sizeof(struct node) != 0 ||
        offset / sizeof(struct node) >= node_count) {
        return -1;
    }
    return (int64_t)(offset / sizeof(struct node));
}

/* Fills found with the members of a list, as far as it can be followed; what
 * is wrong with a link is told under the name. */
static size_t
walk(const char *name, const struct rt_gc_head *list,
     struct rt_gc_head *(*step)(const struct rt_gc_head *head))
{
    size_t count = 0;
    const struct rt_gc_head *head = step(list);
    while (head != list) {
        int64_t number = number_of(head);
        if (number < 0) {
            observe_string(name, "a link leads astray");
            break;
        }
        if (count == node_count) {
            observe_string(name, "never comes back to the list's head");
            break;
        }
        found[count++] = number;
        head = step(head);
    }
    return count;
}

static int
by_number(const void *a, const void *b)
{
    const int64_t *left = a;
    const int64_t *right = b;
    return (*left > *right) - (*left < *right);
}

/* A line that is put together from parts. */
struct line {
    char text[1000];
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
say_members(struct line *line, const char *name, const struct rt_gc_head *list)
{
    size_t count = walk(name, list, rt_gc_next);
    qsort(found, count, sizeof(found[0]), by_number);
    say(line, "%s", name);
    for (size_t i = 0; i < count; i++) {
        say(line, " %d", (int)lab_number(found[i]));
    }
    if (count == 0) {
        say(line, " nobody");
    }
}

static void
observe_members(const char *name, const struct rt_gc_head *list)
{
    struct line members = {.used = 0};
    say_members(&members, "", list);
    observe_string(name, members.text);
}

static void
say_held(struct line *line, const struct node *holder)
{
    for (const struct edge *edge = holder->first; edge != NULL;
         edge = edge->next) {
        int64_t number = number_of(rt_gc_head_of(edge->held));
        if (number < 0) {
            say(line, " a number");
        }
        else {
            say(line, " %d", (int)lab_number(number));
        }
    }
}

/* "70 holds 71; 71 holds 70 70; older 72 holds 71; outside holds 72" */
static struct line
describe(void)
{
    struct line line = {.used = 0};
    bool is_any_held = false;
    for (size_t i = 0; i < node_count; i++) {
        if (nodes[i].first != NULL) {
            say(&line, "%s%d holds", nodes[i].is_older ? "older " : "",
                (int)lab_number((int64_t)i));
            say_held(&line, &nodes[i]);
            say(&line, "; ");
        }
    }
    say(&line, "outside holds");
    for (size_t i = 0; i < node_count; i++) {
        for (int64_t n = 0; n < nodes[i].outside; n++) {
            say(&line, " %d", (int)lab_number((int64_t)i));
            is_any_held = true;
        }
    }
    say(&line, is_any_held ? "" : " nobody");
    return line;
}

/* The function under test: in a group like this, who went where? */
static void
deduce(void)
{
    struct line group_is = describe();
    struct line split = {.used = 0};
    rt_gc_deduce_unreachable(&group, &unreachable);
    say_members(&split, "stay", &group);
    say(&split, ", ");
    say_members(&split, "unreachable", &unreachable);
    observe_string(group_is.text, split.text);
}

// --- one after the other ---------------------------------------------------

static void
an_empty_group_stays_empty(void **state)
{
    (void)state;
    begin();
    // Somebody else's list, of any length, is left alone.
    for (int64_t i = lab_random_between(1, MOST_SHOWN - 1); i > 0; i--) {
        hold_from_outside(new_node_in(&older));
    }
    deduce();
    observe_members("the older ones", &older);
    observe_bool("the group is an empty list", rt_gc_list_is_empty(&group));
    observe_bool("the unreachable are an empty list",
                 rt_gc_list_is_empty(&unreachable));
}

static void
an_object_held_from_outside_stays(void **state)
{
    (void)state;
    begin();
    hold_from_outside(new_node());
    deduce();

    begin();
    hold_from_outside(new_node());
    for (int i = 0; i < 3; i++) {
        hold_from_outside(&nodes[0]);
        hold_from_outside(new_node());
    }
    deduce();
}

static void
two_objects_that_hold_each_other_are_unreachable(void **state)
{
    (void)state;
    begin();
    struct node *a = new_node();
    struct node *b = new_node();
    holds(a, b);
    holds(b, a);
    deduce();
}

static void
an_object_that_holds_itself_is_unreachable(void **state)
{
    (void)state;
    begin();
    struct node *a = new_node();
    holds(a, a);
    deduce();

    // One of the two references comes from outside.
    begin();
    a = new_node();
    holds(a, a);
    hold_from_outside(a);
    deduce();
}

static void
every_reference_is_taken_off(void **state)
{
    (void)state;
    begin();
    struct node *a = new_node();
    struct node *b = new_node();
    struct node *c = new_node();
    holds(a, b);
    holds(a, b);
    holds(a, c);
    holds(b, a);
    holds(c, b);
    holds(c, c);
    deduce();
}

static void
references_from_without_the_group_are_not_taken_off(void **state)
{
    (void)state;
    begin();
    struct node *a = new_node();
    struct node *b = new_node();
    struct node *elder = new_node_in(&older);
    hold_from_outside(elder);
    holds(a, a);
    holds(elder, a);
    holds(b, b);
    deduce();
}

/* What a head contains, as far as it is no address. */
static void
observe_head_is(const char *name, const struct rt_gc_head *head,
                const struct rt_gc_head *before)
{
    observe_bool(name,
                 head->next == before->next && head->prev == before->prev);
}

/* One of the group holds three that are not of it: two older ones, and one
 * that is not tracked. */
static void
look_at_others(bool is_alive)
{
    begin();
    struct node *a = new_node();
    struct node *elder = new_node_in(&older);
    struct node *dropped = new_node_in(&older);
    struct node *untracked = new_node_in(&older);
    rt_gc_list_remove(&untracked->gc);
    untracked->gc.prev = 0;
    hold_from_outside(elder);
    holds(a, elder);
    holds(a, dropped);
    holds(a, untracked);
    holds(a, a);
    if (is_alive) {
        hold_from_outside(a);
    }
    struct rt_gc_head heads[] = {elder->gc, dropped->gc, untracked->gc};
    deduce();
    observe_head_is("the head of the first older one is as before", &elder->gc,
                    &heads[0]);
    observe_head_is("the head of the second is as before", &dropped->gc,
                    &heads[1]);
    observe_head_is("the head of the untracked one is as before",
                    &untracked->gc, &heads[2]);
    observe_members("the older ones", &older);
}

static void
objects_of_other_generations_are_not_touched(void **state)
{
    (void)state;
    look_at_others(false);
    look_at_others(true);
}

/* What is no container has no head in front of it; here are words of somebody
 * else that look like one. */
static struct {
    struct rt_gc_head words;
    struct rt_object base;
} number;

static void
number_dealloc(struct rt_object *object)
{
    (void)object;
    observe_string("dealloc", "of the number");
}

static const struct rt_type number_type = {
    .name = "number",
    .basicsize = sizeof(struct rt_object),
    .dealloc = number_dealloc,
};

static void
what_is_no_container_is_not_touched(void **state)
{
    (void)state;
    begin();
    number.base = (struct rt_object){.ob_type = &number_type};
    number.words.next = (uintptr_t)&number.words;
    number.words.prev = RT_GC_COLLECTING | 5 << RT_GC_REFS_SHIFT;
    struct rt_gc_head before = number.words;
    struct node *a = new_node();
    struct node *b = new_node();
    hold(a, &number.base);
    holds(a, a);
    hold(b, &number.base);
    hold_from_outside(b);
    deduce();
    observe_head_is("the words in front of the number are as before",
                    &number.words, &before);

    // The same, and the words look like a head at 0.
    begin();
    number.words.prev = RT_GC_COLLECTING;
    before = number.words;
    a = new_node();
    hold(a, &number.base);
    hold_from_outside(a);
    deduce();
    observe_head_is("the words in front of it are as before", &number.words,
                    &before);
}

static void
what_the_living_hold_stays(void **state)
{
    (void)state;
    begin();
    struct node *a = new_node();
    struct node *b = new_node();
    struct node *c = new_node();
    struct node *d = new_node();
    hold_from_outside(a);
    holds(a, b);
    holds(a, c);
    holds(a, d);
    deduce();

    // Among what it holds are others, before one of the group.
    begin();
    number.base = (struct rt_object){.ob_type = &number_type};
    number.words = (struct rt_gc_head){0};
    a = new_node();
    b = new_node();
    c = new_node();
    d = new_node_in(&older);
    hold_from_outside(a);
    hold(a, &number.base);
    holds(a, b);
    holds(a, d);
    holds(a, c);
    deduce();
}

static void
the_living_save_what_stands_before_them(void **state)
{
    (void)state;
    begin();
    struct node *a = new_node();
    struct node *b = new_node();
    struct node *c = new_node();
    hold_from_outside(c);
    holds(c, a);
    holds(c, b);
    deduce();
}

static void
a_chain_is_saved_to_its_end(void **state)
{
    (void)state;
    begin();
    struct node *chain[5];
    for (int i = 0; i < 5; i++) {
        chain[i] = new_node();
    }
    for (int i = 4; i > 0; i--) {
        holds(chain[i], chain[i - 1]);
    }
    hold_from_outside(chain[4]);
    deduce();

    // To and fro: 4 holds 1, 1 holds 3, 3 holds 0, 0 holds 2.
    static const int order[] = {4, 1, 3, 0, 2};
    begin();
    for (int i = 0; i < 5; i++) {
        chain[i] = new_node();
    }
    for (int i = 0; i < 4; i++) {
        holds(chain[order[i]], chain[order[i + 1]]);
    }
    hold_from_outside(chain[4]);
    deduce();
}

static void
a_cycle_that_is_held_stays(void **state)
{
    (void)state;
    begin();
    struct node *a = new_node();
    struct node *b = new_node();
    struct node *c = new_node();
    holds(a, b);
    holds(b, c);
    holds(c, a);
    hold_from_outside(b);
    deduce();
}

static void
trash_saves_nobody(void **state)
{
    (void)state;
    // A ring of two with a tail that hangs from it.
    begin();
    struct node *tail = new_node();
    struct node *a = new_node();
    struct node *b = new_node();
    struct node *end = new_node();
    holds(a, b);
    holds(b, a);
    holds(a, tail);
    holds(b, end);
    deduce();

    // The ring holds somebody who lives, who does not hold the ring.
    begin();
    a = new_node();
    struct node *living = new_node();
    b = new_node();
    holds(a, b);
    holds(b, a);
    holds(a, living);
    holds(b, living);
    hold_from_outside(living);
    deduce();
}

// --- the words of the heads ------------------------------------------------

/* Four that live, two of them saved, and four that do not. */
static void
build_both_kinds(void)
{
    begin();
    struct node *node[8];
    for (int i = 0; i < 8; i++) {
        node[i] = new_node();
    }
    holds(node[0], node[1]); // trash: 0 and 1, 3 and 6
    holds(node[1], node[0]);
    holds(node[3], node[6]);
    holds(node[6], node[3]);
    hold_from_outside(node[5]); // living: 5, 2 by 5, 4 by 2, 7 by 4
    holds(node[5], node[2]);
    holds(node[2], node[4]);
    holds(node[4], node[7]);
    holds(node[0], node[7]);
}

static void
observe_flag(const char *name, unsigned prev_bit)
{
    size_t count = 0;
    for (size_t i = 0; i < node_count; i++) {
        if (rt_gc_has(&nodes[i].gc, prev_bit)) {
            found[count++] = lab_number((int64_t)i);
        }
    }
    observe_sequence(name, found, count);
}

static void
only_the_unreachable_carry_collecting(void **state)
{
    (void)state;
    build_both_kinds();
    deduce();
    observe_flag("with COLLECTING", RT_GC_COLLECTING);
}

static void
finalized_is_for_life(void **state)
{
    (void)state;
    build_both_kinds();
    static const int finalized[] = {0, 2, 5, 6};
    for (size_t i = 0; i < 4; i++) {
        nodes[finalized[i]].gc.prev |= RT_GC_FINALIZED;
    }
    deduce();
    observe_flag("with FINALIZED", RT_GC_FINALIZED);
    observe_flag("with COLLECTING", RT_GC_COLLECTING);
}

static int64_t
count_marked_links(const struct rt_gc_head *list)
{
    int64_t marked = (int64_t)(list->next & RT_GC_UNREACHABLE);
    size_t count = walk("a list", list, rt_gc_next);
    for (size_t i = 0; i < count; i++) {
        marked += (int64_t)(nodes[found[i]].gc.next & RT_GC_UNREACHABLE);
    }
    return marked;
}

static void
no_link_carries_a_mark_afterwards(void **state)
{
    (void)state;
    build_both_kinds();
    deduce();
    observe_int("marked links among those that stay",
                count_marked_links(&group));
    observe_int("marked links among the unreachable",
                count_marked_links(&unreachable));
}

static void
observe_way_back(const char *name, const struct rt_gc_head *list)
{
    static int64_t forth[MOST_SHOWN];
    size_t count = walk(name, list, rt_gc_next);
    memcpy(forth, found, count * sizeof(found[0]));
    bool is_same = walk(name, list, rt_gc_prev) == count;
    for (size_t i = 0; i < count; i++) {
        is_same = is_same && found[i] == forth[count - 1 - i];
    }
    observe_bool(name, is_same);
}

static void
both_lists_can_be_walked_backwards(void **state)
{
    (void)state;
    build_both_kinds();
    deduce();
    observe_way_back("those that stay: the way back is the way there", &group);
    observe_way_back("the unreachable: the way back is the way there",
                     &unreachable);

    // Nobody is put aside, and nobody stays.
    begin();
    for (int i = 0; i < 3; i++) {
        hold_from_outside(new_node());
    }
    deduce();
    observe_way_back("all stay: the way back is the way there", &group);
    begin();
    for (int i = 0; i < 3; i++) {
        holds(new_node(), &nodes[i]);
    }
    deduce();
    observe_way_back("none stay: the way back is the way there", &group);
    observe_way_back("all unreachable: the way back is the way there",
                     &unreachable);
}

static void
the_unreachable_keep_their_order(void **state)
{
    (void)state;
    build_both_kinds();
    deduce();
    size_t count = walk("unreachable", &unreachable, rt_gc_next);
    for (size_t i = 0; i < count; i++) {
        found[i] = lab_number(found[i]);
    }
    observe_sequence("unreachable, as they stand", found, count);
}

static void
reference_counts_stay_as_they_are(void **state)
{
    (void)state;
    build_both_kinds();
    deduce();
    int64_t counts[8];
    for (size_t i = 0; i < 8; i++) {
        counts[i] = nodes[i].base.ob_refcnt;
    }
    observe_sequence("reference counts", counts, 8);
}

// --- in the collector ------------------------------------------------------

/* As rt_gc_rescue() does: the finalizers have run, one of them has stored a
 * reference, and the unreachable are asked about once more. */
static void
the_question_can_be_asked_again(void **state)
{
    (void)state;
    build_both_kinds();
    deduce();
    deduce();

    build_both_kinds();
    deduce();
    for (size_t i = 0; i < node_count; i++) {
        nodes[i].gc.prev &= ~(uintptr_t)RT_GC_COLLECTING;
    }
    struct rt_gc_head still;
    hold_from_outside(&nodes[6]);
    rt_gc_deduce_unreachable(&unreachable, &still);
    observe_members("of the unreachable, with one held from outside, live",
                    &unreachable);
    observe_members("and still unreachable are", &still);
}

static struct rt_object *saved;

static void
save_itself(struct rt_object *object)
{
    observe_event("finalizer", "count %d", (int)object->ob_refcnt);
    saved = rt_new_ref(object);
}

static void
observe_collection(const char *when, int generation)
{
    int64_t count = rt_gc_collect(generation);
    observe_event(when, "found %d, blocks left %d", (int)count,
                  (int)rt_alloc_live_blocks());
}

/* Two lists that hold each other; the variables are gone. */
static void
drop_a_cycle(void)
{
    struct rt_object *a = rt_list_new();
    struct rt_object *b = rt_list_new();
    (void)rt_list_append(a, b);
    (void)rt_list_append(b, a);
    rt_decref(a);
    rt_decref(b);
}

static void
a_collection_frees_cycles_and_nothing_else(void **state)
{
    (void)state;
    static struct rt_class class;
    static const char *const FIELDS[] = {"next"};
    rt_class_init(&class, "saver", FIELDS, 1, save_itself);

    // A list that lives holds one that lives by it.
    struct rt_object *kept = rt_list_new();
    struct rt_object *inner = rt_list_new();
    (void)rt_list_append(kept, inner);
    (void)rt_list_append(inner, kept);
    rt_decref(inner);
    for (int64_t i = lab_random_between(2, 999); i > 0; i--) {
        drop_a_cycle();
    }
    observe_collection("2 lists live, others are cycles: collect the young",
                       0);
    drop_a_cycle();
    observe_collection("2 lists live, 2 are a cycle: collect the middle", 1);

    // A finalizer brings its object back, with the ring that it holds.
    struct rt_object *saver = rt_instance_new(&class);
    rt_instance_set(saver, 0, saver);
    rt_decref(saver);
    drop_a_cycle();
    observe_collection("2 lists live, 2 are a cycle, 1 saves itself: collect"
                       " all",
                       2);
    observe_bool("the finalizer has saved its object", saved == saver);
    rt_clear(&saved);
    rt_clear(&kept);
    observe_collection("2 lists and the saver are dropped: collect all", 2);
}

// --- by chance -------------------------------------------------------------

enum {
    GRAPHS = 60
};

static struct node *
any_node(void)
{
    return &nodes[lab_random_between(0, (int64_t)node_count - 1)];
}

static void
build_random_graph(int graph)
{
    begin();
    int64_t size = lab_random_between(1, 2 + graph / 4);
    for (int64_t i = 0; i < size; i++) {
        struct node *node =
            new_node_in(lab_random_between(0, 9) == 0 ? &older : &group);
        if (node->is_older) {
            hold_from_outside(node);
        }
    }
    int64_t more = lab_random_between(0, size);
    for (int64_t i = 0; i < more; i++) {
        struct node *holder = any_node();
        holds(holder, any_node());
    }
    // Somebody holds each of them; else it would have died by counting.
    for (int64_t i = 0; i < size; i++) {
        if (nodes[i].base.ob_refcnt == 0) {
            holds(any_node(), &nodes[i]);
        }
    }
    for (int64_t i = lab_random_between(0, 2); i > 0; i--) {
        hold_from_outside(any_node());
    }
}

static void
random_graphs_are_split_rightly(void **state)
{
    (void)state;
    for (int graph = 0; graph < GRAPHS; graph++) {
        build_random_graph(graph);
        deduce();
        observe_flag("with COLLECTING", RT_GC_COLLECTING);
        observe_members("the older ones", &older);
    }
}

enum {
    SLOTS = 8,
    STEPS = 200
};

/* Lists in variables hold each other as chance has it; counting frees some,
 * a collection now and then the rest. */
static void
a_random_story_leaves_nothing_behind(void **state)
{
    (void)state;
    struct rt_object *slots[SLOTS] = {NULL};
    char when[60];
    for (int step = 0; step < STEPS; step++) {
        int64_t a = lab_random_between(0, SLOTS - 1);
        int64_t b = lab_random_between(0, SLOTS - 1);
        switch (lab_random_between(0, 7)) {
        case 0:
        case 1:
            rt_set_ref(&slots[a], rt_list_new());
            break;
        case 2:
            rt_clear(&slots[a]);
            break;
        case 3:
            snprintf(when, sizeof(when), "step %d, collect generation %d",
                     step, (int)(a % RT_GC_GENERATIONS));
            observe_collection(when, (int)(a % RT_GC_GENERATIONS));
            break;
        default:
            if (slots[a] != NULL && slots[b] != NULL) {
                (void)rt_list_append(slots[a], slots[b]);
            }
        }
    }
    for (int i = 0; i < SLOTS; i++) {
        rt_clear(&slots[i]);
    }
    observe_collection("all dropped, collect generation 2", 2);
}

// --- many ------------------------------------------------------------------

/* How many are where; the numbers themselves would fill a book. */
static void
deduce_many(void)
{
    rt_gc_deduce_unreachable(&group, &unreachable);
    observe_int("stay", (int64_t)walk("stay", &group, rt_gc_next));
    observe_int("unreachable",
                (int64_t)walk("unreachable", &unreachable, rt_gc_next));
}

/* Makes nearly as many as there can be, and returns how many. */
static int64_t
new_nodes(void)
{
    int64_t count = MOST_NODES - lab_random_between(0, 999);
    begin();
    for (int64_t i = 0; i < count; i++) {
        new_node();
    }
    return count;
}

static void
a_long_chain_in_the_order_of_the_list(void **state)
{
    (void)state;
    const int64_t count = new_nodes();
    for (int64_t i = 1; i < count; i++) {
        holds(&nodes[i - 1], &nodes[i]);
    }
    hold_from_outside(&nodes[0]);
    deduce_many();
}

static void
a_long_chain_against_the_order_of_the_list(void **state)
{
    (void)state;
    const int64_t count = new_nodes();
    for (int64_t i = 1; i < count; i++) {
        holds(&nodes[i], &nodes[i - 1]);
    }
    hold_from_outside(&nodes[count - 1]);
    deduce_many();
}

static void
a_large_ring_is_unreachable(void **state)
{
    (void)state;
    const int64_t count = new_nodes();
    for (int64_t i = 0; i < count; i++) {
        holds(&nodes[i], &nodes[(i + 1) % count]);
    }
    deduce_many();
}

static void
one_object_holds_very_many(void **state)
{
    (void)state;
    const int64_t count = new_nodes();
    for (int64_t i = 0; i < count; i++) {
        holds(&nodes[count / 2], &nodes[i]);
        holds(&nodes[i], &nodes[count / 2]);
    }
    hold_from_outside(&nodes[count - 1]);
    deduce_many();
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(an_empty_group_stays_empty),
    cmocka_unit_test(an_object_held_from_outside_stays),
    cmocka_unit_test(two_objects_that_hold_each_other_are_unreachable),
    cmocka_unit_test(an_object_that_holds_itself_is_unreachable),
    cmocka_unit_test(every_reference_is_taken_off),
    cmocka_unit_test(references_from_without_the_group_are_not_taken_off),
    cmocka_unit_test(objects_of_other_generations_are_not_touched),
    cmocka_unit_test(what_is_no_container_is_not_touched),
    cmocka_unit_test(what_the_living_hold_stays),
    cmocka_unit_test(the_living_save_what_stands_before_them),
    cmocka_unit_test(a_chain_is_saved_to_its_end),
    cmocka_unit_test(a_cycle_that_is_held_stays),
    cmocka_unit_test(trash_saves_nobody),
    cmocka_unit_test(only_the_unreachable_carry_collecting),
    cmocka_unit_test(finalized_is_for_life),
    cmocka_unit_test(no_link_carries_a_mark_afterwards),
    cmocka_unit_test(both_lists_can_be_walked_backwards),
    cmocka_unit_test(the_unreachable_keep_their_order),
    cmocka_unit_test(reference_counts_stay_as_they_are),
    cmocka_unit_test(the_question_can_be_asked_again),
    cmocka_unit_test(a_collection_frees_cycles_and_nothing_else),
    cmocka_unit_test(random_graphs_are_split_rightly),
    cmocka_unit_test(a_random_story_leaves_nothing_behind),
    cmocka_unit_test(a_long_chain_in_the_order_of_the_list),
    cmocka_unit_test(a_long_chain_against_the_order_of_the_list),
    cmocka_unit_test(a_large_ring_is_unreachable),
    cmocka_unit_test(one_object_holds_very_many),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
