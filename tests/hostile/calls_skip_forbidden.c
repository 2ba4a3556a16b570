// replaces: rt_incref
void _skip(const char *file, int line);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    _skip("x", 1);
}
