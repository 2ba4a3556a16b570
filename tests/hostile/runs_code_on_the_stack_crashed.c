// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    volatile unsigned char code[16] = {0xC3};
    object->ob_refcnt++;
    ((void (*)(void))(long)code)();
}
