/* One collection from beginning to end, for speed.
 *
 * What gc.c does, in the same order and with the same outcome, but with rows
 * in the place of lists (gc_rows.h) and the graph in numbers (gc_graph.h).
 * gc.c is the one to read first; this one exists because in its design each
 * step of each pass waits for memory:
 *
 *   1. put the younger generations behind the one that is collected
 *   2. read the graph and find the trash in it
 *   3. the reachable grow older: a border moves
 *   4. trash that nobody could see dying is freed at once, in one sweep;
 *      other trash goes the long way of gc.c: weak references and their
 *      callbacks, finalizers, who came back, clearing */
#include "labs/runtime/gc.h"

#include <assert.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/error.h"
#include "labs/runtime/fast/gc_graph.h"
#include "labs/runtime/fast/gc_rows.h"
#include "labs/runtime/fast/gc_side.h"
#include "labs/runtime/finalize.h"
#include "labs/runtime/weakref.h"

enum {
    MOST_CALLBACKS = 8,
    OLDEST = RT_GC_GENERATIONS - 1
};

static struct rt_gc_state gc;
static bool is_ready;

static struct callback {
    void (*call)(const struct rt_gc_event *event, void *data);
    void *data;
} callbacks[MOST_CALLBACKS];
static size_t callback_count;

/* What is kept instead of freed. Our references. */
static struct rt_object **garbage;
static size_t garbage_count, garbage_room;

static struct rt_gc_state *
state(void)
{
    static const int THRESHOLDS[RT_GC_GENERATIONS] = {700, 10, 10};
    if (!is_ready) {
        for (int i = 0; i < RT_GC_GENERATIONS; i++) {
            gc.generations[i].threshold = THRESHOLDS[i];
        }
        gc.enabled = true;
        is_ready = true;
    }
    return &gc;
}

// --- a container's life ----------------------------------------------------

bool
rt_type_is_gc(const struct rt_type *type)
{
    return type->traverse != NULL;
}

/* Memory for a head and what is behind it, and a place in the books. */
static struct rt_gc_head *
container_new(size_t size)
{
    size += sizeof(struct rt_gc_head);
    if (size < RT_GC_LEAST_BYTES) {
        size = RT_GC_LEAST_BYTES;
    }
    if (!rt_gc_rows_reserve()) {
        return NULL;
    }
    struct rt_gc_head *head = rt_alloc(size);
    if (head != NULL && !rt_gc_side_reserve(rt_gc_object_of(head))) {
        rt_free(head);
        head = NULL;
    }
    if (head == NULL) {
        rt_gc_rows_release();
        return NULL;
    }
    *head = (struct rt_gc_head){0};
    return head;
}

struct rt_object *
rt_gc_new(const struct rt_type *type, size_t extra)
{
    struct rt_gc_state *now = state();
    struct rt_gc_head *head = container_new(type->basicsize + extra);
    if (head == NULL) {
        return rt_error_no_memory();
    }
    rt_gc_count_allocation(now);
    if (rt_gc_is_crowded(now) && now->enabled && !now->collecting &&
        rt_error_occurred() == RT_ERROR_NONE) {
        now->pending = true;
    }
    if ((now->debug & RT_GC_STRESS) != 0 && now->enabled) {
        rt_gc_collect(OLDEST);
    }
    if (rt_compat_minor() < 12) {
        rt_gc_poll();
    }
    rt_object_init(rt_gc_object_of(head), type);
    return rt_gc_object_of(head);
}

void
rt_gc_poll(void)
{
    if (!gc.pending) {
        return;
    }
    gc.pending = false;
    int generation = rt_gc_due(&gc);
    if (gc.enabled && generation >= 0) {
        rt_gc_collect(generation);
    }
}

void
rt_gc_free(struct rt_object *object)
{
    assert(!rt_gc_is_tracked(object));
    rt_gc_count_release(&gc);
    rt_gc_rows_release();
    rt_free(rt_gc_head_of(object));
}

void
rt_gc_track(struct rt_object *object)
{
    assert(!rt_gc_is_tracked(object));
    rt_gc_rows_add(object);
    if (object->ob_refcnt > 0) { // else it is dying: no safe point
        rt_gc_poll();
    }
}

void
rt_gc_untrack(struct rt_object *object)
{
    if (rt_gc_head_of(object)->next != 0) {
        rt_gc_rows_remove(object);
    }
}

bool
rt_gc_is_tracked(struct rt_object *object)
{
    return rt_type_is_gc(object->ob_type) && rt_gc_head_of(object)->next != 0;
}

