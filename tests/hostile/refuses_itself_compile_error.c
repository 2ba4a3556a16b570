// replaces: rt_incref
#error "not today"
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
