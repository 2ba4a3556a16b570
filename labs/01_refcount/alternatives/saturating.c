/* Another right solution, after CPython 3.12 on 64-bit machines: only the low
 * half of the count is counted, and an increment that wraps to 0 belongs to
 * an immortal object (Include/object.h, Py_INCREF). */
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/finalize.h"
#include "labs/runtime/object.h"

static void
set_refcnt(struct rt_object *object, int64_t count)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt = count;
    }
}

void
rt_incref(struct rt_object *object)
{
    uint32_t count = (uint32_t)object->ob_refcnt + 1;
    if (count == 0) {
        return;
    }
    object->ob_refcnt = count;
}

void
rt_xincref(struct rt_object *object)
{
    if (object != NULL) {
        rt_incref(object);
    }
}

void
rt_decref(struct rt_object *object)
{
    if (rt_is_immortal(object) || --object->ob_refcnt > 0) {
        return;
    }
    rt_dealloc(object);
}

void
rt_xdecref(struct rt_object *object)
{
    if (object != NULL) {
        rt_decref(object);
    }
}

struct rt_object *
rt_new_ref(struct rt_object *object)
{
    rt_incref(object);
    return object;
}

void
rt_clear(struct rt_object **slot)
{
    struct rt_object *old = *slot;
    if (old != NULL) {
        *slot = NULL;
        rt_decref(old);
    }
}

void
rt_set_ref(struct rt_object **slot, struct rt_object *value)
{
    struct rt_object *old = *slot;
    *slot = value;
    if (old != NULL) {
        rt_decref(old);
    }
}

void
rt_dealloc(struct rt_object *object)
{
    void (*dealloc)(struct rt_object *) = object->ob_type->dealloc;
    dealloc(object);
}

int
rt_call_finalizer_from_dealloc(struct rt_object *object)
{
    set_refcnt(object, 1);
    rt_call_finalizer(object);
    set_refcnt(object, object->ob_refcnt - 1);
    if (object->ob_refcnt == 0) {
        return 0;
    }
    return -1;
}

void
rt_set_immortal(struct rt_object *object)
{
    object->ob_refcnt = RT_IMMORTAL_REFCNT;
}

void
rt_object_init(struct rt_object *object, const struct rt_type *type)
{
    object->ob_type = type;
    object->ob_refcnt = 1;
}

struct rt_object *
rt_object_new(const struct rt_type *type)
{
    void *memory = rt_alloc(type->basicsize);
    if (memory == NULL) {
        return rt_error_no_memory();
    }
    struct rt_object *object = memory;
    rt_object_init(object, type);
    return object;
}
