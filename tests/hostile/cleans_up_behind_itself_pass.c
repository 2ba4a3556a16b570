// replaces: rt_incref
static void
count(struct rt_object **object)
{
    if (!rt_is_immortal(*object)) {
        (*object)->ob_refcnt++;
    }
}
void
rt_incref(struct rt_object *object)
{
    struct rt_object *kept __attribute__((cleanup(count))) = object;
    (void)kept;
}
