/* Weak references to trash.
 *
 * Nobody may get hold of trash by one of them once it is being taken apart, so
 * all of them are cleared. Those that have a callback and are no trash
 * themselves are told, when all are cleared. A weak reference that is trash
 * has no say any more: its callback could show trash to the living.
 *
 * Up to 3.14 all that comes before the finalizers. From 3.15 on only what has
 * a callback is cleared then, and the rest after the finalizers, of those who
 * did not come back: finalizers still find their objects by weak references
 * (CPython issue 135552). */
#include "labs/runtime/compat.h"
#include "labs/runtime/gc_state.h"
#include "labs/runtime/weakref.h"

static bool
finalizers_come_first(void)
{
    return rt_compat_minor() >= 15;
}

/* Clears what refers to the object; those with a callback to call go to
 * pending, which owns a reference to each. */
static void
clear_references_to(struct rt_object *object, struct rt_gc_head *pending)
{
    struct rt_weakref *next = NULL;
    for (struct rt_weakref *reference = rt_weakref_first(object);
         reference != NULL; reference = next) {
        next = reference->next;
        if (reference->callback == NULL && finalizers_come_first()) {
            continue;
        }
        rt_weakref_clear(reference);
        if (reference->callback != NULL &&
            !rt_gc_has(rt_gc_head_of(&reference->head), RT_GC_COLLECTING)) {
            rt_incref(&reference->head);
            rt_gc_enlist(&reference->head, pending);
        }
    }
}

static int64_t
call_back(struct rt_gc_head *pending, struct rt_gc_head *older)
{
    int64_t freed = 0;
    while (!rt_gc_list_is_empty(pending)) {
        struct rt_gc_head *head = rt_gc_next(pending);
        struct rt_object *reference = rt_gc_object_of(head);
        rt_weakref_call_back((struct rt_weakref *)reference);
        rt_decref(reference);
        if (rt_gc_next(pending) == head) {
            rt_gc_list_move(head, older); // it lives on
        }
        else {
            freed++;
        }
    }
    return freed;
}

int64_t
rt_gc_handle_weakrefs(struct rt_gc_head *unreachable, struct rt_gc_head *older)
{
    struct rt_gc_head pending;
    rt_gc_list_init(&pending);
    for (struct rt_gc_head *head = rt_gc_next(unreachable);
         head != unreachable; head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        if (rt_weakref_check(object) && !finalizers_come_first()) {
            rt_weakref_clear((struct rt_weakref *)object);
        }
        if (object->ob_type->weaklist_offset != 0) {
            clear_references_to(object, &pending);
        }
    }
    return call_back(&pending, older);
}

void
rt_gc_clear_weakrefs(struct rt_gc_head *unreachable)
{
    if (!finalizers_come_first()) {
        return;
    }
    for (struct rt_gc_head *head = rt_gc_next(unreachable);
         head != unreachable; head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        if (rt_weakref_check(object)) {
            rt_weakref_clear((struct rt_weakref *)object);
        }
        struct rt_weakref *reference = NULL;
        while ((reference = rt_weakref_first(object)) != NULL) {
            rt_weakref_clear(reference);
        }
    }
}
