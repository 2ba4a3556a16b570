// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    volatile int bits = 40;
    volatile int result = 1 << bits;
    (void)result;
    object->ob_refcnt++;
}
