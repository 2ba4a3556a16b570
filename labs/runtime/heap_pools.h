/* Heap pools: the lists of pools with room, for those who work on them beside
 * heap.c. */
#ifndef LABS_RUNTIME_HEAP_POOLS_H
#define LABS_RUNTIME_HEAP_POOLS_H

struct rt_pool;

/* Takes a pool that has a free block off the list of its class. */
void rt_heap_unlink_pool(struct rt_pool *pool);

#endif
