/* Freelist: keeps the memory of dead objects for the next ones of their kind.
 *
 * After CPython 3.12: Objects/floatobject.c and Objects/listobject.c, the
 * free lists. Objects of some types come and go all the time, each with the
 * same size; a block that is kept is handed out again in a few instructions,
 * and while it waits, its own memory holds the links:
 *
 *   list.first -> |next|mark|....|  ->  |next|mark|....|  ->  NULL
 *                  block_bytes each          at most limit of them
 *
 * Two mistakes make a pool of objects a trap, and this one avoids both. It has
 * a bound, or it would hold for ever what the busiest moment needed. And a
 * block that is given back twice is refused, or it would be handed out twice,
 * to two owners who know nothing of each other.
 *
 * Guarded by the GIL. */
#ifndef LABS_RUNTIME_FREELIST_H
#define LABS_RUNTIME_FREELIST_H

#include <stddef.h>

enum {
    RT_FREELIST_MIN_BYTES = 16 // a block must hold a link and a mark
};

struct rt_freelist {
    size_t block_bytes; // of each block, at least RT_FREELIST_MIN_BYTES
    size_t limit;       // how many may wait
    size_t count;       // how many wait
    struct rt_free_item *first;
    size_t reused; // how often a waiting block was taken
};

/* An empty list of blocks of this size, which keeps at most limit of them; a
 * limit of 0 keeps none. */
void rt_freelist_init(struct rt_freelist *list, size_t block_bytes,
                      size_t limit);

/* A block: the one that was given last, or else a new one of rt_alloc(). Its
 * content is not defined. A block that is used again gets a new trace (see
 * trace.h). NULL with a pending memory error. */
void *rt_freelist_take(struct rt_freelist *list);

/* Gives a block back that rt_freelist_take() gave, or any of rt_alloc() of
 * this size; with limit blocks waiting, it goes to rt_free(). Returns 0; -1
 * with a pending runtime error if this very block waits already, and then
 * nothing has changed. NULL is fine. */
int rt_freelist_give(struct rt_freelist *list, void *block);

/* Gives all waiting blocks to rt_free(), as a full collection does
 * (_PyFloat_ClearFreeList). The list can be used on. */
void rt_freelist_clear(struct rt_freelist *list);

#endif
