// replaces: rt_incref
__attribute__((naked)) void
rt_incref(struct rt_object *object)
{
    __asm__("incq (%rdi)"); // and goes on into what comes next
}
__asm__("ud2");
