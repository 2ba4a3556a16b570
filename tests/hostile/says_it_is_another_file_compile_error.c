// replaces: rt_incref
#line 7 "test.c"
int broken = ;
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
