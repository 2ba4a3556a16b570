/* Lab 01: the life of an object. The task is in task.md beside this file, the
 * rules for each function are in labs/runtime/object.h.
 *
 * Work from top to bottom: the checks come in the same order. */
#include <stddef.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/finalize.h"
#include "labs/runtime/object.h"

void
rt_object_init(struct rt_object *object, const struct rt_type *type)
{
    // TODO 1: set both fields of the head.
    (void)object;
    (void)type;
}

struct rt_object *
rt_object_new(const struct rt_type *type)
{
    // TODO 2: get the memory, make its head; out of memory is an error.
    (void)type;
    return NULL;
}

void
rt_incref(struct rt_object *object)
{
    // TODO 3: one reference more.
    (void)object;
}

void
rt_decref(struct rt_object *object)
{
    // TODO 4: one reference less. What if it was the last one?
    (void)object;
}

void
rt_dealloc(struct rt_object *object)
{
    // TODO 5: who knows how to take this object apart?
    (void)object;
}

void
rt_xincref(struct rt_object *object)
{
    // TODO 6: as rt_incref(), but NULL is fine.
    (void)object;
}

void
rt_xdecref(struct rt_object *object)
{
    // TODO 7: as rt_decref(), but NULL is fine.
    (void)object;
}

struct rt_object *
rt_new_ref(struct rt_object *object)
{
    // TODO 8: a new reference to the same object.
    return object;
}

void
rt_clear(struct rt_object **slot)
{
    // TODO 9: empty the slot. Mind the order.
    (void)slot;
}

void
rt_set_ref(struct rt_object **slot, struct rt_object *value)
{
    // TODO 10: put value into the slot. Mind the order here too.
    (void)slot;
    (void)value;
}

void
rt_set_immortal(struct rt_object *object)
{
    // TODO 11: set the count here, then look at TODO 3 and 4 again.
    (void)object;
}

int
rt_call_finalizer_from_dealloc(struct rt_object *object)
{
    // TODO 12: rt_call_finalizer() does the call; what surrounds it?
    (void)object;
    return 0;
}
