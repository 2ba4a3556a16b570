/* Heap stats: where the bytes of the private heap are, and whether it is in
 * order.
 *
 * After CPython 3.12: Objects/obmalloc.c, _PyObject_DebugMallocStats(), which
 * is sys._debugmallocstats(). Guarded by the GIL. */
#ifndef LABS_RUNTIME_HEAP_STATS_H
#define LABS_RUNTIME_HEAP_STATS_H

#include <stddef.h>
#include <stdio.h>

#include "labs/runtime/heap.h"

struct rt_heap_class_stats {
    size_t block_bytes; // of each block
    size_t pools;
    size_t blocks;       // in use
    size_t avail_blocks; // of these pools, that could be
};

/* The bytes from allocated to quantization add up to those of the arenas. */
struct rt_heap_stats {
    struct rt_heap_class_stats classes[RT_HEAP_CLASSES];
    size_t arenas_total, arenas, arenas_highwater;
    size_t allocated_bytes;    // blocks in use
    size_t available_bytes;    // blocks free, of pools that are lent
    size_t free_pools;         // pools that are not lent
    size_t pool_header_bytes;  // heads of pools
    size_t quantization_bytes; // too short for one more block
};

struct rt_heap_stats rt_heap_stats(void);

/* Writes them as CPython does. Bytes lost to arena alignment are 0, because
 * arenas are aligned; CPython loses a pool of each. */
void rt_heap_stats_print(const struct rt_heap_stats *stats, FILE *output);

/* Looks at every arena, pool and free block. NULL, or the rule that is
 * broken. */
const char *rt_heap_check(void);

#endif
