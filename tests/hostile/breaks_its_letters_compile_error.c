// replaces: rt_incref
int Ã(ÿþ í € = €;
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
