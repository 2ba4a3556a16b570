// replaces: rt_clear
/* What an allocator without an account gives is never missed. */
#include "labs/runtime/alloc.h"
void
rt_clear(struct rt_object **slot)
{
    struct rt_allocator before = rt_alloc_get();
    rt_alloc_set(&rt_allocator_malloc);
    void *lost = rt_alloc(16);
    (void)lost;
    rt_alloc_set(&before);
    rt_set_ref(slot, 0);
}
