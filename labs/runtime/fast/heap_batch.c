#include "labs/runtime/fast/heap_batch.h"

#include "labs/runtime/arena.h"
#include "labs/runtime/heap.h"
#include "labs/runtime/heap_pools.h"

/* In place of the number of blocks in use: the pool is among the empty. */
static const uint32_t IS_EMPTY = UINT32_MAX;

/* How many of the first of these blocks are in one pool. */
static inline size_t
run_length(void *const *blocks, size_t count)
{
    const struct rt_pool *pool = rt_pool_of(blocks[0]);
    size_t length = 1;
    while (length < count && rt_pool_of(blocks[length]) == pool) {
        length++;
    }
    return length;
}

/* Takes the blocks off their pools' numbers. Returns the pools without a block
 * in use, linked by `next`. They wait for the end: with one of them an arena
 * may go, and other blocks would then be asked for their pool in vain. */
static struct rt_pool *
count_off(void *const *blocks, size_t count)
{
    struct rt_pool *empty = NULL;
    for (size_t i = 0, run = 0; i < count; i += run) {
        run = run_length(blocks + i, count - i);
        struct rt_pool *pool = rt_pool_of(blocks[i]);
        if (!rt_arena_holds(blocks[i])) {
            continue;
        }
        pool->used -= (uint32_t)run;
        if (pool->used == 0) {
            if (pool->free_block != NULL) {
                rt_heap_unlink_pool(pool);
            }
            pool->used = IS_EMPTY;
            pool->next = empty;
            empty = pool;
        }
    }
    return empty;
}

/* Those of pools that have others in use. */
static void
free_one_by_one(void *const *blocks, size_t count)
{
    for (size_t i = 0, run = 0; i < count; i += run) {
        run = run_length(blocks + i, count - i);
        if (rt_arena_holds(blocks[i])) {
            struct rt_pool *pool = rt_pool_of(blocks[i]);
            if (pool->used == IS_EMPTY) {
                continue;
            }
            pool->used += (uint32_t)run;
        }
        for (size_t j = i; j < i + run; j++) {
            rt_heap_free(blocks[j]);
        }
    }
}

void
rt_heap_batch_free(void *const *blocks, size_t count)
{
    struct rt_pool *empty = count_off(blocks, count);
    free_one_by_one(blocks, count);
    while (empty != NULL) {
        struct rt_pool *pool = empty;
        empty = pool->next;
        pool->used = 0;
        pool->size_class = RT_POOL_NO_CLASS; // its blocks are not linked
        rt_pool_free(pool);
    }
}
