// replaces: rt_new_ref
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    int chance;
    object->ob_refcnt += chance & 1; // defect: before anything was written
    rt_incref(object);
    return object;
}
