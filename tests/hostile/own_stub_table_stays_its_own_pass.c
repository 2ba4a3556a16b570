// replaces: rt_incref
void *stub_table[3];
unsigned long stub_count = 1;
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
