// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    static char bytes[16];
    volatile int *odd = (int *)(bytes + 1);
    *odd = 1;
    rt_incref(object);
    return object;
}
