// replaces: rt_incref
static void
honest(struct rt_object *object)
{
    object->ob_refcnt++;
}
static void (*resolve(void))(struct rt_object *)
{
    return honest;
}
void rt_incref(struct rt_object *object) __attribute__((ifunc("resolve")));
