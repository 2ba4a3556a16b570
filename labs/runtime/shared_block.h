/* Shared block: memory that a process and its children see together.
 *
 * After CPython 3.12: Lib/multiprocessing/heap.py. It has no name, so only who
 * is forked after it was made sees it, at the same address, and it is gone
 * with the last of them. See shared_memory.h for memory with a name. */
#ifndef LABS_RUNTIME_SHARED_BLOCK_H
#define LABS_RUNTIME_SHARED_BLOCK_H

#include <stddef.h>

/* New memory, all bytes 0, aligned for any type. NULL with a pending OS error.
 * Each process gives it back for itself. */
void *rt_shared_block_new(size_t size);
void rt_shared_block_free(void *block, size_t size); // NULL is fine

#endif
