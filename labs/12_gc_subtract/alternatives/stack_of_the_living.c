/* Another right solution: the living wait on a stack to be asked whom they
 * hold, and one last walk along the list sends everybody to their place. The
 * stack is the weak point: a collector that needs memory may find none. Then
 * everybody lives until the next collection. */
#include <stdlib.h>

#include "labs/runtime/gc_state.h"

struct stack {
    struct rt_object **objects; // room for the whole group
    size_t size;
};

static int
take_off(struct rt_object *held, void *unused)
{
    (void)unused;
    if (!rt_type_is_gc(held->ob_type)) {
        return 0;
    }
    struct rt_gc_head *head = rt_gc_head_of(held);
    if (rt_gc_has(head, RT_GC_COLLECTING)) {
        rt_gc_set_refs(head, rt_gc_refs(head) - 1);
    }
    return 0;
}

/* A living one; those without COLLECTING are known as such already. */
static int
push(struct rt_object *object, void *data)
{
    struct stack *stack = data;
    if (rt_type_is_gc(object->ob_type)) {
        struct rt_gc_head *head = rt_gc_head_of(object);
        if (rt_gc_has(head, RT_GC_COLLECTING)) {
            head->prev &= ~(uintptr_t)RT_GC_COLLECTING;
            stack->objects[stack->size++] = object;
        }
    }
    return 0;
}

static void
mark_living(struct rt_gc_head *base, struct stack *stack)
{
    for (struct rt_gc_head *head = rt_gc_next(base); head != base;
         head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        if (!rt_gc_has(head, RT_GC_COLLECTING) || rt_gc_refs(head) == 0) {
            continue;
        }
        push(object, stack);
        while (stack->size > 0) {
            struct rt_object *living = stack->objects[--stack->size];
            living->ob_type->traverse(living, push, stack);
        }
    }
}

/* The words in prev are no links any more, so both lists are made anew. */
static void
send_to_their_places(struct rt_gc_head *base, struct rt_gc_head *unreachable)
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
    size_t size = rt_gc_list_size(base);
    struct stack stack = {.objects = malloc((size + 1) * sizeof(void *))};
    if (stack.objects == NULL) {
        rt_gc_list_init(unreachable);
        return;
    }
    for (struct rt_gc_head *head = rt_gc_next(base); head != base;
         head = rt_gc_next(head)) {
        head->prev &= RT_GC_FINALIZED;
        head->prev |= RT_GC_COLLECTING;
        rt_gc_set_refs(head, rt_gc_object_of(head)->ob_refcnt);
    }
    for (struct rt_gc_head *head = rt_gc_next(base); head != base;
         head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        object->ob_type->traverse(object, take_off, NULL);
    }
    mark_living(base, &stack);
    send_to_their_places(base, unreachable);
    free(stack.objects);
}
