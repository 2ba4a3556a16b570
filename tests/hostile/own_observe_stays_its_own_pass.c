// replaces: rt_incref
void
observe_int(const char *name, long value)
{
    (void)name;
    (void)value;
}
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
