// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
static char *pool;
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    if (pool == 0) {
        pool = rt_alloc(32); // defect: not given back
    }
    pool = 0;
    rt_incref(object);
    return object;
}
