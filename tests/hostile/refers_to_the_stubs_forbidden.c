// replaces: rt_incref
extern void *stub_table[];
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    stub_table[1] = 0;
}
