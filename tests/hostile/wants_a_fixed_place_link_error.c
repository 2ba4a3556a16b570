// replaces: rt_incref
/* Code that knows where it will lie, which a shared object does not. */
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
    __asm__ volatile("movl $rt_decref, %%eax" ::: "eax");
}
