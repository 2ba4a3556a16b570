/* Alloc: memory with an account of it.
 *
 * All memory of the runtime comes from here, so that two numbers say whether
 * something has leaked. After CPython's debug allocator (Objects/obmalloc.c,
 * _PyMem_DebugRawAlloc; PYTHONMALLOC=debug): fresh memory is filled with
 * 0xCD, freed memory with 0xDD, so that code which relies on either shows.
 * None of these sets a pending error; that is the caller's part.
 *
 * The account is guarded by the GIL, as for PyMem_Malloc(). */
#ifndef LABS_RUNTIME_ALLOC_H
#define LABS_RUNTIME_ALLOC_H

#include <stddef.h>

enum rt_alloc_fill {
    RT_ALLOC_CLEAN_BYTE = 0xCD, // PYMEM_CLEANBYTE: never written to
    RT_ALLOC_DEAD_BYTE = 0xDD,  // PYMEM_DEADBYTE: freed
};

/* A new block of size bytes, aligned for any type; a size of 0 gives a block
 * too. NULL when there is no memory. Give it back with rt_free(). */
void *rt_alloc(size_t size);

/* Moves a block into a new one of this size; what both have room for is kept.
 * It moves always, so that a pointer into the old block shows. A block of
 * NULL means a new one. On failure NULL, and the old block is untouched. */
void *rt_realloc(void *block, size_t size);

void rt_free(void *block); // NULL is fine

/* What rt_alloc() and rt_realloc() gave and nobody has given back yet. Bytes
 * are as asked for, without overhead. */
size_t rt_alloc_live_blocks(void);
size_t rt_alloc_live_bytes(void);

/* Lets the nth allocation from now fail, once (1 is the next); 0 takes the
 * order back. For tests that try every place where memory can run out. */
void rt_alloc_fail_nth(size_t nth);

#endif
