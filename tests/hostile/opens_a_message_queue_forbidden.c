// replaces: rt_incref
/* mq_open("x", O_CREAT | O_RDWR, 0600) */
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
    call(240, (long)"x", 0102, 0600, 0);
}
