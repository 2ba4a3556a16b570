#include "labs/runtime/fast/gc_graph.h"

#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/fast/gc_heads.h"
#include "labs/runtime/fast/gc_rows.h"
#include "labs/runtime/fast/gc_side.h"
#include "labs/runtime/fast/heap_batch.h"
#include "labs/runtime/gc_state.h"
#include "labs/runtime/list.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weakref.h"

enum {
    FAR = 32,  // how long before its turn an object is fetched
    NEAR = 16, // the same for a reference that is written down
    MOST_NOTES = 63,
    NOTE_SHIFT = 3, // objects are aligned to 8 bytes
    BYTE_SHIFT = 2  // each has a byte beside 32, see gc_side.h
};

/* What is in facts: how many references to the object there are and how many
 * of those that it holds are written down. Of whom there are more references
 * than there is room for is said to hold more, too, so that nobody trusts the
 * number. */
static const uint32_t IS_COMPLEX = UINT32_C(1) << 31; // not just memory
static const uint32_t HOLDS_MORE = UINT32_C(1) << 30; // than is written down
static const uint32_t IS_UNREAD = UINT32_C(1) << 28;  // nothing written down
static const uint32_t NOTE = UINT32_C(1) << 22; // one of them; below, refs
static const uint32_t REFS = NOTE - 1;

/* Left to itself, gcc takes a function that only fetches for one that does
 * nothing, and drops it. */
#define INLINE inline __attribute__((always_inline))
#define RARE __attribute__((noinline))

static INLINE size_t
notes_in(uint32_t facts)
{
    return facts / NOTE % (MOST_NOTES + 1);
}

// --- what objects hold, written down ---------------------------------------

/* A reference takes half of its room when it is written down as a distance
 * within a region (gc_side.h), and nearly all objects of a row are in one. */
static void
choose_region(struct rt_gc_graph *graph)
{
    uintptr_t region = 0;
    for (size_t i = graph->count; i > 0 && region == 0; i--) {
        region = (uintptr_t)graph->objects[i - 1] >> RT_GC_REGION_SHIFT;
    }
    graph->region = region << RT_GC_REGION_SHIFT;
    graph->bytes = rt_gc_maps[region];
}

/* The byte beside an object that is written down, and the object. */
static INLINE unsigned char *
byte_of(const struct rt_gc_graph *graph, uint32_t note)
{
    return graph->bytes + (note >> BYTE_SHIFT);
}

static INLINE struct rt_object *
object_of(const struct rt_gc_graph *graph, uint32_t note)
{
    return (struct rt_object *)(graph->region +
                                ((uintptr_t)note << NOTE_SHIFT));
}

/* Writes a reference down and returns where the next one goes. Whoever is
 * outside of the region is an atom, or its holder stays unread. */
static INLINE uint32_t *
note_reference(const struct rt_gc_graph *graph, struct rt_object *held,
               uint32_t *next, uint32_t *facts)
{
    uintptr_t distance = (uintptr_t)held - graph->region;
    if (distance >> RT_GC_REGION_SHIFT != 0) {
        *facts |= rt_gc_has_map(held) ? IS_UNREAD : HOLDS_MORE;
        return next;
    }
    *next = (uint32_t)(distance >> NOTE_SHIFT);
    return next + 1;
}

/* How many notes more there is room for. There are always some behind, so that
 * nobody need ask whether there is anything to be fetched ahead. */
static INLINE size_t
room_behind(const struct rt_gc_graph *graph, const uint32_t *next)
{
    return (size_t)(graph->notes + graph->notes_room - NEAR - next);
}

struct notes {
    const struct rt_gc_graph *graph;
    uint32_t *next, *end;
    uint32_t facts;
};

static int
note_if_there_is_room(struct rt_object *held, void *data)
{
    struct notes *notes = data;
    if (notes->next == notes->end) {
        notes->facts |= IS_UNREAD;
        return 1;
    }
    notes->next =
        note_reference(notes->graph, held, notes->next, &notes->facts);
    return 0;
}

/* Only traverse knows what this one holds. */
static RARE uint32_t *
note_traversed(const struct rt_gc_graph *graph, struct rt_object *object,
               uint32_t *next, uint32_t *facts)
{
    size_t room = room_behind(graph, next);
    room = room < MOST_NOTES ? room : MOST_NOTES;
    struct notes notes = {.graph = graph, .next = next, .end = next + room};
    object->ob_type->traverse(object, note_if_there_is_room, &notes);
    *facts |= notes.facts;
    return notes.next;
}

