// replaces: rt_new_ref
#include <stdio.h>
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    printf("one more reference\n");
    rt_incref(object);
    return object;
}
