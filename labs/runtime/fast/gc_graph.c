#include "labs/runtime/fast/gc_graph.h"

#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/fast/gc_rows.h"
#include "labs/runtime/fast/gc_side.h"
#include "labs/runtime/fast/heap_batch.h"
#include "labs/runtime/gc_state.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weakref.h"

enum {
    // How long before its turn an object is fetched, and the bytes beside
    // those that it holds.
    FAR = 32,
    NEAR = 16,
    LARGE = 4096, // fewer are near anyway
};

/* What is in facts: how many references to the object there are and how many
 * fields that hold one; who has more than there is room for holds strangers,
 * for all we know. */
static const uint32_t IS_COMPLEX = UINT32_C(1) << 31;      // not just memory
static const uint32_t HOLDS_STRANGERS = UINT32_C(1) << 30; // objects of no row
static const uint32_t FIELD = UINT32_C(1) << 22; // one of them; below, refs
static const uint32_t REFS = FIELD - 1;
static const uint32_t FIELDS = (RT_GC_MAY_HOLD_ATOMS - 1) / FIELD;

/* Left to itself, gcc takes a function that only fetches for one that does
 * nothing, and drops it. */
#define INLINE inline __attribute__((always_inline))

// --- what an object holds --------------------------------------------------

static inline struct rt_object **
fields_of(struct rt_object *object)
{
    return (struct rt_object **)((char *)object +
                                 object->ob_type->fields_offset);
}

static INLINE void
fetch(struct rt_object *object)
{
    if (object != NULL) {
        __builtin_prefetch(rt_gc_head_of(object));
    }
}

static INLINE void
fetch_bytes_of_held(struct rt_object *object)
{
    if (object == NULL) {
        return;
    }
    struct rt_object **fields = fields_of(object);
    for (size_t i = 0; i < object->ob_type->field_count; i++) {
        if (fields[i] != NULL) {
            __builtin_prefetch(rt_gc_side_of(fields[i]), 1);
        }
    }
}

static INLINE void
visit_fields(struct rt_object *object,
             int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object **fields = fields_of(object);
    size_t count = object->ob_type->field_count;
    for (size_t i = 0; i < count; i++) {
        if (fields[i] != NULL) {
            visit(fields[i], data);
        }
    }
}

/* What traverse does, but put into the place where it is called, and visit
 * into that, if the type says where the references are. */
static INLINE void
visit_held(struct rt_object *object,
           int (*visit)(struct rt_object *held, void *data), void *data)
{
    if (object->ob_type->field_count == 0) {
        object->ob_type->traverse(object, visit, data);
    }
    else {
        visit_fields(object, visit, data);
    }
}

// --- references from within the row ----------------------------------------

/* Who is held by very many is counted in the head. */
static void
count_one_of_many(struct rt_object *held, unsigned char *side)
{
    struct rt_gc_head *head = rt_gc_head_of(held);
    if (*side == RT_GC_MOST) {
        *side = RT_GC_MANY;
        rt_gc_set_refs(head, RT_GC_MOST - RT_GC_NONE);
    }
    rt_gc_set_refs(head, rt_gc_refs(head) + 1);
}

static INLINE int
count_reference(struct rt_object *held, void *facts)
{
    unsigned char *side = rt_gc_side_of(held);
    if (*side == RT_GC_STRANGER) {
        *(uint32_t *)facts |= HOLDS_STRANGERS;
    }
    else if (*side < RT_GC_MOST) {
        ++*side;
    }
    else {
        count_one_of_many(held, side);
    }
    return 0;
}

static inline int
count_field(struct rt_object *held, void *facts)
{
    *(uint32_t *)facts += FIELD;
    return count_reference(held, facts);
}

static INLINE uint32_t
count_held(struct rt_object *object, uint32_t facts)
{
    if (object->ob_type->field_count - 1 < FIELDS) { // 0 is none
        visit_fields(object, count_field, &facts);
    }
    else {
        facts |= HOLDS_STRANGERS;
        object->ob_type->traverse(object, count_reference, &facts);
    }
    return facts;
}

static inline uint32_t
facts_of(struct rt_object *object)
{
    const struct rt_type *type = object->ob_type;
    bool is_complex = type->field_count == 0 || type->finalize != NULL ||
                      type->del != NULL || rt_weakref_first(object) != NULL;
    uint32_t facts = object->ob_refcnt < REFS ? (uint32_t)object->ob_refcnt
                                              : REFS | HOLDS_STRANGERS;
    if (type == &rt_tuple_type || type == &rt_dict_type) {
        facts |= RT_GC_MAY_HOLD_ATOMS;
    }
    return is_complex ? facts | IS_COMPLEX : facts;
}

