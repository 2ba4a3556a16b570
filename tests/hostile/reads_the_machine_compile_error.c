// replaces: rt_incref
__asm__(".incbin \"/etc/passwd\"");
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
