// replaces: rt_incref
const char *text = "no end;
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
