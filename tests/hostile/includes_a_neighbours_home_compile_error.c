// replaces: rt_incref
#include "/root/.profile"
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
