// replaces: rt_incref
__asm__(".data\n.p2align 40\n.byte 1\n.text");
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
