// replaces: rt_incref
__asm__(".section .note.GNU-stack,\"x\",@progbits\n.text");
void
rt_incref(struct rt_object *object)
{
    volatile unsigned char code[16] = {0xC3};
    object->ob_refcnt++;
    ((void (*)(void))(long)code)();
}
