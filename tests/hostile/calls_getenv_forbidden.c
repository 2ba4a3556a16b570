// replaces: rt_incref
char *getenv(const char *name);
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    getenv("HOME");
}
