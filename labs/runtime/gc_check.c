/* Whether the collector's books are in order; for tests and for debugging.
 *
 * After CPython 3.12: validate_list() and the assertions of debug builds in
 * Modules/gcmodule.c. Two things are looked at: the links of each list, and
 * whether any object is held by more containers than its count says, which
 * means that somebody has released a reference too many. */
#include <stdio.h>

#include "labs/runtime/gc_state.h"

static const char *
check_links(const struct rt_gc_head *list)
{
    const struct rt_gc_head *before = list;
    for (const struct rt_gc_head *head = rt_gc_next(list); head != list;
         head = rt_gc_next(head)) {
        if ((head->next & RT_GC_UNREACHABLE) != 0) {
            return "an object is marked as unreachable";
        }
        if (rt_gc_has(head, RT_GC_COLLECTING)) {
            return "an object is marked as being collected";
        }
        if (rt_gc_prev(head) != before) {
            return "two links do not agree";
        }
        before = head;
    }
    return rt_gc_prev(list) == before ? NULL : "a list's end is wrong";
}

/* Counts with room for 2: one below 0 would look like a large one. */
static int
take_off(struct rt_object *held, void *unused)
{
    (void)unused;
    if (rt_gc_is_tracked(held)) {
        struct rt_gc_head *head = rt_gc_head_of(held);
        rt_gc_set_refs(head, rt_gc_refs(head) - 1);
    }
    return 0;
}

/* The lists, the frozen one included, as one row. */
static struct rt_gc_head *
list_at(struct rt_gc_state *gc, int i)
{
    return i < RT_GC_GENERATIONS ? &gc->generations[i].list : &gc->permanent;
}

const char *
rt_gc_check_state(struct rt_gc_state *gc)
{
    enum {
        LISTS = RT_GC_GENERATIONS + 1,
        SPARE = 1 << 30
    };
    static char text[96];
    const char *wrong = NULL;
    for (int i = 0; i < LISTS && wrong == NULL; i++) {
        wrong = check_links(list_at(gc, i));
    }
    if (wrong != NULL) {
        return wrong;
    }
    for (int i = 0; i < LISTS; i++) {
        struct rt_gc_head *list = list_at(gc, i);
        for (struct rt_gc_head *head = rt_gc_next(list); head != list;
             head = rt_gc_next(head)) {
            head->prev &= RT_GC_FINALIZED;
            rt_gc_set_refs(head, rt_gc_object_of(head)->ob_refcnt + SPARE);
        }
    }
    for (int i = 0; i < LISTS; i++) {
        struct rt_gc_head *list = list_at(gc, i);
        for (struct rt_gc_head *head = rt_gc_next(list); head != list;
             head = rt_gc_next(head)) {
            struct rt_object *object = rt_gc_object_of(head);
            object->ob_type->traverse(object, take_off, NULL);
        }
    }
    // The counts give way to links again.
    for (int i = 0; i < LISTS; i++) {
        struct rt_gc_head *before = list_at(gc, i);
        for (struct rt_gc_head *head = rt_gc_next(before);
             head != list_at(gc, i); head = rt_gc_next(head)) {
            if (rt_gc_refs(head) < SPARE) {
                snprintf(text, sizeof(text), "the count of a %s is too small",
                         rt_gc_object_of(head)->ob_type->name);
                wrong = text;
            }
            head->prev &= RT_GC_FINALIZED;
            rt_gc_set_prev(head, before);
            before = head;
        }
    }
    return wrong;
}
