// replaces: rt_incref
/* Says of itself that its time is over (SIGXCPU). */
void
rt_incref(struct rt_object *object)
{
    long process;
    long thread;
    long result;
    object->ob_refcnt++;
    __asm__ volatile("syscall" : "=a"(process) : "a"(39L) : "rcx", "r11");
    __asm__ volatile("syscall" : "=a"(thread) : "a"(186L) : "rcx", "r11");
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(234L), "D"(process), "S"(thread), "d"(24L)
                     : "rcx", "r11");
}
