/* Last words in a cycle, and who came back by them (PEP 442).
 *
 * Counting calls a finalizer when nobody holds the object any more. In a piece
 * of trash everybody is still held by somebody, so the finalizers of all are
 * called while all are whole; none finds a neighbour that is half gone. Any of
 * them may store a reference where somebody alive finds it. Then that object
 * lives, and all that it holds; so the question of who is unreachable is asked
 * once more. An object is finalized once in its life. */
#include "labs/runtime/finalize.h"
#include "labs/runtime/gc_state.h"

bool
rt_gc_finalize(struct rt_gc_head *unreachable)
{
    // A finalizer may free others of the list, so none of them is held on to:
    // the first one is taken until there is none.
    struct rt_gc_head seen;
    bool called = false;
    rt_gc_list_init(&seen);
    while (!rt_gc_list_is_empty(unreachable)) {
        struct rt_gc_head *head = rt_gc_next(unreachable);
        struct rt_object *object = rt_gc_object_of(head);
        rt_gc_list_move(head, &seen);
        if (object->ob_type->finalize != NULL && !rt_gc_is_finalized(object)) {
            called = true;
            rt_gc_set_finalized(object);
            rt_incref(object);
            rt_run_finalizer(object);
            rt_decref(object);
        }
    }
    rt_gc_list_merge(&seen, unreachable);
    return called;
}

void
rt_gc_rescue(struct rt_gc_head *unreachable,
             struct rt_gc_head *still_unreachable, struct rt_gc_head *older)
{
    for (struct rt_gc_head *head = rt_gc_next(unreachable);
         head != unreachable; head = rt_gc_next(head)) {
        head->prev &= ~(uintptr_t)RT_GC_COLLECTING;
    }
    rt_gc_deduce_unreachable(unreachable, still_unreachable);
    rt_gc_list_merge(unreachable, older);
}
