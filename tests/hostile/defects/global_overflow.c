// replaces: rt_new_ref
static int items[4];
struct rt_object *
rt_new_ref(struct rt_object *object)
{
    for (volatile int i = 0; i <= 4; i++) {
        items[i] = i; // defect: beyond its end
    }
    rt_incref(object);
    return object;
}
