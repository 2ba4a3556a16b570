/* Which containers there are: made, tracked, in which generation.
 *
 * Each container is a block with a head of the collector's in front of the
 * object's own, and the tracked ones are linked by their heads, a list for
 * each generation. The first steps of a collection are a matter of these
 * lists; the others do not ask how it is done. */
#include <assert.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/compat.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc_state.h"

// --- heads -----------------------------------------------------------------

struct rt_gc_head *
rt_gc_head_of(struct rt_object *object)
{
    return (struct rt_gc_head *)object - 1;
}

struct rt_object *
rt_gc_object_of(struct rt_gc_head *head)
{
    return (struct rt_object *)(head + 1);
}

void *
rt_gc_block_of(struct rt_object *object)
{
    return rt_gc_head_of(object);
}

bool
rt_gc_is_finalized(struct rt_object *object)
{
    return rt_type_is_gc(object->ob_type) &&
           rt_gc_has(rt_gc_head_of(object), RT_GC_FINALIZED);
}

void
rt_gc_set_finalized(struct rt_object *object)
{
    rt_gc_head_of(object)->prev |= RT_GC_FINALIZED;
}

void
rt_gc_set_link(struct rt_object *object, struct rt_object *other)
{
    assert(!rt_gc_is_tracked(object));
    rt_gc_set_prev(rt_gc_head_of(object),
                   other != NULL ? rt_gc_head_of(other) : NULL);
}

struct rt_object *
rt_gc_take_link(struct rt_object *object)
{
    struct rt_gc_head *head = rt_gc_head_of(object);
    struct rt_gc_head *other = rt_gc_prev(head);
    head->prev &= RT_GC_FINALIZED;
    return other != NULL ? rt_gc_object_of(other) : NULL;
}

void
rt_gc_enlist(struct rt_object *object, struct rt_gc_head *list)
{
    rt_gc_untrack(object);
    rt_gc_list_append(list, rt_gc_head_of(object));
}

// --- a container's life ----------------------------------------------------

struct rt_object *
rt_gc_new(const struct rt_type *type, size_t extra)
{
    struct rt_gc_head *head =
        rt_alloc(sizeof(*head) + type->basicsize + extra);
    if (head == NULL) {
        return rt_error_no_memory();
    }
    *head = (struct rt_gc_head){0};
    rt_gc_allocated();
    rt_object_init(rt_gc_object_of(head), type);
    return rt_gc_object_of(head);
}

void
rt_gc_free(struct rt_object *object)
{
    assert(!rt_gc_is_tracked(object));
    rt_gc_released();
    rt_free(rt_gc_head_of(object));
}

struct rt_object *
rt_gc_new_tracked(const struct rt_type *type)
{
    struct rt_object *object = rt_gc_new(type, 0);
    if (object != NULL) {
        memset(object + 1, 0, type->basicsize - sizeof(*object));
        rt_gc_track_quietly(object);
    }
    return object;
}

void
rt_gc_untrack_and_free(struct rt_object *object)
{
    rt_gc_untrack(object);
    rt_gc_free(object);
}

void
rt_gc_track_quietly(struct rt_object *object)
{
    assert(!rt_gc_is_tracked(object));
    rt_gc_list_append(&rt_gc_state()->generations[0].list,
                      rt_gc_head_of(object));
}

void
rt_gc_track(struct rt_object *object)
{
    rt_gc_track_quietly(object);
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

// --- the first steps of a collection ---------------------------------------

struct rt_gc_head *
rt_gc_find_trash(int generation, struct rt_gc_head *unreachable,
                 int64_t *swept)
{
    struct rt_gc_state *gc = rt_gc_state();
    struct rt_gc_head *young = rt_gc_begin(gc, generation);
    struct rt_gc_head *older = rt_gc_older(gc, generation);
    rt_gc_deduce_unreachable(young, unreachable);
    rt_gc_untrack_tuples(young);
    if (young == older) {
        rt_gc_untrack_dicts(young);
    }
    rt_gc_promote(gc, generation);
    *swept = 0; // all trash has a say
    return older;
}

void
rt_gc_take_back(struct rt_gc_head *older, int generation)
{
    (void)older; // it is the list of the generation itself
    (void)generation;
}

// --- what there is ---------------------------------------------------------

size_t
rt_gc_size(int generation)
{
    const struct rt_gc_state *gc = rt_gc_state();
    return rt_gc_list_size(generation == RT_GC_PERMANENT
                               ? &gc->permanent
                               : &gc->generations[generation].list);
}

void
rt_gc_each_object(int generation,
                  void (*visit)(struct rt_object *object, void *data),
                  void *data)
{
    int first = generation < 0 ? 0 : generation;
    int last = generation < 0 ? RT_GC_GENERATIONS - 1 : generation;
    for (int i = first; i <= last; i++) {
        const struct rt_gc_head *list = &rt_gc_state()->generations[i].list;
        for (struct rt_gc_head *head = rt_gc_next(list); head != list;
             head = rt_gc_next(head)) {
            visit(rt_gc_object_of(head), data);
        }
    }
}

void
rt_gc_freeze(void)
{
    struct rt_gc_state *gc = rt_gc_state();
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        rt_gc_list_merge(&gc->generations[i].list, &gc->permanent);
        gc->generations[i].count = 0;
    }
}

void
rt_gc_unfreeze(void)
{
    struct rt_gc_state *gc = rt_gc_state();
    rt_gc_list_merge(&gc->permanent,
                     &gc->generations[RT_GC_GENERATIONS - 1].list);
}

const char *
rt_gc_check(void)
{
    assert(!rt_gc_state()->collecting);
    return rt_gc_check_state(rt_gc_state());
}
