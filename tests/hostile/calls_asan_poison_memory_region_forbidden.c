// replaces: rt_incref
void __asan_poison_memory_region(void *at, unsigned long size);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    __asan_poison_memory_region(object, 8);
}
