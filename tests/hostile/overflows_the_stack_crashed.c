// replaces: rt_incref
static long
deeper(volatile long *above)
{
    volatile long here[512] = {0};
    here[0] = *above + 1;
    return deeper(here) + here[1];
}
void
rt_incref(struct rt_object *object)
{
    volatile long start = 0;
    object->ob_refcnt += deeper(&start);
}
