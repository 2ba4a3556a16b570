// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    objekt->ob_refcnt++;
}
