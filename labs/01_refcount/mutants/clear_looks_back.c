/* Wrong on purpose: the slot is made NULL once more when the object has died.
 */
#include <stddef.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/finalize.h"
#include "labs/runtime/object.h"

void
rt_object_init(struct rt_object *object, const struct rt_type *type)
{
    object->ob_refcnt = 1;
    object->ob_type = type;
}
struct rt_object *
rt_object_new(const struct rt_type *type)
{
    struct rt_object *object = rt_alloc(type->basicsize);
    if (object == NULL) {
        return rt_error_no_memory();
    }
    rt_object_init(object, type);
    return object;
}
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
void
rt_decref(struct rt_object *object)
{
    if (rt_is_immortal(object)) {
        return;
    }
    if (--object->ob_refcnt == 0) {
        rt_dealloc(object);
    }
}
void
rt_dealloc(struct rt_object *object)
{
    object->ob_type->dealloc(object);
}
void
rt_xincref(struct rt_object *object)
{
    if (object != NULL) {
        rt_incref(object);
    }
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
    *slot = NULL;
    rt_xdecref(old);
    *slot = NULL;
}
void
rt_set_ref(struct rt_object **slot, struct rt_object *value)
{
    struct rt_object *old = *slot;
    *slot = value;
    rt_xdecref(old);
}
void
rt_set_immortal(struct rt_object *object)
{
    object->ob_refcnt = RT_IMMORTAL_REFCNT;
}
int
rt_call_finalizer_from_dealloc(struct rt_object *object)
{
    object->ob_refcnt = 1;
    rt_call_finalizer(object);
    if (--object->ob_refcnt == 0) {
        return 0;
    }
    return -1;
}
