// replaces: rt_incref
#pragma GCC poison ob_refcnt
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
