// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    const char *what = "‮⁦ // passed⁩ ⁦" + nothing;
    object->ob_refcnt++;
}
