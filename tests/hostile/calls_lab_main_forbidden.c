// replaces: rt_incref
int lab_main(int output, unsigned long seed, const char *name);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    lab_main(3, 1, "x");
}
