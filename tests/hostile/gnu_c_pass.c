// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    static const void *const ways[] = {&&count, &&leave};
    goto *ways[rt_is_immortal(object)];
count:
    object->ob_refcnt += ({ int one = 1; one; });
leave:
    return;
}
