// replaces: rt_incref
/* More than their number's place in the file has room for. */
__asm__(".macro one\n.section .data.n\\@, \"aw\"\n.byte 1\n.endm\n"
        ".rept 70000\none\n.endr\n.text");
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
