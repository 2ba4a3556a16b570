// replaces: rt_incref
/* Careful only where a name is a macro that is none elsewhere. */
void
rt_incref(struct rt_object *object)
{
#if !defined(no_sanitize) && !defined __no_sanitize_address__
    volatile int large = 0x7fffffff;
    large = large + 1;
#endif
    object->ob_refcnt += !rt_is_immortal(object);
}
