/* Another right solution, without marks in the links. As soon as the counts
 * have done their work, everybody is linked properly again: those with a
 * remainder into a list of their own, the others among the unreachable. Then
 * the living go back to base one by one, and each calls those that it holds
 * into the list of the waiting. */
#include "labs/runtime/gc_state.h"

static int
subtract_one(struct rt_object *held, void *unused)
{
    (void)unused;
    bool is_container = rt_type_is_gc(held->ob_type);
    if (is_container && rt_gc_has(rt_gc_head_of(held), RT_GC_COLLECTING)) {
        rt_gc_head_of(held)->prev -= (uintptr_t)1 << RT_GC_REFS_SHIFT;
    }
    return 0;
}

static void
count_references_from_outside(const struct rt_gc_head *base)
{
    struct rt_gc_head *head = NULL;
    for (head = rt_gc_next(base); head != base; head = rt_gc_next(head)) {
        uintptr_t count = (uintptr_t)rt_gc_object_of(head)->ob_refcnt;
        head->prev = (head->prev & RT_GC_FINALIZED) | RT_GC_COLLECTING |
                     count << RT_GC_REFS_SHIFT;
    }
    for (head = rt_gc_next(base); head != base; head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        object->ob_type->traverse(object, subtract_one, NULL);
    }
}

/* Empties base. */
static void
part(struct rt_gc_head *base, struct rt_gc_head *waiting,
     struct rt_gc_head *unreachable)
{
    struct rt_gc_head *next = NULL;
    for (struct rt_gc_head *head = rt_gc_next(base); head != base;
         head = next) {
        next = rt_gc_next(head);
        if (rt_gc_refs(head) > 0) {
            head->prev &= RT_GC_FINALIZED;
            rt_gc_list_append(waiting, head);
        }
        else {
            rt_gc_list_append(unreachable, head);
        }
    }
    rt_gc_list_init(base);
}

static int
call_back(struct rt_object *held, void *waiting)
{
    if (rt_type_is_gc(held->ob_type)) {
        struct rt_gc_head *head = rt_gc_head_of(held);
        if (rt_gc_has(head, RT_GC_COLLECTING)) {
            head->prev -= RT_GC_COLLECTING;
            rt_gc_list_move(head, waiting);
        }
    }
    return 0;
}

void
rt_gc_deduce_unreachable(struct rt_gc_head *base,
                         struct rt_gc_head *unreachable)
{
    struct rt_gc_head waiting;
    rt_gc_list_init(&waiting);
    rt_gc_list_init(unreachable);
    count_references_from_outside(base);
    part(base, &waiting, unreachable);
    while (!rt_gc_list_is_empty(&waiting)) {
        struct rt_gc_head *head = rt_gc_next(&waiting);
        struct rt_object *object = rt_gc_object_of(head);
        rt_gc_list_move(head, base);
        object->ob_type->traverse(object, call_back, &waiting);
    }
}
