// replaces: rt_incref
/* 2^40 times the same word. */
#define A(x) x x x x x x x x x x x x x x x x
#define B(x) A(A(A(A(A(x)))))
int many[] = {B(B(0,))};
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
}
