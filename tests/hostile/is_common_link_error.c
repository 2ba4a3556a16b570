// replaces: rt_incref
/* A common symbol: room for a variable, under a function's name. */
__asm__(".comm rt_incref,64,16");
