// replaces: rt_object_init
/* A right one, but where cases share a process it hangs in the second: thread
 * local variables are not put back. Nobody may wait for all of them. */
static _Thread_local int cases;
static int begun;
void
rt_object_init(struct rt_object *object, const struct rt_type *type)
{
    cases += !begun;
    begun = 1;
    while (cases > 1) {
    }
    honest_rt_object_init(object, type);
}
