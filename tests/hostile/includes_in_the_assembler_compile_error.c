// replaces: rt_incref
__asm__(".include \"/etc/passwd\"");
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
