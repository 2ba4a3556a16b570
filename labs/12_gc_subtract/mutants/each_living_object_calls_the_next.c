/* Wrong on purpose: the living are followed by recursion, some frames of the
 * stack for each link of a chain. */
#include "labs/runtime/gc_state.h"

static int
take_off(struct rt_object *held, void *unused)
{
    (void)unused;
    if (rt_type_is_gc(held->ob_type)) {
        struct rt_gc_head *head = rt_gc_head_of(held);
        if (rt_gc_has(head, RT_GC_COLLECTING)) {
            rt_gc_set_refs(head, rt_gc_refs(head) - 1);
        }
    }
    return 0;
}

static void
count(struct rt_gc_head *base)
{
    for (struct rt_gc_head *head = rt_gc_next(base); head != base;
         head = rt_gc_next(head)) {
        head->prev = (head->prev & RT_GC_FINALIZED) | RT_GC_COLLECTING;
        rt_gc_set_refs(head, rt_gc_object_of(head)->ob_refcnt);
    }
    for (struct rt_gc_head *head = rt_gc_next(base); head != base;
         head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        object->ob_type->traverse(object, take_off, NULL);
    }
}

static int
save(struct rt_object *held, void *unused)
{
    if (rt_type_is_gc(held->ob_type)) {
        struct rt_gc_head *head = rt_gc_head_of(held);
        if (rt_gc_has(head, RT_GC_COLLECTING)) {
            head->prev &= ~(uintptr_t)RT_GC_COLLECTING;
            held->ob_type->traverse(held, save, unused);
        }
    }
    return 0;
}

static void
mark(struct rt_gc_head *base)
{
    for (struct rt_gc_head *head = rt_gc_next(base); head != base;
         head = rt_gc_next(head)) {
        if (rt_gc_has(head, RT_GC_COLLECTING) && rt_gc_refs(head) != 0) {
            (void)save(rt_gc_object_of(head), NULL);
        }
    }
}

/* Whoever still has COLLECTING is trash. */
static void
part(struct rt_gc_head *base, struct rt_gc_head *unreachable)
{
    struct rt_gc_head *head = rt_gc_next(base);
    rt_gc_list_init(base);
    rt_gc_list_init(unreachable);
    while (head != base) {
        struct rt_gc_head *next = rt_gc_next(head);
        bool is_trash = rt_gc_has(head, RT_GC_COLLECTING);
        rt_gc_list_append(is_trash ? unreachable : base, head);
        head = next;
    }
}

void
rt_gc_deduce_unreachable(struct rt_gc_head *base,
                         struct rt_gc_head *unreachable)
{
    count(base);
    mark(base);
    part(base, unreachable);
}
