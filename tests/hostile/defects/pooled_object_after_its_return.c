// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    struct rt_object *fresh = rt_alloc(sizeof(*fresh));
    fresh->ob_refcnt = 1;
    rt_free(fresh);
    fresh->ob_refcnt++; // defect: after it was given back
    rt_incref(object);
    return object;
}
