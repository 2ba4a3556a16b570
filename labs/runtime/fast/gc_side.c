#include "labs/runtime/fast/gc_side.h"

#include <sys/mman.h>

unsigned char *rt_gc_maps[RT_GC_REGIONS];
unsigned char *rt_gc_nowhere;

/* NULL without memory. All bytes are 0. */
static unsigned char *
map_new(int protection)
{
    void *map = mmap(NULL, RT_GC_MAP_BYTES, protection,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return map != MAP_FAILED ? map : NULL;
}

bool
rt_gc_side_make(const void *object)
{
    if (rt_gc_nowhere == NULL) {
        rt_gc_nowhere = map_new(PROT_READ);
        for (int i = 0; rt_gc_nowhere != NULL && i < RT_GC_REGIONS; i++) {
            rt_gc_maps[i] = rt_gc_nowhere;
        }
    }
    unsigned char *map =
        rt_gc_nowhere != NULL ? map_new(PROT_READ | PROT_WRITE) : NULL;
    if (map != NULL) {
        rt_gc_maps[(uintptr_t)object >> RT_GC_REGION_SHIFT] = map;
    }
    return map != NULL;
}