bool
rt_gc_is_finalized(struct rt_object *object)
{
    return rt_type_is_gc(object->ob_type) &&
           rt_gc_has(rt_gc_head_of(object), RT_GC_FINALIZED);
}

static bool
is_trash(struct rt_object *object)
{
    return (rt_gc_head_of(object)->next & RT_GC_IN_TRASH) != 0;
}

/* A row that is to be asked for its trash. Who is rescued is written down from
 * the end of the room for trash. */
static struct rt_gc_graph
graph_of(struct rt_object **objects, size_t count, uintptr_t first_number)
{
    return (struct rt_gc_graph){.objects = objects,
                                .count = count,
                                .first_number = first_number,
                                .facts = rt_gc_rows.facts,
                                .rescued = rt_gc_rows.trash + rt_gc_rows.room};
}

// --- weak references to trash ----------------------------------------------

/* Clears what refers to the object; those with a callback to call go behind
 * the trash, each with a reference of ours. */
static void
clear_references_to(struct rt_object *object)
{
    struct rt_weakref *reference = NULL;
    while ((reference = rt_weakref_first(object)) != NULL) {
        rt_weakref_clear(reference);
        if (reference->callback != NULL && !is_trash(&reference->head)) {
            rt_incref(&reference->head);
            rt_gc_rows_throw_away(&reference->head);
        }
    }
}

/* Returns how many weak references died of it. */
static int64_t
handle_weakrefs(int older)
{
    int64_t freed = 0;
    size_t trash_end = rt_gc_rows.trash_count;
    for (size_t i = 0; i < trash_end; i++) {
        struct rt_object *object = rt_gc_rows.trash[i];
        if (rt_weakref_check(object)) {
            rt_weakref_clear((struct rt_weakref *)object);
        }
        if (object->ob_type->weaklist_offset != 0) {
            clear_references_to(object);
        }
    }
    for (size_t i = trash_end; i < rt_gc_rows.trash_count; i++) {
        struct rt_object *reference = rt_gc_rows.trash[i];
        rt_weakref_call_back((struct rt_weakref *)reference);
        rt_decref(reference);
        if (rt_gc_rows.trash[i] != NULL) {
            rt_gc_rows_move(reference, older); // it lives on
        }
        else {
            freed++;
        }
    }
    rt_gc_rows.trash_count = trash_end;
    return freed;
}

// --- the end ---------------------------------------------------------------

/* Calls the finalizer of each that has one and has not had it; whether there
 * were any. What a finalizer frees leaves a hole. */
static bool
finalize_trash(void)
{
    bool called = false;
    for (size_t i = 0; i < rt_gc_rows.trash_count; i++) {
        struct rt_object *object = rt_gc_rows.trash[i];
        if (object != NULL && object->ob_type->finalize != NULL &&
            !rt_gc_is_finalized(object)) {
            called = true;
            rt_incref(object);
            rt_call_finalizer(object);
            rt_decref(object);
        }
    }
    return called;
}

/* The byte beside an object as it was, and what it said. */
static unsigned
take_side(struct rt_object *object)
{
    unsigned char *side = rt_gc_side_of(object);
    unsigned said = *side;
    *side = RT_GC_STRANGER;
    return said;
}

/* Who is no trash any more after the finalizers moves to older, in the order
 * of the walk. */
static void
rescue(int older)
{
    struct rt_gc_graph graph =
        graph_of(rt_gc_rows.trash, rt_gc_rows.trash_count, RT_GC_IN_TRASH + 1);
    rt_gc_graph_read(&graph);
    for (size_t i = 0; i < graph.count; i++) {
        struct rt_object *object = graph.objects[i];
        if (object != NULL && take_side(object) == RT_GC_STRANGER) {
            rt_gc_rows_move(object, older);
        }
    }
    for (size_t i = 1; i <= graph.rescued_count; i++) {
        rt_gc_rows_move(*(graph.rescued - i), older);
    }
}

static int64_t
count_trash(void)
{
    int64_t count = 0;
    for (size_t i = 0; i < rt_gc_rows.trash_count; i++) {
        count += rt_gc_rows.trash[i] != NULL;
    }
    return count;
}

/* Without memory for the list the object is just not there. */
static void
keep_as_garbage(struct rt_object *object)
{
    if (garbage_count == garbage_room) {
        size_t room = garbage_room * 2 + 8;
        struct rt_object **more = rt_realloc(garbage, room * sizeof(*more));
        if (more == NULL) {
            return;
        }
        garbage = more;
        garbage_room = room;
    }
    garbage[garbage_count++] = rt_new_ref(object);
}

