// replaces: rt_incref
/* Returns to who has called its caller. */
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
    __asm__ volatile("movq (%%rbp), %%rbp\n\tleave\n\tret" ::: "memory");
}
