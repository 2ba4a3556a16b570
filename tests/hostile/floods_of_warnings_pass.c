// replaces: rt_incref
#define E {int unused;}
#define F E E E E E E E E E E E E E E E E
#define G F F F F F F F F F F F F F F F F
void
rt_incref(struct rt_object *object)
{
    G
    object->ob_refcnt += !rt_is_immortal(object);
}
