// replaces: rt_incref
#pragma GCC optimize("O3")
#pragma GCC diagnostic error "-Wall"
#pragma GCC system_header
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
