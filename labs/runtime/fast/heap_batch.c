#include "labs/runtime/fast/heap_batch.h"

#include "labs/runtime/arena.h"
#include "labs/runtime/heap.h"
#include "labs/runtime/heap_pools.h"

/* In place of the number of blocks in use: the pool is among the empty. */
static const uint32_t IS_EMPTY = UINT32_MAX;

static struct rt_pool *empty; // linked by `next`

void
rt_heap_batch_announce(void *block)
{
    if (rt_arena_holds(block)) {
        rt_pool_of(block)->used--;
    }
}

/* It waits for the end: with it an arena may go, and other blocks of the batch
 * would then be asked for their pool in vain. */
static void
put_aside(struct rt_pool *pool)
{
    if (pool->free_block != NULL) {
        rt_heap_unlink_pool(pool);
    }
    pool->used = IS_EMPTY;
    pool->next = empty;
    empty = pool;
}

void
rt_heap_batch_free(void *block)
{
    if (!rt_arena_holds(block)) {
        rt_heap_free(block);
        return;
    }
    struct rt_pool *pool = rt_pool_of(block);
    if (pool->used == 0) {
        put_aside(pool);
    }
    else if (pool->used != IS_EMPTY) {
        pool->used++;
        rt_heap_free(block);
    }
}

void
rt_heap_batch_end(void)
{
    while (empty != NULL) {
        struct rt_pool *pool = empty;
        empty = pool->next;
        pool->used = 0;
        pool->size_class = RT_POOL_NO_CLASS; // its blocks are not linked
        rt_pool_free(pool);
    }
}
