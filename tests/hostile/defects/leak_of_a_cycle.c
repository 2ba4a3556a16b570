// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    void **one = rt_alloc(24); // defect: not given back
    void **two = rt_alloc(24);
    *one = two;
    *two = one;
    rt_incref(object);
    return object;
}
