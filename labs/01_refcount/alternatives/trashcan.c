/* Another right solution: deep chains are not taken apart by recursion. From
 * a certain depth on the dying wait in a list that is linked through their
 * counts, as CPython 3.14 does it (_PyTrash_thread_deposit_object). */
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/finalize.h"
#include "labs/runtime/object.h"

enum {
    DEPTH_LIMIT = 50
};

static int depth;
static struct rt_object *waiting; // linked through ob_refcnt

void
rt_dealloc(struct rt_object *object)
{
    if (depth >= DEPTH_LIMIT) {
        object->ob_refcnt = (int64_t)(intptr_t)waiting;
        waiting = object;
        return;
    }
    depth++;
    object->ob_type->dealloc(object);
    depth--;
    while (depth == 0 && waiting != NULL) {
        struct rt_object *next = waiting;
        waiting = (struct rt_object *)(intptr_t)next->ob_refcnt;
        next->ob_refcnt = 0;
        depth++;
        next->ob_type->dealloc(next);
        depth--;
    }
}

void
rt_object_init(struct rt_object *object, const struct rt_type *type)
{
    *object = (struct rt_object){.ob_refcnt = 1, .ob_type = type};
}

struct rt_object *
rt_object_new(const struct rt_type *type)
{
    struct rt_object *object = rt_alloc(type->basicsize);
    if (object != NULL) {
        rt_object_init(object, type);
    }
    else {
        rt_error_no_memory();
    }
    return object;
}

/* Changes a count by one, up or down, and says what it is then. */
static int64_t
count(struct rt_object *object, int64_t change)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt += change;
    }
    return object->ob_refcnt;
}

void
rt_incref(struct rt_object *object)
{
    count(object, +1);
}

void
rt_decref(struct rt_object *object)
{
    if (count(object, -1) == 0) {
        rt_dealloc(object);
    }
}

void
rt_xincref(struct rt_object *object)
{
    if (object == NULL) {
        return;
    }
    rt_incref(object);
}

void
rt_xdecref(struct rt_object *object)
{
    if (object == NULL) {
        return;
    }
    rt_decref(object);
}

struct rt_object *
rt_new_ref(struct rt_object *object)
{
    count(object, +1);
    return object;
}

/* Stores value and returns what was there before. */
static struct rt_object *
exchange(struct rt_object **slot, struct rt_object *value)
{
    struct rt_object *old = *slot;
    *slot = value;
    return old;
}

void
rt_clear(struct rt_object **slot)
{
    rt_xdecref(exchange(slot, NULL));
}

void
rt_set_ref(struct rt_object **slot, struct rt_object *value)
{
    rt_xdecref(exchange(slot, value));
}

void
rt_set_immortal(struct rt_object *object)
{
    object->ob_refcnt = RT_IMMORTAL_REFCNT;
}

int
rt_call_finalizer_from_dealloc(struct rt_object *object)
{
    count(object, +1);
    rt_call_finalizer(object);
    return count(object, -1) == 0 ? 0 : -1;
}
