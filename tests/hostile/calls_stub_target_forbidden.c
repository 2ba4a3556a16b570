// replaces: rt_incref
const void *stub_target(const void *address);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    stub_target(object);
}
