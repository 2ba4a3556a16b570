// replaces: rt_incref
__asm__("this is no instruction");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
