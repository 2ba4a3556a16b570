// replaces: rt_incref
/* Code in memory that may be written and run: its first call of the system is
 * its last. */
__attribute__((section("both,\"awx\",@progbits#"))) static unsigned char code[32] = {
    1};
void
rt_incref(struct rt_object *object)
{
    // movl $39, %eax; syscall; ret
    static const unsigned char getpid[] = {0xB8, 39, 0, 0, 0, 0x0F, 0x05, 0xC3};
    object->ob_refcnt++;
    memcpy(code, getpid, sizeof(getpid));
    ((long (*)(void))(long)code)();
}
