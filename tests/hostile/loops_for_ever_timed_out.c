// replaces: rt_incref
void
rt_incref(struct rt_object *object)
{
    for (volatile long i = 0;; i++) {
        (void)object;
    }
}
