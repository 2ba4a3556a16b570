// replaces: rt_incref
void *
malloc(unsigned long size)
{
    (void)size;
    return (void *)0;
}
void
free(void *block)
{
    (void)block;
}
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
