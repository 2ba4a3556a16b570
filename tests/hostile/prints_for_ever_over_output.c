// replaces: rt_incref
#include <stdio.h>
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    for (;;) {
        puts("all work and no play makes a dull object");
    }
}
