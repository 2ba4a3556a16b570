// replaces: rt_incref
/* More variables than can be put back between two cases. */
static char pool[1L << 30];
void
rt_incref(struct rt_object *object)
{
    pool[5] = 1;
    honest_rt_incref(object);
}
