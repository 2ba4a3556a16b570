// replaces: rt_incref
void observe_int(const char *name, long value);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    observe_int("count", 1);
}
