// replaces: rt_incref
/* tgkill(own process, own thread, SIGSTOP) */
static long
call(long number, long a, long b, long c, long d)
{
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    call(234, call(39, 0, 0, 0, 0), call(186, 0, 0, 0, 0), 19, 0);
}
