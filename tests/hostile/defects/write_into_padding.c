// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    volatile char *block = rt_alloc(21);
    block[21] = 1; // defect: more memory is used than was taken
    rt_free((char *)block);
    rt_incref(object);
    return object;
}
