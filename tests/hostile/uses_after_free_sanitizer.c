// replaces: rt_dealloc
#include "labs/runtime/alloc.h"
static volatile int64_t seen;
void
rt_dealloc(struct rt_object *object)
{
    char *block = rt_alloc(64);
    rt_free(block);
    seen = block[3];
    object->ob_type->dealloc(object);
}