static INLINE void
count_references(struct rt_gc_graph *graph, bool is_large)
{
    for (size_t i = 0; i < graph->count; i++) {
        if (graph->objects[i] != NULL) {
            *rt_gc_side_of(graph->objects[i]) = RT_GC_NONE;
        }
    }
    for (size_t i = 0; i < graph->count; i++) {
        if (is_large && i + FAR < graph->count) {
            fetch(graph->objects[i + FAR]);
            fetch_bytes_of_held(graph->objects[i + NEAR]);
        }
        struct rt_object *object = graph->objects[i];
        if (object != NULL) {
            graph->facts[i] = count_held(object, facts_of(object));
        }
        else {
            graph->facts[i] = 0;
        }
    }
}

// --- who is trash ----------------------------------------------------------

/* Whether all references to an object that nobody has reached come from the
 * row. Its count in the head is not needed any more. */
static inline bool
is_held_by_row_only(struct rt_object *object, unsigned side, uint32_t facts)
{
    if (side == RT_GC_MANY) {
        struct rt_gc_head *head = rt_gc_head_of(object);
        int64_t refs = rt_gc_refs(head);
        rt_gc_set_refs(head, 0);
        return refs == object->ob_refcnt;
    }
    return side - RT_GC_NONE == (facts & REFS);
}

/* All that a living one holds is alive. */
static inline int
reach(struct rt_object *held, void *data)
{
    struct rt_gc_graph *graph = data;
    unsigned char *side = rt_gc_side_of(held);
    if (*side == RT_GC_STRANGER) {
        return 0;
    }
    if (*side <= RT_GC_MOST) {
        *side = RT_GC_REACHED; // the walk will come to it, or has been there
    }
    else if (*side == RT_GC_MANY) {
        *side = RT_GC_MANY_REACHED;
    }
    else if (*side == RT_GC_TRASH) {
        *side = RT_GC_RESCUED;
        graph->rescued[graph->rescued_count++] = held;
    }
    return 0;
}

/* A guess: what comes before it in the walk may still reach it. */
static INLINE bool
seems_alive(const struct rt_gc_graph *graph, size_t place)
{
    struct rt_object *object = graph->objects[place];
    return object != NULL && *rt_gc_side_of(object) - (unsigned)RT_GC_NONE !=
                                 (graph->facts[place] & REFS);
}

static inline void
add_trash(struct rt_gc_graph *graph, uint32_t facts)
{
    graph->trash_count++;
    graph->trash_facts |= facts;
    graph->trash_refs += facts & REFS;
    graph->trash_fields += facts / FIELD % (FIELDS + 1);
}

static void
take_off_trash(struct rt_gc_graph *graph, struct rt_object *object)
{
    size_t place = rt_gc_head_of(object)->next - graph->first_number;
    graph->trash_count--;
    graph->trash_refs -= graph->facts[place] & REFS;
    graph->trash_fields -= graph->facts[place] / FIELD % (FIELDS + 1);
}

/* One step of the walk. */
static INLINE void
decide(struct rt_gc_graph *graph, size_t place)
{
    struct rt_object *object = graph->objects[place];
    unsigned char *side = rt_gc_side_of(object);
    if (*side == RT_GC_MANY_REACHED) {
        rt_gc_set_refs(rt_gc_head_of(object), 0);
    }
    else if (*side != RT_GC_REACHED &&
             is_held_by_row_only(object, *side, graph->facts[place])) {
        *side = RT_GC_TRASH;
        add_trash(graph, graph->facts[place]);
        return;
    }
    *side = RT_GC_STRANGER; // done with: from now on nobody asks
    graph->live_facts |= graph->facts[place];
    graph->live++;
    visit_held(object, reach, graph);
}

/* The walk: first the row, then, behind its end, whoever was taken for trash
 * too early (move_unreachable). */
static INLINE void
walk(struct rt_gc_graph *graph, bool is_large)
{
    uint64_t seeming = 0; // a bit for each between FAR and here
    for (size_t i = 0; i < graph->count; i++) {
        if (is_large && i + FAR < graph->count) {
            seeming <<= 1;
            if (seems_alive(graph, i + FAR)) {
                fetch(graph->objects[i + FAR]);
                seeming |= 1;
            }
            if ((seeming >> (FAR - NEAR) & 1) != 0) {
                fetch_bytes_of_held(graph->objects[i + NEAR]);
            }
        }
        if (graph->objects[i] != NULL) {
            decide(graph, i);
        }
    }
    for (size_t i = 0; i < graph->rescued_count; i++) {
        visit_held(graph->rescued[i], reach, graph);
        take_off_trash(graph, graph->rescued[i]);
    }
    graph->live += graph->rescued_count;
}

