// replaces: rt_new_ref
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    volatile int *volatile nowhere = 0;
    *nowhere = 1; // defect: a NULL pointer
    rt_incref(object);
    return object;
}
