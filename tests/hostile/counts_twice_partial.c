// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += 2;
}
