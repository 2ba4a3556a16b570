// replaces: rt_incref
#define E missing_1 + missing_2 + missing_3 + missing_4;
#define F E E E E E E E E E E E E E E E E
#define G F F F F F F F F F F F F F F F F
void
rt_incref(struct rt_object *object)
{
    G G G G
    object->ob_refcnt++;
}
