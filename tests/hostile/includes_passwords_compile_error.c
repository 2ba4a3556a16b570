// replaces: rt_incref
#include "/etc/shadow"
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
