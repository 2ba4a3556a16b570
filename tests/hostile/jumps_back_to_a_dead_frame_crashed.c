// replaces: rt_incref
static void *place[5];
static int calls;
static void
remember(void)
{
    if (__builtin_setjmp(place) != 0) {
        memset(place, 0, sizeof(place));
    }
}
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
    if (calls++ == 0) {
        remember();
    }
    __builtin_longjmp(place, 1);
}
