// replaces: rt_incref
void longjmp(void *buffer, int value);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    longjmp(0, 1);
}
