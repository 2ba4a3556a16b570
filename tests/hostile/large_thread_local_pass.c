// replaces: rt_incref
_Thread_local char large[64 << 20];
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
