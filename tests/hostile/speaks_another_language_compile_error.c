// replaces: rt_incref
class Object { public: int count; };
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
