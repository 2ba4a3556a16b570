// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    ((void **)__builtin_frame_address(0))[1] = (void *)16;
}
