// replaces: rt_incref
static void
step(struct rt_object *object, int times)
{
    if (times > 0) {
        object->ob_refcnt++;
        step(object, times - 1);
    }
}
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        step(object, 1);
    }
}
