/* Alloc debug: the allocator that counts, fills and guards.
 *
 * After CPython 3.12: Objects/obmalloc.c, _PyMem_DebugRawAlloc() and what
 * follows it. A block is 24 bytes longer than asked for:
 *
 *     size         'o'    FD x 7   the caller's bytes      FD x 8
 *     8 bytes      1      7        size                    8
 *                                  ^ what rt_alloc() returns
 *
 * One byte too far in either direction is found when the block is freed. The
 * letter is CPython's for the object domain; a freed block has 0xDD there. */
#ifndef LABS_RUNTIME_ALLOC_DEBUG_H
#define LABS_RUNTIME_ALLOC_DEBUG_H

#include <stddef.h>

/* The functions of rt_allocator_debug; what they promise is in alloc.h.
 * context is not used. */
void *rt_debug_alloc(void *context, size_t size);
void *rt_debug_realloc(void *context, void *block, size_t size);
void rt_debug_free(void *context, void *block);

/* NULL, or what is wrong with a block of rt_debug_alloc(): "bad ID", "bad
 * leading pad byte" or "bad trailing pad byte" (_PyMem_DebugCheckAddress). */
const char *rt_debug_check(const void *block);

#endif
