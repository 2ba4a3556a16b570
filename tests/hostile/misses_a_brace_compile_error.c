// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    if (object != 0) {
        object->ob_refcnt++;
}