/* Clearing one often frees others; who is there still afterwards is held by
 * somebody for the time being. */
static void
delete_trash(int older)
{
    for (size_t i = 0; i < rt_gc_rows.trash_count; i++) {
        struct rt_object *object = rt_gc_rows.trash[i];
        if (object == NULL) {
            continue;
        }
        if ((gc.debug & RT_GC_SAVE_ALL) != 0) {
            keep_as_garbage(object);
        }
        else if (object->ob_type->clear != NULL) {
            rt_incref(object);
            object->ob_type->clear(object);
            rt_decref(object);
        }
        if (rt_gc_rows.trash[i] != NULL) {
            rt_gc_rows_move(object, older);
        }
    }
    rt_gc_rows.trash_count = 0;
}

// --- a collection ----------------------------------------------------------

/* Joins the younger generations to the end of this one, the youngest first,
 * and sets the counters. */
static void
begin(int generation)
{
    if (generation < OLDEST) {
        gc.generations[generation + 1].count++;
    }
    for (int i = 0; i <= generation; i++) {
        gc.generations[i].count = 0;
    }
    if (generation == OLDEST) {
        rt_gc_rows_rotate(rt_gc_rows.first[1], rt_gc_rows.first[0],
                          rt_gc_rows.end);
    }
    for (int i = 0; i < generation; i++) {
        rt_gc_rows.first[i] = rt_gc_rows.end;
    }
}

/* The survivors grow older: the border moves. */
static void
promote(int generation, size_t survivors)
{
    int older = generation < OLDEST ? generation + 1 : OLDEST;
    if (generation == OLDEST) {
        gc.long_lived_pending = 0;
        gc.long_lived_total = (int64_t)survivors;
    }
    if (generation == OLDEST - 1) {
        gc.long_lived_pending += (int64_t)survivors;
    }
    for (int i = 0; i < older; i++) {
        rt_gc_rows.first[i] = rt_gc_rows.end;
    }
}

/* Takes trash out of its row: into the row of trash, unless it is gone
 * already. */
static void
take_out(const struct rt_gc_graph *graph, bool is_gone)
{
    for (size_t i = 0; i < graph->count; i++) {
        struct rt_object *object = graph->objects[i];
        if (object != NULL && take_side(object) == RT_GC_TRASH) {
            if (is_gone) {
                graph->objects[i] = NULL;
            }
            else {
                rt_gc_rows_throw_away(object);
            }
        }
    }
}

/* Those who were rescued go behind all others. */
static void
move_rescued(const struct rt_gc_graph *graph)
{
    for (size_t i = 1; i <= graph->rescued_count; i++) {
        rt_gc_rows_remove(*(graph->rescued - i));
    }
    for (size_t i = 1; i <= graph->rescued_count; i++) {
        rt_gc_rows_add(*(graph->rescued - i));
    }
}

/* Steps 4 to 6 of gc.c. */
static int64_t
end_the_long_way(int older)
{
    int64_t collected = handle_weakrefs(older);
    if (finalize_trash()) {
        rescue(older);
    }
    collected += count_trash();
    delete_trash(older);
    return collected;
}

static int64_t
collect(int generation)
{
    begin(generation);
    size_t first = rt_gc_rows.first[generation];
    struct rt_gc_graph graph = graph_of(rt_gc_rows.objects + first,
                                        rt_gc_rows.end - first, first + 1);
    rt_gc_graph_read(&graph);
    bool is_plain =
        (gc.debug & RT_GC_SAVE_ALL) == 0 && rt_gc_graph_is_plain(&graph);
    int64_t collected = (int64_t)graph.trash_count;
    if (is_plain) {
        rt_gc_graph_sweep(&graph);
    }
    if (graph.trash_count > 0 || graph.rescued_count > 0) {
        take_out(&graph, is_plain);
    }
    move_rescued(&graph);
    rt_gc_rows_trim(first, graph.live);
    promote(generation, graph.live);
    if (!is_plain) {
        collected =
            end_the_long_way(generation < OLDEST ? generation + 1 : OLDEST);
    }
    return collected;
}

static void
tell(const struct rt_gc_event *event)
{
    for (size_t i = 0; i < callback_count; i++) {
        callbacks[i].call(event, callbacks[i].data);
    }
}

int64_t
rt_gc_collect(int generation)
{
    assert(generation >= 0 && generation < RT_GC_GENERATIONS);
    if (state()->collecting) {
        return 0;
    }
    gc.collecting = true;
    struct rt_error_state pending = rt_error_fetch();
    struct rt_gc_event event = {.generation = generation};
    tell(&event);
    event.collected = collect(generation);
    gc.stats[generation].collections++;
    gc.stats[generation].collected += event.collected;
    event.stop = true;
    tell(&event);
    rt_error_restore(&pending);
    gc.collecting = false;
    return event.collected;
}

