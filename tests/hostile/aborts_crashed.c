// replaces: rt_incref
#include <stdlib.h>
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    abort();
}
