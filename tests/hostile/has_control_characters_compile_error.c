// replaces: rt_incref
#error ]0;owned �31m‮ ⁦
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
