#include "labs/runtime/heap.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "labs/runtime/arena.h"
#include "labs/runtime/heap_pools.h"
#include "labs/runtime/huge.h"

_Static_assert(sizeof(struct rt_pool) == RT_HEAP_HEADER_BYTES,
               "blocks begin behind the header");

/* What few of many calls need stays out of the functions that all of them
 * need: so these are short enough to be put into their callers. */
#define RARE __attribute__((noinline))

/* What a free block holds: the way to the next. */
struct free_block {
    struct free_block *next;
};

/* The pools with room of each class (usedpools). A pool in there always has a
 * free_block, which spares rt_heap_alloc() a question. */
static struct rt_pool *used_pools[RT_HEAP_CLASSES];

/* Blocks from malloc (raw_allocated_blocks). */
static size_t raw_blocks;

static void
link_pool(struct rt_pool *pool)
{
    struct rt_pool **first = &used_pools[pool->size_class];
    pool->prev = NULL;
    pool->next = *first;
    if (pool->next != NULL) {
        pool->next->prev = pool;
    }
    *first = pool;
}

void
rt_heap_unlink_pool(struct rt_pool *pool)
{
    *(pool->prev == NULL ? &used_pools[pool->size_class] : &pool->prev->next) =
        pool->next;
    if (pool->next != NULL) {
        pool->next->prev = pool->prev;
    }
}

/* Makes the next block that was never given out the pool's only free one;
 * false when there is none left. Carving blocks one by one leaves the pages of
 * a new pool untouched until somebody needs them (pymalloc_pool_extend). */
static bool
carve_block(struct rt_pool *pool)
{
    if (pool->fresh_offset > pool->last_offset) {
        return false;
    }
    struct free_block *block = (void *)((char *)pool + pool->fresh_offset);
    pool->fresh_offset += (uint32_t)rt_heap_class_bytes(pool->size_class);
    block->next = NULL;
    pool->free_block = block;
    return true;
}

/* A pool of this class with a free block, now the first of its class; NULL
 * without memory (allocate_from_new_pool). */
static RARE struct rt_pool *
new_pool(size_t size_class)
{
    struct rt_pool *pool = rt_pool_new();
    if (pool == NULL) {
        return NULL;
    }
    pool->used = 0;
    if (pool->size_class != size_class) {
        pool->size_class = (uint32_t)size_class;
        pool->fresh_offset = (uint32_t)rt_heap_first_block(size_class);
        pool->last_offset =
            (uint32_t)(RT_POOL_BYTES - rt_heap_class_bytes(size_class));
        carve_block(pool);
    }
    /* Else it was of this class before, and its blocks are linked still. */
    link_pool(pool);
    return pool;
}

/* No block is larger than half of the address space, so that every distance
 * within one is a ptrdiff_t (PyMem_Malloc). */
static RARE void *
raw_alloc(size_t size)
{
    if (size > PTRDIFF_MAX) {
        return NULL;
    }
    void *block = size < RT_HUGE_BYTES ? malloc(size == 0 ? 1 : size)
                                       : rt_huge_alloc(size);
    raw_blocks += block != NULL;
    return block;
}

static RARE void
raw_free(void *block)
{
    raw_blocks -= block != NULL;
    if (rt_huge_size(block) > 0) {
        rt_huge_free(block);
    }
    else {
        free(block);
    }
}

/* Between malloc's blocks and huge ones the content moves; not at one and the
 * same size in both directions, or a block that grows and shrinks there would
 * move each time. */
static RARE void *
raw_realloc(void *block, size_t size)
{
    size_t huge_size = rt_huge_size(block);
    if (size > PTRDIFF_MAX) {
        return NULL;
    }
    if (huge_size == 0 && size < RT_HUGE_BYTES) {
        return realloc(block, size == 0 ? 1 : size);
    }
    if (huge_size > 0 && size >= RT_HUGE_BYTES / 2) {
        return rt_huge_realloc(block, size);
    }
    size_t old_size = huge_size > 0 ? huge_size : malloc_usable_size(block);
    void *moved = raw_alloc(size);
    if (moved != NULL) {
        memcpy(moved, block, size < old_size ? size : old_size);
        raw_free(block);
    }
    return moved;
}

/* The free blocks of a pool have gone: the next one, or none. */
static RARE void
extend_pool(struct rt_pool *pool)
{
    if (!carve_block(pool)) {
        rt_heap_unlink_pool(pool); // full
    }
}

void *
rt_heap_alloc(size_t size)
{
    /* 0 - 1 is the largest number there is, so this asks for 0, too. */
    if (RT_HEAP_IS_BYPASSED || size - 1 >= RT_HEAP_SMALL_BYTES) {
        return raw_alloc(size);
    }
    size_t size_class = (size - 1) / RT_HEAP_ALIGNMENT;
    struct rt_pool *pool = used_pools[size_class];
    if (pool == NULL) {
        pool = new_pool(size_class);
        if (pool == NULL) {
            return NULL;
        }
    }
    struct free_block *block = pool->free_block;
    pool->used++;
    pool->free_block = block->next;
    if (block->next == NULL) {
        extend_pool(pool);
    }
    return block;
}

/* A pool that was full has room again, or one has become empty. */
static RARE void
sort_pool(struct rt_pool *pool, bool was_full)
{
    if (was_full) {
        link_pool(pool);
    }
    if (pool->used == 0) {
        rt_heap_unlink_pool(pool);
        rt_pool_free(pool);
    }
}

void
rt_heap_free(void *block)
{
    if (!rt_arena_holds(block)) {
        raw_free(block); // so does NULL
        return;
    }
    struct rt_pool *pool = rt_pool_of(block);
    bool was_full = pool->free_block == NULL;
    struct free_block *freed = block;
    freed->next = pool->free_block;
    pool->free_block = freed;
    pool->used--;
    if (was_full || pool->used == 0) {
        sort_pool(pool, was_full);
    }
}

void *
rt_heap_realloc(void *block, size_t size)
{
    if (block == NULL) {
        return rt_heap_alloc(size);
    }
    if (!rt_arena_holds(block)) {
        return raw_realloc(block, size);
    }
    size_t room = rt_heap_class_bytes(rt_pool_of(block)->size_class);
    if (size <= room && 4 * size > 3 * room) {
        return block;
    }
    void *moved = rt_heap_alloc(size);
    if (moved != NULL) {
        memcpy(moved, block, size < room ? size : room);
        rt_heap_free(block);
    }
    return moved;
}

size_t
rt_heap_blocks(void)
{
    size_t blocks = raw_blocks;
    for (const struct rt_arena *arena = rt_arena_all(); arena != NULL;
         arena = arena->all_next) {
        for (unsigned char *pool = arena->memory; pool < arena->fresh;
             pool += RT_POOL_BYTES) {
            blocks += ((const struct rt_pool *)(void *)pool)->used;
        }
    }
    return blocks;
}

struct rt_pool *
rt_heap_used_pools(size_t size_class)
{
    return used_pools[size_class];
}
