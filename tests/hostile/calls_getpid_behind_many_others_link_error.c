// replaces: rt_incref
/* A call that is not allowed, behind so many others that nobody looks for it,
 * and with words that look like an excuse: inline int getpid(void) { } */
#define TEN(call) call(0) call(1) call(2) call(3) call(4) call(5) call(6) call(7) call(8) call(9)
#define DECLARE(n) void rt_a##n(void), rt_b##n(void), rt_c##n(void), rt_d##n(void), rt_e##n(void), rt_f##n(void), rt_g##n(void);
#define CALL(n) rt_a##n(), rt_b##n(), rt_c##n(), rt_d##n(), rt_e##n(), rt_f##n(), rt_g##n();
TEN(DECLARE)
int getpid(void);
void
rt_incref(struct rt_object *object)
{
    if (object == 0) {
        TEN(CALL)
    }
    if (getpid() >= 0 && !rt_is_immortal(object)) {
        object->ob_refcnt++;
    }
}
