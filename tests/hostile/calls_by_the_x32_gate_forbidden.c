// replaces: rt_incref
/* getpid() with the bit of the x32 interface */
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
    call(0x40000000 + 39, 0, 0, 0, 0);
}
