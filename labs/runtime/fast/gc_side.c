#include "labs/runtime/fast/gc_side.h"

#include <sys/mman.h>

unsigned char *rt_gc_maps[RT_GC_REGIONS];

bool
rt_gc_side_reserve(const void *object)
{
    if (rt_gc_has_side(object)) {
        return true;
    }
    void *map = mmap(NULL, RT_GC_MAP_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) {
        return false;
    }
    rt_gc_maps[(uintptr_t)object >> RT_GC_REGION_SHIFT] = map;
    return true;
}
