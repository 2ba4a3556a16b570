// replaces: rt_incref
#pragma GCC pch_preprocess "/etc/passwd"
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
