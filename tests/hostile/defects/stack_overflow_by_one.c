// replaces: rt_new_ref
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    int items[4];
    for (volatile int i = 0; i <= 4; i++) {
        items[i] = i; // defect: beyond its end
    }
    (void)items;
    rt_incref(object);
    return object;
}
