// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    volatile int room[4] = {0};
    volatile int place = 4;
    room[place] = 1;
    object->ob_refcnt++;
}
