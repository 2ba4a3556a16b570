// replaces: rt_incref
void (*signal(int number, void (*handler)(int)))(int);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    signal(11, 0);
}
