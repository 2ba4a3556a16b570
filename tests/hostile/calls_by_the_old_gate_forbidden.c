// replaces: rt_incref
/* getpid() as 32-bit programs ask for it: other numbers, the same kernel. */
void
rt_incref(struct rt_object *object)
{
    long result;
    object->ob_refcnt++;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
}
