// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    volatile char *block = rt_alloc(24);
    rt_free((char *)block);
    if (block[3] == 1) { // defect: after it was given back
        return object;
    }
    rt_incref(object);
    return object;
}
