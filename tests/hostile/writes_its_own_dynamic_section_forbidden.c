// replaces: rt_incref
/* Tells the loader of a function to start with (DT_INIT is 12). */
__asm__(".section .dynamic,\"aw\"\n.quad 12, 0x1000\n.text");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
