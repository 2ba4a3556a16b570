// replaces: rt_new_ref
#include <stdio.h>

struct rt_object *
rt_new_ref(struct rt_object *object)
{
    volatile char *volatile nowhere = (char *)12345;
    printf("still here\n");
    nowhere[0] = 1; // defect: a pointer is used that points nowhere
    rt_incref(object);
    return object;
}
