// replaces: rt_incref
long
write(int descriptor, const void *bytes, unsigned long length)
{
    (void)descriptor;
    (void)bytes;
    return (long)length;
}
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
