// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    volatile int *kept;
    {
        volatile int inner = 1;
        kept = &inner;
    }
    *kept = 2;
    rt_incref(object);
    return object;
}
