// replaces: rt_incref
#include "labs/runtime/alloc.h"
void
rt_incref(struct rt_object *object)
{
    rt_alloc_fail_nth(0);
    object->ob_refcnt += !rt_is_immortal(object);
}
