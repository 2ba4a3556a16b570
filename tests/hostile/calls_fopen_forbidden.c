// replaces: rt_incref
#include <stdio.h>
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    fopen("/etc/passwd", "r");
}
