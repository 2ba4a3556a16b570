// replaces: rt_incref
char huge[1L << 32] = {1};
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += huge[0];
}