/* What is the same for all objects of a type. */
struct layout {
    const struct rt_type *type;
    bool is_list;
    size_t fields_offset, field_count; // 0: traverse must be called
    size_t weaklist_offset;
    uint32_t facts;
};

static RARE struct layout
layout_of(const struct rt_object *object)
{
    const struct rt_type *type = object->ob_type;
    bool is_complex =
        type->field_count == 0 || type->finalize != NULL || type->del != NULL;
    bool may_hold_atoms = type == &rt_tuple_type || type == &rt_dict_type;
    return (struct layout){
        .type = type,
        .is_list = rt_list_check(object),
        .fields_offset = type->fields_offset,
        .field_count = type->field_count <= MOST_NOTES ? type->field_count : 0,
        .weaklist_offset = type->weaklist_offset,
        .facts = (is_complex ? IS_COMPLEX : 0) |
                 (may_hold_atoms ? RT_GC_MAY_HOLD_ATOMS : 0)};
}

static INLINE bool
has_weakrefs(struct rt_object *object, const struct layout *layout)
{
    return layout->weaklist_offset != 0 &&
           *(void **)((char *)object + layout->weaklist_offset) != NULL;
}

static INLINE uint32_t *
note_fields(const struct rt_gc_graph *graph, struct rt_object *object,
            const struct layout *layout, uint32_t *next, uint32_t *facts)
{
    struct rt_object **fields =
        (struct rt_object **)((char *)object + layout->fields_offset);
    for (size_t i = 0; i < layout->field_count; i++) {
        if (fields[i] != NULL) {
            next = note_reference(graph, fields[i], next, facts);
        }
    }
    return next;
}

/* As list_traverse() goes, from the end. */
static INLINE uint32_t *
note_items(const struct rt_gc_graph *graph, const struct rt_list *list,
           uint32_t *next, uint32_t *facts)
{
    if (list->size > MOST_NOTES) {
        *facts |= IS_UNREAD;
        return next;
    }
    for (size_t i = list->size; i-- > 0;) {
        if (list->items[i] != NULL) {
            next = note_reference(graph, list->items[i], next, facts);
        }
    }
    return next;
}

/* Reads an object and returns where the next note goes. */
static INLINE uint32_t *
read_object(const struct rt_gc_graph *graph, struct rt_object *object,
            const struct layout *layout, uint32_t *next, uint32_t *place)
{
    uint32_t *first = next;
    uint32_t facts = layout->facts;
    facts |= object->ob_refcnt < REFS ? (uint32_t)object->ob_refcnt
                                      : REFS | HOLDS_MORE;
    if (has_weakrefs(object, layout)) {
        facts |= IS_COMPLEX;
    }
    bool has_room = room_behind(graph, next) >= MOST_NOTES;
    if (layout->field_count != 0 && has_room) {
        next = note_fields(graph, object, layout, next, &facts);
    }
    else if (layout->is_list && has_room) {
        next = note_items(graph, (struct rt_list *)object, next, &facts);
    }
    else {
        next = note_traversed(graph, object, next, &facts);
    }
    if ((facts & IS_UNREAD) != 0) {
        *place = facts | HOLDS_MORE;
        return first;
    }
    *place = facts + NOTE * (uint32_t)(next - first);
    return next;
}

/* Reads all objects of the row and returns the end of the notes. Each is
 * fetched ahead, and its byte says from now on that it is one of them. Those
 * that stay unread are listed where later the rescued are. */
static uint32_t *
read_row(const struct rt_gc_graph *graph, size_t *unread_count)
{
    static const struct rt_type no_type;
    const struct rt_gc_graph here = *graph;
    struct layout layout = {.type = &no_type};
    uint32_t *next = here.notes;
    size_t unread = 0;
    for (size_t i = 0; i < here.count; i++) {
        if (i + FAR < here.count) {
            __builtin_prefetch(here.objects[i + FAR]);
        }
        struct rt_object *object = here.objects[i];
        if (object == NULL) {
            here.facts[i] = 0;
            continue;
        }
        *rt_gc_side_of(object) = RT_GC_NONE;
        if (object->ob_type != layout.type) {
            layout = layout_of(object);
        }
        next = read_object(&here, object, &layout, next, &here.facts[i]);
        if ((here.facts[i] & IS_UNREAD) != 0) {
            here.rescued[unread++] = object;
        }
    }
    *unread_count = unread;
    return next;
}

