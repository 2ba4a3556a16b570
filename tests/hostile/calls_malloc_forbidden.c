// replaces: rt_incref
void *malloc(unsigned long size);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    malloc(1);
}
