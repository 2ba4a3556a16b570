// replaces: rt_incref
/* A function's name for the assembler may hold any byte. */
#define NAME "\"na\033[31mme\007\""
void name(void) __asm__(NAME);
__asm__(".text\n"
        ".type " NAME ", @function\n" NAME ":\n"
        ".loc 1 5\n"
        "push %rbp\n"
        "mov %rsp, %rbp\n"
        "1: jmp 1b\n"
        ".size " NAME ", . - " NAME "\n");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    name();
}
