/* Last words of the old kind (tp_del).
 *
 * The finalizers of PEP 442 are called while all of a piece of trash is whole.
 * The slot before them, del, is called when the object's contents are about to
 * go, and it expects them to be in order. In a cycle there is no order in
 * which that is so for everybody. So the collector leaves whoever has such a
 * slot alone, and all that it holds: it is uncollectable, and goes to the list
 * of garbage for the program to take apart. */
#include <assert.h>

#include "labs/runtime/error.h"
#include "labs/runtime/finalize.h"
#include "labs/runtime/gc_state.h"

static bool
has_legacy_finalizer(const struct rt_object *object)
{
    return object->ob_type->del != NULL;
}

/* (visit_move) */
static int
move_held(struct rt_object *held, void *uncollectable)
{
    if (rt_type_is_gc(held->ob_type)) {
        struct rt_gc_head *head = rt_gc_head_of(held);
        if (rt_gc_has(head, RT_GC_COLLECTING)) {
            rt_gc_list_move(head, uncollectable);
            head->prev &= ~(uintptr_t)RT_GC_COLLECTING;
        }
    }
    return 0;
}

void
rt_gc_spare_legacy(struct rt_gc_head *unreachable,
                   struct rt_gc_head *uncollectable)
{
    struct rt_gc_head *next = NULL;
    rt_gc_list_init(uncollectable);
    for (struct rt_gc_head *head = rt_gc_next(unreachable);
         head != unreachable; head = next) {
        next = rt_gc_next(head);
        if (has_legacy_finalizer(rt_gc_object_of(head))) {
            move_held(rt_gc_object_of(head), uncollectable);
        }
    }
    // The list grows while it is walked.
    for (struct rt_gc_head *head = rt_gc_next(uncollectable);
         head != uncollectable; head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        object->ob_type->traverse(object, move_held, uncollectable);
    }
}

void
rt_gc_give_up(struct rt_gc_head *uncollectable, struct rt_gc_head *older,
              bool save_all)
{
    for (struct rt_gc_head *head = rt_gc_next(uncollectable);
         head != uncollectable; head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        if (save_all || has_legacy_finalizer(object)) {
            rt_gc_keep_as_garbage(object);
        }
    }
    rt_gc_list_merge(uncollectable, older);
}

int
rt_call_del_from_dealloc(struct rt_object *object)
{
    assert(object->ob_refcnt == 0);
    // As in rt_call_finalizer_from_dealloc().
    object->ob_refcnt = 1;
    struct rt_error_state pending = rt_error_fetch();
    object->ob_type->del(object);
    if (rt_error_occurred() != RT_ERROR_NONE) {
        rt_error_unraisable(object);
    }
    rt_error_restore(&pending);
    object->ob_refcnt--;
    return object->ob_refcnt == 0 ? 0 : -1;
}
