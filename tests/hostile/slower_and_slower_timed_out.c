// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    static int calls;
    for (volatile int i = 0; i < calls * 20; i++) {
    }
    calls++;
    object->ob_refcnt++;
}
