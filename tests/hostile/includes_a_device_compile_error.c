// replaces: rt_incref
#include "/dev/zero"
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
