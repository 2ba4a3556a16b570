// replaces: rt_incref
__asm__(".section .init,\"ax\"\nnop\n.text");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
