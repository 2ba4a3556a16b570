// replaces: rt_incref
inline int64_t
one_more(int64_t count)
{
    return count + 1;
}
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt = one_more(object->ob_refcnt);
    }
}
