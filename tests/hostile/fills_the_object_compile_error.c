// replaces: rt_incref
__asm__(".data\n.fill 0x70000000, 1, 7\n.text");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
