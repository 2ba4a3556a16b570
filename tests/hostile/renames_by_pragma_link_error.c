// replaces: rt_incref
#pragma redefine_extname rt_incref rt_nobody
void rt_incref(struct rt_object *object);
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
