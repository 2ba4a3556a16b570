// replaces: rt_new_ref
#include "labs/runtime/alloc.h"
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    char *block = rt_alloc(64);
    rt_free(block + 16); // defect: aborted
    rt_incref(object);
    return object;
}
