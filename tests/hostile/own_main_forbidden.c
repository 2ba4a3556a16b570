// replaces: rt_incref
int
main(void)
{
    return 0;
}
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
