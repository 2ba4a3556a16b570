// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    volatile int *volatile nowhere = 0;
    *nowhere = 1;
    rt_incref(object);
    return object;
}
