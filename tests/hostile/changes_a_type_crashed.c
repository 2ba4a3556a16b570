// replaces: rt_incref
/* What a type says is written down where nobody may write. */
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
    ((struct rt_type *)(long)object->ob_type)->dealloc = NULL;
}
