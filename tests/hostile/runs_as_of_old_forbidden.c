// replaces: rt_incref
static void hidden(void)
{
}
__attribute__((used, section(".ctors"))) static void (*entry)(void) = hidden;
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
