// replaces: rt_incref
__attribute__((visibility("hidden")))
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
