// replaces: rt_incref
void *__libc_malloc(unsigned long size);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    __libc_malloc(1);
}
