/* Which objects hold nothing but each other.
 *
 * An object lives as long as somebody outside of the examined group holds it,
 * or somebody who lives. Outside is whatever the group's own traverse slots do
 * not show: variables, older generations, C code. So: write down each object's
 * reference count, take off one for each reference that comes from within the
 * group, and what is left comes from outside. Objects with a remainder are
 * alive; so is everything that they hold, and so on. The rest is trash.
 *
 * The second half is one walk along the list. An object at 0 may still turn
 * out to be alive, held by one that comes later: it goes to the list of the
 * unreachable for the time being, and comes back to the end of the walk when
 * somebody alive is found to hold it. */
#include "labs/runtime/gc_state.h"

/* Copies the reference counts into the heads (update_refs). */
static void
copy_counts(struct rt_gc_head *list)
{
    for (struct rt_gc_head *head = rt_gc_next(list); head != list;
         head = rt_gc_next(head)) {
        uintptr_t finalized = head->prev & RT_GC_FINALIZED;
        head->prev = finalized | RT_GC_COLLECTING;
        rt_gc_set_refs(head, rt_gc_object_of(head)->ob_refcnt);
    }
}

/* One reference from within the group (visit_decref). */
static int
take_off(struct rt_object *held, void *unused)
{
    (void)unused;
    if (rt_type_is_gc(held->ob_type)) {
        struct rt_gc_head *head = rt_gc_head_of(held);
        if (rt_gc_has(head, RT_GC_COLLECTING)) {
            rt_gc_decref(head);
        }
    }
    return 0;
}

/* (subtract_refs) */
static void
subtract_internal_references(struct rt_gc_head *list)
{
    for (struct rt_gc_head *head = rt_gc_next(list); head != list;
         head = rt_gc_next(head)) {
        struct rt_object *object = rt_gc_object_of(head);
        object->ob_type->traverse(object, take_off, NULL);
    }
}

/* Somebody alive holds this one (visit_reachable). */
static int
mark_reachable(struct rt_object *held, void *list)
{
    if (!rt_type_is_gc(held->ob_type)) {
        return 0;
    }
    struct rt_gc_head *head = rt_gc_head_of(held);
    if (!rt_gc_has(head, RT_GC_COLLECTING)) {
        return 0; // not of the group, or seen alive already
    }
    if ((head->next & RT_GC_UNREACHABLE) != 0) {
        // Taken for trash too early: back to the end of the walk. Links in
        // the list of the unreachable carry the mark, so it is copied.
        struct rt_gc_head *prev = rt_gc_prev(head);
        struct rt_gc_head *next = rt_gc_next(head);
        prev->next = head->next;
        rt_gc_set_prev(next, prev);
        rt_gc_list_append(list, head);
        rt_gc_set_refs(head, 1);
    }
    else if (rt_gc_refs(head) == 0) {
        rt_gc_set_refs(head, 1); // the walk will come to it
    }
    return 0;
}

/* Moves one to the end of the unreachable, whose links carry the mark. Its
 * prev is a link again, still with COLLECTING. */
static void
put_aside(struct rt_gc_head *head, struct rt_gc_head *unreachable)
{
    struct rt_gc_head *last = rt_gc_prev(unreachable);
    last->next = (uintptr_t)head | RT_GC_UNREACHABLE;
    rt_gc_set_prev(head, last);
    head->next = (uintptr_t)unreachable | RT_GC_UNREACHABLE;
    rt_gc_set_prev(unreachable, head);
}

/* The walk (move_unreachable). Behind prev all is alive and properly linked;
 * from there on prev words are counts. */
static void
split(struct rt_gc_head *list, struct rt_gc_head *unreachable)
{
    struct rt_gc_head *prev = list;
    struct rt_gc_head *head = rt_gc_next(list);
    while (head != list) {
        if (rt_gc_refs(head) != 0) {
            struct rt_object *object = rt_gc_object_of(head);
            object->ob_type->traverse(object, mark_reachable, list);
            rt_gc_set_prev(head, prev);
            head->prev &= ~(uintptr_t)RT_GC_COLLECTING;
            prev = head;
        }
        else {
            prev->next = head->next;
            put_aside(head, unreachable);
        }
        head = (struct rt_gc_head *)prev->next;
    }
    rt_gc_set_prev(list, prev);
}

/* Takes the mark off the links. */
static void
unmark(struct rt_gc_head *unreachable)
{
    struct rt_gc_head *head = unreachable;
    do {
        head->next &= ~(uintptr_t)RT_GC_UNREACHABLE;
        head = (struct rt_gc_head *)head->next;
    } while (head != unreachable);
}

void
rt_gc_deduce_unreachable(struct rt_gc_head *base,
                         struct rt_gc_head *unreachable)
{
    copy_counts(base);
    subtract_internal_references(base);
    rt_gc_list_init(unreachable);
    split(base, unreachable);
    unmark(unreachable);
}
