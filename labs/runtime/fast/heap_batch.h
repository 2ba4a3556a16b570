/* Heap batch: many blocks that go back to the private heap at once.
 *
 * Whoever frees them one by one writes a link into each, and for that a line
 * of memory is fetched that nobody wants. So they are announced first, and a
 * pool of which all that is in use has been announced goes back whole, its
 * blocks unseen. Between the first word of a batch and the last nothing else
 * may be asked of the heap. */
#ifndef LABS_RUNTIME_FAST_HEAP_BATCH_H
#define LABS_RUNTIME_FAST_HEAP_BATCH_H

/* Of each block of rt_heap_alloc(), once. */
void rt_heap_batch_announce(void *block);

/* When all are announced: of each of them, once more, in any order. */
void rt_heap_batch_free(void *block);

/* At the end. */
void rt_heap_batch_end(void);

#endif
