// replaces: rt_incref
#include <stdio.h>
void
rt_incref(struct rt_object *object)
{
    fprintf(stderr, "\n\033trace b 0 ffffffffffffffff zz\n\033block\n\033calls -1 -1\n");
    *(volatile int *)8 = 1;
    object->ob_refcnt++;
}
