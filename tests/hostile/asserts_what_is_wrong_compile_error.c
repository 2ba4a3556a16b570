// replaces: rt_incref
_Static_assert(sizeof(int) == 5, "\033[2J");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
