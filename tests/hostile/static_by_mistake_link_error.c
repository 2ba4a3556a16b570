// replaces: rt_incref
__attribute__((used)) static void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
