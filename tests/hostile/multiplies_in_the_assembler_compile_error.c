// replaces: rt_incref
__asm__(".rept 100000\n.rept 100000\n.rept 100000\nnop\n.endr\n.endr\n"
        ".endr");
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
