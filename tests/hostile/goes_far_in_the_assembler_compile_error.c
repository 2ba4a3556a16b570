// replaces: rt_incref
__asm__(".data\n.org 0x7fffffff0000\n.byte 1\n.text");
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