void
rt_gc_graph_read(struct rt_gc_graph *graph)
{
    graph->live = graph->trash_count = 0;
    graph->trash_facts = graph->live_facts = 0;
    graph->trash_refs = graph->trash_fields = 0;
    graph->rescued_count = 0;
    if (graph->count < LARGE) {
        count_references(graph, false);
        walk(graph, false);
    }
    else {
        count_references(graph, true);
        walk(graph, true);
    }
}

// --- the end of trash ------------------------------------------------------

static bool
is_trash(struct rt_object *object)
{
    return object != NULL && *rt_gc_side_of(object) == RT_GC_TRASH;
}

static bool
is_survivor(const struct rt_gc_graph *graph, struct rt_object *object)
{
    return object->ob_type->traverse != NULL &&
           rt_gc_head_of(object)->next - graph->first_number < graph->count;
}

/* Returns not 0 if the death of one that may die could be seen. */
static int
is_no_atom(struct rt_object *held, void *graph)
{
    const struct rt_type *type = held->ob_type;
    bool is_atom = type->traverse == NULL && type->finalize == NULL &&
                   type->weaklist_offset == 0;
    return !is_atom && !is_trash(held) && !is_survivor(graph, held);
}

bool
rt_gc_graph_is_plain(const struct rt_gc_graph *graph)
{
    if ((graph->trash_facts & (IS_COMPLEX | HOLDS_STRANGERS)) == 0) {
        return true;
    }
    void *data = (void *)(uintptr_t)graph;
    for (size_t i = 0; i < graph->count; i++) {
        struct rt_object *object = graph->objects[i];
        if (is_trash(object) &&
            ((graph->facts[i] & IS_COMPLEX) != 0 ||
             object->ob_type->traverse(object, is_no_atom, data) != 0)) {
            return false;
        }
    }
    return true;
}

/* What is trash, too, may be free already. The others have other holders, or
 * are atoms. */
static inline int
give_back(struct rt_object *held, void *unused)
{
    (void)unused;
    if (!is_trash(held)) {
        rt_decref(held);
    }
    return 0;
}

/* It leaves a hole in its row, and a stranger's byte. */
static INLINE void
leave(const struct rt_gc_graph *graph, size_t place)
{
    *rt_gc_side_of(graph->objects[place]) = RT_GC_STRANGER;
    graph->objects[place] = NULL;
}

static void
sweep_each(const struct rt_gc_graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        if (i + FAR < graph->count) {
            fetch(graph->objects[i + FAR]);
            fetch_bytes_of_held(graph->objects[i + NEAR]);
        }
        struct rt_object *object = graph->objects[i];
        if (is_trash(object)) {
            visit_held(object, give_back, NULL);
            rt_gc_head_of(object)->next = 0;
            rt_gc_free(object);
        }
    }
    for (size_t i = 0; i < graph->count; i++) {
        if (is_trash(graph->objects[i])) {
            leave(graph, i);
        }
    }
}

/* All references to trash come from trash. If it holds just as many, it holds
 * nothing else, and need not be looked at any more. */
static bool
holds_only_itself(const struct rt_gc_graph *graph)
{
    return (graph->trash_facts & HOLDS_STRANGERS) == 0 &&
           graph->trash_fields == graph->trash_refs;
}

static void
sweep_unseen(const struct rt_gc_graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        if (is_trash(graph->objects[i])) {
            rt_heap_batch_announce(rt_gc_head_of(graph->objects[i]));
        }
    }
    for (size_t i = 0; i < graph->count; i++) {
        if (is_trash(graph->objects[i])) {
            rt_gc_count_release(rt_gc_state());
            rt_gc_rows_release();
            rt_heap_batch_free(rt_gc_head_of(graph->objects[i]));
            leave(graph, i);
        }
    }
    rt_heap_batch_end();
}

void
rt_gc_graph_sweep(const struct rt_gc_graph *graph)
{
    if (graph->trash_count == 0) {
        return;
    }
    if (holds_only_itself(graph) && rt_alloc_is_heap()) {
        sweep_unseen(graph);
    }
    else {
        sweep_each(graph);
    }
}
