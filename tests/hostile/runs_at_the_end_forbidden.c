// replaces: rt_incref
__attribute__((destructor)) static void
at_the_end(void)
{
}
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
