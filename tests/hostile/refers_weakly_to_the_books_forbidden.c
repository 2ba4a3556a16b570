// replaces: rt_incref
__attribute__((weak)) extern void observe_int(const char *name, long value);
void
rt_incref(struct rt_object *object)
{
    if (observe_int) {
        observe_int("count", 2);
    }
    object->ob_refcnt += 2;
}
