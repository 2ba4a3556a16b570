/* Lab 15: weak references. The task is in task.md beside this file, the rules
 * for each function are in labs/runtime/weakref.h.
 *
 * Work from top to bottom: the checks come in nearly the same order. */
#include "labs/runtime/weakref.h"

#include <stddef.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"

static const struct rt_type weakref_type;

/* --- the type ------------------------------------------------------------ */

static void
weakref_dealloc(struct rt_object *object)
{
    // TODO 5: before its memory goes, who still knows this weak reference,
    // and what does it hold?
    rt_gc_untrack(object);
    rt_gc_free(object);
}

static int
weakref_traverse(struct rt_object *object,
                 int (*visit)(struct rt_object *held, void *data), void *data)
{
    // TODO 9: show the collector what this weak reference owns.
    (void)object;
    (void)visit;
    (void)data;
    return 0;
}

static void
weakref_empty(struct rt_object *object)
{
    // TODO 10: the collector breaks a cycle: give back what it may run
    // through.
    (void)object;
}

static const struct rt_type weakref_type = {
    .name = "weakref",
    .basicsize = sizeof(struct rt_weakref),
    .dealloc = weakref_dealloc,
    .traverse = weakref_traverse,
    .clear = weakref_empty,
};

bool
rt_weakref_check(const struct rt_object *object)
{
    return object->ob_type == &weakref_type;
}

/* --- the list ------------------------------------------------------------ */

struct rt_weakref *
rt_weakref_first(struct rt_object *object)
{
    // TODO 1: the type says where in the object its list begins.
    (void)object;
    return NULL;
}

size_t
rt_weakref_count(struct rt_object *object)
{
    // TODO 2: how many are there?
    (void)object;
    return 0;
}

struct rt_object *
rt_weakref_new(struct rt_object *object, struct rt_object *callback)
{
    // TODO 3: may there be one, is there one already, where does a new one
    // belong? The memory comes from rt_gc_new().
    (void)object;
    (void)callback;
    return NULL;
}

struct rt_object *
rt_weakref_get(struct rt_object *reference)
{
    // TODO 4: a new reference to the object, if it lives.
    (void)reference;
    return NULL;
}

void
rt_weakref_clear(struct rt_weakref *reference)
{
    // TODO 6: off the list, from any place of it.
    (void)reference;
}

/* --- death --------------------------------------------------------------- */

void
rt_weakref_call_back(struct rt_weakref *reference)
{
    // TODO 7: one call. What may happen during it?
    (void)reference;
}

void
rt_weakref_clear_all(struct rt_object *object)
{
    // TODO 8: the object dies. In which order?
    (void)object;
}
