/* Whom the collector need not look at.
 *
 * A tuple that holds nothing but atoms is in no cycle, and since it does not
 * change it never will be. So each collection lets go of those among the
 * survivors. A tuple of such tuples follows at once if its items stand before
 * it in the list; else a later collection finds it so.
 *
 * A dict does change. It is born untracked and becomes tracked when something
 * is stored in it that may be tracked (dict_tracking.c). Full
 * collections let go of those that hold only atoms again; none of the younger
 * ones does, because a dict that is being filled would be looked through each
 * time (CPython issue 14775). From 3.14 on dicts are always tracked.
 *
 * Only the built-in types take part: who derives from them may add more. */
#include "labs/runtime/compat.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/gc_state.h"
#include "labs/runtime/tuple.h"

bool
rt_gc_may_be_tracked(struct rt_object *object)
{
    if (!rt_type_is_gc(object->ob_type)) {
        return false;
    }
    // Anything else that is untracked may be tracked later.
    return object->ob_type != &rt_tuple_type || rt_gc_is_tracked(object);
}

static int
may_close_a_cycle(struct rt_object *held, void *unused)
{
    (void)unused;
    return rt_gc_may_be_tracked(held);
}

bool
rt_gc_holds_only_atoms(struct rt_object *object)
{
    return object->ob_type->traverse(object, may_close_a_cycle, NULL) == 0;
}

static void
untrack_all_of(const struct rt_type *type, struct rt_gc_head *list)
{
    struct rt_gc_head *next = NULL;
    for (struct rt_gc_head *head = rt_gc_next(list); head != list;
         head = next) {
        struct rt_object *object = rt_gc_object_of(head);
        next = rt_gc_next(head);
        if (object->ob_type == type && rt_gc_holds_only_atoms(object)) {
            rt_gc_untrack(object);
        }
    }
}

void
rt_gc_untrack_tuples(struct rt_gc_head *survivors)
{
    untrack_all_of(&rt_tuple_type, survivors);
}

void
rt_gc_untrack_dicts(struct rt_gc_head *survivors)
{
    if (rt_compat_minor() < 14) {
        untrack_all_of(&rt_dict_type, survivors);
    }
}
