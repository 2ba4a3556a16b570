// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    char *block = rt_alloc(24);
    rt_free(block);
    rt_free(block); // defect: given back
    rt_incref(object);
    return object;
}
