// replaces: rt_incref
#include <stdio.h>
void
rt_incref(struct rt_object *object)
{
    static int printed;
    if (printed++ == 0) {
        printf("\033]0;owned\007\033[2J\033[31m\r\b\x9b");
    }
    object->ob_refcnt += !rt_is_immortal(object);
}
