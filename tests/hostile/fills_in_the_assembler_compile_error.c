// replaces: rt_incref
__asm__(".data\n.fill 100000000000, 8, 1\n.text");
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
