// replaces: rt_incref
#pragma GCC dependency "/etc/shadow-"
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
