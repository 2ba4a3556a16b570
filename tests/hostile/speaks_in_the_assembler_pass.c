// replaces: rt_incref
/* What it prints there is no message of a compiler. */
__asm__(".print \"[{\\\"kind\\\": \\\"error\\\", \\\"message\\\": \\\"no\\\"}]\"\n"
        ".print \"learner.c:3: Error: no such thing\"\n"
        ".warning \"mind the step\"");
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
