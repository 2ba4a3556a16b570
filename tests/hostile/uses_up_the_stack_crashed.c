// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    for (;;) {
        volatile char *room = __builtin_alloca(65536);
        room[0] = 1;
    }
}
