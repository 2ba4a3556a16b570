// replaces: rt_incref
__attribute__((weak)) void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
