// replaces: rt_incref
/* What the assembler is told to print is nobody's message, however much. */
__asm__(".rept 20000\n.print \"canary-5b1f is what the machine says\"\n.endr\n"
        ".print \"[{\\\"kind\\\": \\\"error\\\", \\\"message\\\": \\\"canary-5b1f\\\"}]\"");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += !rt_is_immortal(object);
}
