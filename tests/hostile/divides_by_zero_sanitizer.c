// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    volatile int zero = 0;
    object->ob_refcnt += 7 / zero;
}
