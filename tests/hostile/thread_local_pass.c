// replaces: rt_incref
static _Thread_local long calls;
void
rt_incref(struct rt_object *object)
{
    calls++;
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
