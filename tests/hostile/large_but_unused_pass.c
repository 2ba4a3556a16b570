// replaces: rt_incref
static char room[1 << 28];
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
    (void)room;
}