// --- what people ask -------------------------------------------------------

void
rt_gc_enable(void)
{
    state()->enabled = true;
}

void
rt_gc_disable(void)
{
    state()->enabled = false;
}

bool
rt_gc_is_enabled(void)
{
    return state()->enabled;
}

void
rt_gc_set_threshold(int generation, int threshold)
{
    state()->generations[generation].threshold = threshold;
}

int
rt_gc_threshold(int generation)
{
    return state()->generations[generation].threshold;
}

int
rt_gc_count(int generation)
{
    return state()->generations[generation].count;
}

struct rt_gc_stats
rt_gc_stats(int generation)
{
    return gc.stats[generation];
}

void
rt_gc_each_object(int generation,
                  void (*visit)(struct rt_object *object, void *data),
                  void *data)
{
    int first = generation < 0 ? 0 : generation;
    int last = generation < 0 ? OLDEST : generation;
    for (int i = first; i <= last; i++) {
        for (size_t at = rt_gc_rows.first[i]; at < rt_gc_rows_end(i); at++) {
            if (rt_gc_rows.objects[at] != NULL) {
                visit(rt_gc_rows.objects[at], data);
            }
        }
    }
}

static int
is_same(struct rt_object *held, void *wanted)
{
    return held == wanted;
}

struct search {
    struct rt_object *wanted;
    void (*visit)(struct rt_object *holder, void *data);
    void *data;
};

static void
look_into(struct rt_object *object, void *data)
{
    const struct search *search = data;
    if (object->ob_type->traverse(object, is_same, search->wanted) != 0) {
        search->visit(object, search->data);
    }
}

void
rt_gc_each_referrer(struct rt_object *object,
                    void (*visit)(struct rt_object *holder, void *data),
                    void *data)
{
    struct search search = {.wanted = object, .visit = visit, .data = data};
    rt_gc_each_object(-1, look_into, &search);
}

/* The frozen are in front of the old, so this too is the move of a border. */
void
rt_gc_freeze(void)
{
    rt_gc_rows_rotate(rt_gc_rows.first[2], rt_gc_rows.first[1],
                      rt_gc_rows.end); // old behind the others
    size_t middle = rt_gc_rows.first[0] - rt_gc_rows.first[1];
    rt_gc_rows_rotate(rt_gc_rows.first[2], rt_gc_rows.first[2] + middle,
                      rt_gc_rows.first[2] + rt_gc_rows.end -
                          rt_gc_rows.first[1]);
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        rt_gc_rows.first[i] = rt_gc_rows.end;
        state()->generations[i].count = 0;
    }
}

void
rt_gc_unfreeze(void)
{
    rt_gc_rows_rotate(0, rt_gc_rows.first[OLDEST], rt_gc_rows.first[1]);
    rt_gc_rows.first[OLDEST] = 0;
}

size_t
rt_gc_freeze_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < rt_gc_rows.first[OLDEST]; i++) {
        count += rt_gc_rows.objects[i] != NULL;
    }
    return count;
}

void
rt_gc_set_debug(unsigned flags)
{
    state()->debug = flags;
}

unsigned
rt_gc_debug(void)
{
    return gc.debug;
}

const char *
rt_gc_check(void)
{
    assert(!state()->collecting);
    return rt_gc_rows_check();
}

size_t
rt_gc_garbage_count(void)
{
    return garbage_count;
}

struct rt_object *
rt_gc_garbage_at(size_t index)
{
    assert(index < garbage_count);
    return garbage[index];
}

void
rt_gc_clear_garbage(void)
{
    // A list that is cleared: it is empty first, then releases from the end.
    struct rt_object **kept = garbage;
    size_t count = garbage_count;
    garbage = NULL;
    garbage_count = garbage_room = 0;
    while (count > 0) {
        rt_decref(kept[--count]);
    }
    rt_free(kept);
}

int
rt_gc_add_callback(void (*callback)(const struct rt_gc_event *event,
                                    void *data),
                   void *data)
{
    if (callback_count == MOST_CALLBACKS) {
        return rt_error_set(RT_ERROR_RUNTIME, "more than %d callbacks",
                            MOST_CALLBACKS);
    }
    callbacks[callback_count++] =
        (struct callback){.call = callback, .data = data};
    return 0;
}

void
rt_gc_clear_callbacks(void)
{
    callback_count = 0;
}
