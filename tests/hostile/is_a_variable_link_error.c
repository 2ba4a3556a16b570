// replaces: rt_incref
/* Data where a function should be. */
__asm__(".globl rt_incref\n.data\n.type rt_incref, @object\nrt_incref: .quad 0\n.text");
