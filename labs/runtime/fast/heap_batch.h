/* Heap batch: many blocks that go back to the private heap at once.
 *
 * Whoever frees them one by one writes a link into each, and for that a line
 * of memory is fetched that nobody wants. Here they are counted first, and a
 * pool of which all that is in use goes is given back whole, its blocks
 * unseen. */
#ifndef LABS_RUNTIME_FAST_HEAP_BATCH_H
#define LABS_RUNTIME_FAST_HEAP_BATCH_H

#include <stddef.h>

/* Frees blocks of rt_heap_alloc(), in any order, each of them once. Neighbours
 * in memory cost less if they are neighbours here. */
void rt_heap_batch_free(void *const *blocks, size_t count);

#endif