/* What traverse does, but put into the place where it is called, and visit
 * into that, if it is known where the references are. */
static INLINE void
visit_held(struct rt_object *object,
           int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct rt_type *type = object->ob_type;
    struct rt_object **fields =
        (struct rt_object **)((char *)object + type->fields_offset);
    for (size_t i = 0; i < type->field_count; i++) {
        if (fields[i] != NULL) {
            visit(fields[i], data);
        }
    }
    if (rt_list_check(object)) {
        const struct rt_list *list = (struct rt_list *)object;
        for (size_t i = list->size; i-- > 0;) {
            if (list->items[i] != NULL) {
                visit(list->items[i], data);
            }
        }
    }
    else if (type->field_count == 0) {
        type->traverse(object, visit, data);
    }
}

// --- references from within the row ----------------------------------------

/* Who is held by very many is counted in a head, that of its place. */
static RARE void
count_one_of_many(struct rt_object *held, unsigned char *side)
{
    struct rt_gc_head *head = rt_gc_heads_at(rt_gc_number_of(held));
    if (*side == RT_GC_MOST) {
        *side = RT_GC_MANY;
        rt_gc_set_refs(head, RT_GC_MOST - RT_GC_NONE);
    }
    rt_gc_set_refs(head, rt_gc_refs(head) + 1);
}

static INLINE void
count_one(struct rt_object *held, unsigned char *side)
{
    if (*side - (unsigned)RT_GC_NONE < RT_GC_MOST - RT_GC_NONE) {
        ++*side;
    }
    else if (*side != RT_GC_STRANGER) {
        count_one_of_many(held, side);
    }
}

static int
count_reference(struct rt_object *held, void *unused)
{
    (void)unused;
    count_one(held, rt_gc_side_of(held));
    return 0;
}

static void
count_references(const struct rt_gc_graph *graph)
{
    const struct rt_gc_graph here = *graph;
    size_t unread_count;
    const uint32_t *end = read_row(graph, &unread_count);
    for (const uint32_t *note = here.notes; note < end; note++) {
        __builtin_prefetch(byte_of(&here, note[NEAR]), 1);
        count_one(object_of(&here, *note), byte_of(&here, *note));
    }
    for (size_t i = 0; i < unread_count; i++) {
        visit_held(here.rescued[i], count_reference, NULL);
    }
}

// --- who is trash ----------------------------------------------------------

static RARE void
rescue(struct rt_gc_graph *graph, struct rt_object *held)
{
    graph->rescued[graph->rescued_count++] = held;
}

/* All that a living one holds is alive: the walk will come to it, or has been
 * there. */
static INLINE void
reach_one(struct rt_gc_graph *graph, struct rt_object *held,
          unsigned char *side)
{
    unsigned said = *side;
    *side = (unsigned char)rt_gc_side_reached(said);
    if (said == RT_GC_TRASH) {
        rescue(graph, held); // taken for trash too early
    }
}

static int
reach(struct rt_object *held, void *graph)
{
    unsigned char *side = rt_gc_side_of(held);
    if (*side != RT_GC_STRANGER) { // else it may be out of bounds
        reach_one(graph, held, side);
    }
    return 0;
}

/* How many references come from the row, at most as many as there are: else
 * somebody has released one too many (gc_decref). */
static RARE bool
is_held_by_row_only_of_many(struct rt_object *object)
{
    int64_t refs = rt_gc_refs(rt_gc_heads_at(rt_gc_number_of(object)));
    RT_OBJECT_ASSERT(object, refs <= object->ob_refcnt,
                     "refcount is too small");
    return refs == object->ob_refcnt;
}

/* Whether all references to the object come from the row. */
static INLINE bool
is_held_by_row_only(struct rt_object *object, unsigned side, uint32_t facts)
{
    unsigned count = side & ~(unsigned)RT_GC_REACHED;
    if (count == RT_GC_MANY) {
        return is_held_by_row_only_of_many(object);
    }
    unsigned refs = count - RT_GC_NONE;
    RT_OBJECT_ASSERT(object, refs <= (facts & REFS), "refcount is too small");
    return refs == (facts & REFS);
}

