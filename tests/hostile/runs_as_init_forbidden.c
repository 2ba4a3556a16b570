// replaces: rt_incref
/* The linker takes a function of this name for one that the loader calls. */
void _init(void);
static int seen;
void
_init(void)
{
    seen = 1;
}
void
rt_incref(struct rt_object *object)
{
    seen++;
    object->ob_refcnt++;
}
