// replaces: rt_incref
#define A ((((((((((((((((
#define B A A A A A A A A A A A A A A A A
#define C B B B B B B B B B B B B B B B B
#define D C C C C C C C C C C C C C C C C
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt += D D D D 1;
}