/* What the walk has found so far. */
struct found {
    size_t live, trash_count;
    uint64_t trash_refs, trash_notes;
    uint32_t trash_facts, live_facts;
};

static INLINE void
add_trash(struct found *found, uint32_t facts)
{
    found->trash_count++;
    found->trash_facts |= facts;
    found->trash_refs += facts & REFS;
    found->trash_notes += notes_in(facts);
}

/* The walk along the row. Between the notes of a living one and their turn
 * there is time to fetch the bytes that they lead to. */
static INLINE struct found
walk(struct rt_gc_graph *graph)
{
    struct found found = {0};
    const uint32_t *note = graph->notes;
    const struct rt_gc_graph here = *graph;
    for (size_t i = 0; i < here.count; i++) {
        uint32_t facts = here.facts[i];
        if (facts == 0) {
            continue; // a hole
        }
        struct rt_object *object = here.objects[i];
        unsigned char *side = rt_gc_side_of(object);
        const uint32_t *end = note + notes_in(facts);
        bool is_trash = is_held_by_row_only(object, *side, facts);
        if (is_trash && (*side & RT_GC_REACHED) == 0) {
            *side = RT_GC_TRASH;
            add_trash(&found, facts);
            note = end;
            continue;
        }
        *side = RT_GC_STRANGER; // done with: from now on nobody asks
        found.live_facts |= facts;
        found.live++;
        for (; note < end; note++) {
            __builtin_prefetch(byte_of(&here, note[NEAR]), 1);
            reach_one(graph, object_of(&here, *note), byte_of(&here, *note));
        }
        if ((facts & IS_UNREAD) != 0) {
            visit_held(object, reach, graph);
        }
    }
    return found;
}

/* Behind the end of the walk: whoever was taken for trash too early, and all
 * that they hold (move_unreachable). */
static void
walk_the_rescued(struct rt_gc_graph *graph)
{
    for (size_t i = 0; i < graph->rescued_count; i++) {
        struct rt_object *object = graph->rescued[i];
        visit_held(object, reach, graph);
        size_t place = rt_gc_number_of(object) - graph->first;
        graph->trash_count--;
        graph->trash_refs -= graph->facts[place] & REFS;
        graph->trash_notes -= notes_in(graph->facts[place]);
    }
    graph->live += graph->rescued_count;
}

void
rt_gc_graph_read(struct rt_gc_graph *graph)
{
    graph->rescued_count = 0;
    choose_region(graph);
    count_references(graph);
    struct found found = walk(graph);
    graph->live = found.live;
    graph->live_facts = found.live_facts;
    graph->trash_count = found.trash_count;
    graph->trash_facts = found.trash_facts;
    graph->trash_refs = found.trash_refs;
    graph->trash_notes = found.trash_notes;
    walk_the_rescued(graph);
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
           rt_gc_is(object, RT_GC_IN_ROW) &&
           rt_gc_number_of(object) - graph->first < graph->count;
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

/* All references to trash come from trash. If it holds just as many, it holds
 * nothing else, and need not be looked at any more. */
static bool
holds_only_itself(const struct rt_gc_graph *graph)
{
    return (graph->trash_facts & HOLDS_MORE) == 0 &&
           graph->trash_notes == graph->trash_refs;
}

bool
rt_gc_graph_is_plain(const struct rt_gc_graph *graph)
{
    if ((graph->trash_facts & IS_COMPLEX) == 0 && holds_only_itself(graph)) {
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
            __builtin_prefetch(graph->objects[i + FAR]);
        }
        struct rt_object *object = graph->objects[i];
        if (is_trash(object)) {
            visit_held(object, give_back, NULL);
            rt_gc_put(object, 0, 0);
            rt_gc_free(object);
        }
    }
    for (size_t i = 0; i < graph->count; i++) {
        if (is_trash(graph->objects[i])) {
            leave(graph, i);
        }
    }
}

static void
sweep_unseen(const struct rt_gc_graph *graph)
{
    void **blocks = (void **)(graph->rescued + graph->rescued_count);
    size_t count = 0;
    for (size_t i = 0; i < graph->count; i++) {
        struct rt_object *object = graph->objects[i];
        if (is_trash(object)) {
            leave(graph, i);
            blocks[count++] = rt_gc_block_of(object);
        }
    }
    rt_heap_batch_free(blocks, count);
    rt_gc_rows_release_many(count);
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
