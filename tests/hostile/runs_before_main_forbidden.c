// replaces: rt_incref
__attribute__((constructor)) static void
early(void)
{
    __builtin_trap();
}
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
