/* One collection from beginning to end (gc_collect_main):
 *
 *   1. join the younger generations to the one that is collected
 *   2. part what only holds each other from what is reachable
 *   3. the reachable grow older
 *   4. clear the weak references to trash, run the callbacks of those that are
 *      no trash themselves
 *   5. call the finalizers; whoever came back by them lives on
 *   6. clear what is left: emptied, the objects die by counting
 *
 * Steps 4 to 6 run code of all kinds, which may make, release and even track
 * objects. Lists are therefore never walked while they run: the first member
 * is taken until there is none. A collection inside of a collection does
 * nothing. */
#include "labs/runtime/gc.h"

#include <assert.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc_state.h"
#include "labs/runtime/weakref.h"

enum {
    MOST_CALLBACKS = 8
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
            rt_gc_list_init(&gc.generations[i].list);
            gc.generations[i].threshold = THRESHOLDS[i];
        }
        rt_gc_list_init(&gc.permanent);
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

struct rt_object *
rt_gc_new(const struct rt_type *type, size_t extra)
{
    struct rt_gc_state *now = state();
    struct rt_gc_head *head =
        rt_alloc(sizeof(*head) + type->basicsize + extra);
    if (head == NULL) {
        return rt_error_no_memory();
    }
    *head = (struct rt_gc_head){0};
    rt_gc_count_allocation(now);
    if (rt_gc_is_crowded(now) && now->enabled && !now->collecting &&
        rt_error_occurred() == RT_ERROR_NONE) {
        now->pending = true;
    }
    if ((now->debug & RT_GC_STRESS) != 0 && now->enabled) {
        rt_gc_collect(RT_GC_GENERATIONS - 1);
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
    rt_free(rt_gc_head_of(object));
}

void
rt_gc_track(struct rt_object *object)
{
    struct rt_gc_head *head = rt_gc_head_of(object);
    assert(!rt_gc_is_tracked(object));
    rt_gc_list_append(&state()->generations[0].list, head);
    if (object->ob_refcnt > 0) { // else it is dying: no safe point
        rt_gc_poll();
    }
}

void
rt_gc_untrack(struct rt_object *object)
{
    struct rt_gc_head *head = rt_gc_head_of(object);
    if (head->next != 0) {
        rt_gc_list_remove(head);
        head->prev &= RT_GC_FINALIZED;
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

// --- weak references to trash ----------------------------------------------

/* Clears what refers to the object; those with a callback to call go to
 * pending, which owns a reference to each. A weak reference that is trash
 * itself has no say any more: its callback could show trash to the living. */
static void
clear_references_to(struct rt_object *object, struct rt_gc_head *pending)
{
    struct rt_weakref *reference = NULL;
    while ((reference = rt_weakref_first(object)) != NULL) {
        struct rt_gc_head *head = rt_gc_head_of(&reference->head);
        rt_weakref_clear(reference);
        if (reference->callback != NULL &&
            !rt_gc_has(head, RT_GC_COLLECTING)) {
            rt_incref(&reference->head);
            rt_gc_list_move(head, pending);
        }
    }
}

/* Step 4 (handle_weakrefs). Returns how many weak references died of it. */
static int64_t
handle_weakrefs(struct rt_gc_head *unreachable, struct rt_gc_head *older)
{
    struct rt_gc_head pending;
    int64_t freed = 0;
    rt_gc_list_init(&pending);
    for (struct rt_gc_head *head = rt_gc_next(unreachable);
         head != unreachable; head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        if (rt_weakref_check(object)) {
            rt_weakref_clear((struct rt_weakref *)object);
        }
        if (object->ob_type->weaklist_offset != 0) {
            clear_references_to(object, &pending);
        }
    }
    while (!rt_gc_list_is_empty(&pending)) {
        struct rt_gc_head *head = rt_gc_next(&pending);
        struct rt_object *reference = rt_gc_object_of(head);
        rt_weakref_call_back((struct rt_weakref *)reference);
        rt_decref(reference);
        if (rt_gc_next(&pending) == head) {
            rt_gc_list_move(head, older); // it lives on
        }
        else {
            freed++;
        }
    }
    return freed;
}

// --- the end ---------------------------------------------------------------

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

/* Step 6 (delete_garbage). Clearing one often frees others of the list; who is
 * there still afterwards is held by somebody for the time being. */
static void
delete_unreachable(struct rt_gc_head *unreachable, struct rt_gc_head *older)
{
    while (!rt_gc_list_is_empty(unreachable)) {
        struct rt_gc_head *head = rt_gc_next(unreachable);
        struct rt_object *object = rt_gc_object_of(head);
        if ((gc.debug & RT_GC_SAVE_ALL) != 0) {
            keep_as_garbage(object);
        }
        else if (object->ob_type->clear != NULL) {
            rt_incref(object);
            object->ob_type->clear(object);
            rt_decref(object);
        }
        if (rt_gc_next(unreachable) == head) {
            head->prev &= ~(uintptr_t)RT_GC_COLLECTING;
            rt_gc_list_move(head, older);
        }
    }
}

// --- a collection ----------------------------------------------------------

static int64_t
collect(int generation)
{
    struct rt_gc_head unreachable;
    struct rt_gc_head final;
    struct rt_gc_head *young = rt_gc_begin(&gc, generation);
    struct rt_gc_head *older = rt_gc_older(&gc, generation);
    rt_gc_deduce_unreachable(young, &unreachable);
    rt_gc_promote(&gc, generation);
    int64_t collected = handle_weakrefs(&unreachable, older);
    rt_gc_list_init(&final);
    if (rt_gc_finalize(&unreachable)) {
        rt_gc_rescue(&unreachable, &final, older);
    }
    else {
        rt_gc_list_merge(&unreachable, &final); // nobody could come back
    }
    collected += (int64_t)rt_gc_list_size(&final);
    delete_unreachable(&final, older);
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
    int last = generation < 0 ? RT_GC_GENERATIONS - 1 : generation;
    for (int i = first; i <= last; i++) {
        const struct rt_gc_head *list = &state()->generations[i].list;
        for (struct rt_gc_head *head = rt_gc_next(list); head != list;
             head = rt_gc_next(head)) {
            visit(rt_gc_object_of(head), data);
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

void
rt_gc_freeze(void)
{
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        rt_gc_list_merge(&state()->generations[i].list, &gc.permanent);
        gc.generations[i].count = 0;
    }
}

void
rt_gc_unfreeze(void)
{
    struct rt_gc_generation *oldest =
        &state()->generations[RT_GC_GENERATIONS - 1];
    rt_gc_list_merge(&gc.permanent, &oldest->list);
}

size_t
rt_gc_freeze_count(void)
{
    return rt_gc_list_size(&state()->permanent);
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
    return rt_gc_check_state(&gc);
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
