// replaces: rt_incref
__asm__(".incbin \"labs/01_refcount/test.c\"");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
