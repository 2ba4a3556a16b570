// replaces: rt_incref
/* The function is a number, which is no place in memory. */
__asm__(".globl rt_incref\n.type rt_incref, @function\nrt_incref = 0x41414140");
