/* Arena: large pieces of memory from the system, lent out as pools.
 *
 * After CPython 3.12: Objects/obmalloc.c, new_arena() and
 * insert_to_freepool(). The private heap has three storeys:
 *
 *   arena  1 MiB    comes from mmap and goes back by munmap, here
 *   pool   16 KiB   all its blocks have one size, heap.c
 *   block  16..512  what the caller gets, heap.c
 *
 *   arena  |pool |pool |pool |  never lent yet     |   64 pools
 *          ^                 ^                     ^
 *          memory            fresh                 memory + 1 MiB
 *
 * An arena can go back only when none of its pools is lent. So pools are
 * always taken from the arena that has the fewest left: the full ones get
 * fuller, and the others have a chance to become empty.
 *
 * Everything here is guarded by the GIL. */
#ifndef LABS_RUNTIME_ARENA_H
#define LABS_RUNTIME_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RT_ARENA_BYTES = 1 << 20, // ARENA_SIZE
    RT_POOL_BYTES = 1 << 14,  // POOL_SIZE
    RT_ARENA_POOLS = RT_ARENA_BYTES / RT_POOL_BYTES,
};

/* The outside of the heap (PyObjectArenaAllocator). alloc gives RT_ARENA_BYTES
 * that are aligned to RT_ARENA_BYTES, or NULL. */
struct rt_arena_source {
    void *context;
    void *(*alloc)(void *context);
    void (*free)(void *context, void *memory);
};

/* What an arena is known by; it lies outside of the arena (arena_object). */
struct rt_arena {
    unsigned char *memory;      // aligned to its size
    unsigned char *fresh;       // from here on no pool was ever lent
    uint32_t free_pools;        // that can be lent, the fresh ones included
    struct rt_pool *first_free; // those that came back, linked by `next`

    /* The list of usable arenas, those with a free pool. */
    struct rt_arena *next, *prev;

    /* The list of all arenas, newest first. */
    struct rt_arena *all_next, *all_prev;

    struct rt_arena_source source; // where memory goes back to
};

/* What a pool begins with (pool_header): 48 bytes, as in CPython. */
struct rt_pool {
    uint32_t used;       // blocks that callers have
    uint32_t size_class; // RT_POOL_NO_CLASS: lent for the first time
    void *free_block;    // blocks that came back, each points to the next
    struct rt_pool *next, *prev; // where the pool waits, if it does
    struct rt_arena *arena;
    uint32_t fresh_offset; // from here on no block was ever given out
    uint32_t last_offset;  // where the last block can begin
};

enum {
    RT_POOL_NO_CLASS = 0xFFFF
};

/* --- pools --------------------------------------------------------------- */

/* Lends a pool of the fullest usable arena, or of a new one. A pool that was
 * lent before still has its old header and blocks, so that a second use for
 * the same size class finds the free blocks linked. NULL when there is no
 * memory. Give it back with rt_pool_free(). */
struct rt_pool *rt_pool_new(void);

/* Takes a pool back. The arena goes back to the system when this was its last
 * pool, unless it is the last usable arena: a program that needs one pool now
 * and then would otherwise map and unmap without end. */
void rt_pool_free(struct rt_pool *pool);

/* The pool that a block lies in: pools are aligned to their size, so the
 * lower bits of the address say how far in (POOL_ADDR). */
static inline struct rt_pool *
rt_pool_of(void *block)
{
    unsigned char *byte = block;
    return (void *)(byte - ((uintptr_t)byte & (RT_POOL_BYTES - 1)));
}

/* --- arenas -------------------------------------------------------------- */

/* Whether there is an arena, for each MiB of the 48-bit address space, in
 * leaves that are made when an arena needs them (arena_map_root). CPython has
 * one level more, and because its arenas begin anywhere, it keeps how far the
 * first and the last MiB are covered. */
enum {
    RT_ARENA_MAP_LEAVES = 1 << 14,
    RT_ARENA_MAP_LEAF = 1 << 14, // so many in one leaf
};
extern bool *rt_arena_map[RT_ARENA_MAP_LEAVES];

/* Whether the address lies in an arena (address_in_range). */
static inline bool
rt_arena_holds(const void *address)
{
    uintptr_t number = (uintptr_t)address / RT_ARENA_BYTES;
    const bool *leaf = rt_arena_map[number / RT_ARENA_MAP_LEAF];
    return leaf != NULL && leaf[number % RT_ARENA_MAP_LEAF];
}

/* All arenas, newest first by `all_next`; and the usable ones, fullest first
 * by `next`. To look at. */
const struct rt_arena *rt_arena_all(void);
const struct rt_arena *rt_arena_usable(void);

/* How many arenas there ever were, are, and were at most. */
struct rt_arena_counts {
    size_t total, current, highwater;
};
struct rt_arena_counts rt_arena_counts(void);

/* NULL, or the rule that the arenas break. */
const char *rt_arena_check(void);

/* Where new arenas come from from now on (PyObject_SetArenaAllocator); NULL:
 * from mmap, as at first. Each arena goes back to where it came from. */
void rt_arena_set_source(const struct rt_arena_source *source);

#endif
