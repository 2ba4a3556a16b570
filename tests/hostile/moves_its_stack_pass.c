// replaces: rt_incref
static long stack[4096] __attribute__((aligned(16)));
static void
count(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
void
rt_incref(struct rt_object *object)
{
    __asm__ volatile("movq %%rsp, %%rbx\n\tmovq %0, %%rsp\n\tcall *%1\n\t"
                     "movq %%rbx, %%rsp"
                     :
                     : "r"(stack + 4096), "r"(count), "D"(object)
                     : "rbx", "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10",
                       "r11", "memory");
}
