/* Heap: the private heap, for the many small blocks that objects are.
 *
 * After CPython 3.12: Objects/obmalloc.c, pymalloc. A request is rounded up
 * to a multiple of 16: its size class. A pool holds blocks of one class only,
 * so a block needs no head of its own, giving one out is a step along a list,
 * and taking one back is a step the other way:
 *
 *   pool  |header|in use|free |in use|free |free | never given out |
 *            |             |            ^     ^  ^
 *            |             '------------'     |  fresh_offset
 *            '------- free_block -> ... ------'
 *
 * More than 512 bytes at once come from malloc, some MiB from the system (see
 * huge.h). Nothing here is filled or
 * counted byte by byte: that is alloc.h's work. Everything here is guarded by
 * the GIL. */
#ifndef LABS_RUNTIME_HEAP_H
#define LABS_RUNTIME_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct rt_pool;

enum {
    RT_HEAP_ALIGNMENT = 16,    // ALIGNMENT; also the step between classes
    RT_HEAP_SMALL_BYTES = 512, // SMALL_REQUEST_THRESHOLD
    RT_HEAP_CLASSES = RT_HEAP_SMALL_BYTES / RT_HEAP_ALIGNMENT,
    RT_HEAP_LINE_BYTES = 64,   // of a line of the cache
    RT_HEAP_HEADER_BYTES = 48, // of a pool
};

/* Whether this is a build in which small blocks come from malloc, too, and are
 * not filled by the debug allocator, so that memcheck sees each of them and
 * what was never written (make valgrind). */
#ifndef RT_HEAP_IS_BYPASSED
#define RT_HEAP_IS_BYPASSED false
#endif

/* A new block of size bytes, aligned to 16, not cleared; a size of 0 gives a
 * block too. NULL when there is no memory. Give it back with rt_heap_free().
 * Of the pools of a class the one that had a block freed last goes first. */
void *rt_heap_alloc(size_t size);

/* A block of this size with the content of the old one, as far as both have
 * room. A small block stays where it is unless it must grow, or a quarter of
 * it would be wasted. A block of NULL means a new one. On failure NULL, and
 * the old block is untouched. */
void *rt_heap_realloc(void *block, size_t size);

void rt_heap_free(void *block); // NULL is fine

/* The blocks given out and not back yet, those from malloc included
 * (sys.getallocatedblocks). */
size_t rt_heap_blocks(void);

/* The size in bytes of the blocks of a class. */
static inline size_t
rt_heap_class_bytes(size_t size_class)
{
    return (size_class + 1) * RT_HEAP_ALIGNMENT;
}

/* Where in a pool the first block begins: behind the header, but blocks that
 * fill whole lines of the cache begin with one. Other than in CPython; a pool
 * has room for as many. */
static inline size_t
rt_heap_first_block(size_t size_class)
{
    return rt_heap_class_bytes(size_class) % RT_HEAP_LINE_BYTES == 0
               ? RT_HEAP_LINE_BYTES
               : RT_HEAP_HEADER_BYTES;
}

/* The pools of a class that have blocks both in use and free, in the order in
 * which they are used; linked by `next` and `prev`, NULL at both ends. A pool
 * without a free block is in no list, one without a block in use goes back to
 * its arena. To look at. */
struct rt_pool *rt_heap_used_pools(size_t size_class);

#endif
