// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    volatile int *block = rt_alloc(24);
    object->ob_refcnt += block[2] & 1; // defect: never written
    rt_free((int *)block);
    rt_incref(object);
    return object;
}
