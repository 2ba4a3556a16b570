// replaces: rt_incref
#undef LABS_RUNTIME_OBJECT_H
void rt_incref(struct rt_object *object);
int
rt_incref(struct rt_object *object, int times)
{
    object->ob_refcnt += times;
    return 0;
}
