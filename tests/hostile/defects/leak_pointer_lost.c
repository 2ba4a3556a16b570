// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    rt_alloc(24); // defect: not given back
    rt_incref(object);
    return object;
}
