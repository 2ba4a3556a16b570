// replaces: rt_incref
void rt_no_such_thing(void);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    rt_no_such_thing();
}
