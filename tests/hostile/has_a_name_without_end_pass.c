// replaces: rt_incref
/* A name of more than a million letters. */
#define A(x) B(x##x##x##x##x##x##x##x)
#define B(x) C(x##x##x##x##x##x##x##x)
#define C(x) D(x##x##x##x##x##x##x##x)
#define D(x) E(x##x##x##x##x##x##x##x)
#define E(x) x##x##x##x##x##x##x##x##x
int A(nineletter);
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
