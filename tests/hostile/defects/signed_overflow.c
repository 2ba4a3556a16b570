// replaces: rt_new_ref
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    volatile int large = 0x7FFFFFFF;
    large = large + 1; // defect: beyond what its type can hold
    rt_incref(object);
    return object;
}
