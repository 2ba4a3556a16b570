// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
static void *list;
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    void **node = rt_alloc(24); // defect: not given back
    *node = list;
    list = node;
    rt_incref(object);
    return object;
}
