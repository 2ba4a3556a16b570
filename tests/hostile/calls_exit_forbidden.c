// replaces: rt_incref
void _exit(int status);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    _exit(0);
}
