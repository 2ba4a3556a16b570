// replaces: rt_incref
__attribute__((no_sanitize("address", "undefined"))) void
rt_incref(struct rt_object *object)
{
    volatile int large = 0x7fffffff;
    large = large + 1;
    object->ob_refcnt += !rt_is_immortal(object);
}
