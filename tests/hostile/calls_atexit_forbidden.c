// replaces: rt_incref
int atexit(void (*function)(void));
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    atexit(0);
}
