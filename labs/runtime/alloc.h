/* Alloc: memory with an account of it.
 *
 * All memory of the runtime comes from here, so that two numbers say whether
 * something has leaked. After CPython's debug allocator (Objects/obmalloc.c,
 * _PyMem_DebugRawAlloc; PYTHONMALLOC=debug): fresh memory is filled with
 * 0xCD, freed memory with 0xDD, so that code which relies on either shows, and
 * each block lies between bytes of 0xFD that nobody may touch. The blocks
 * themselves come from the private heap (heap.h). None of these sets a pending
 * error; that is the caller's part.
 *
 * Who wants other memory, or to watch, puts an allocator of their own in
 * between, see rt_alloc_set(). Everything is guarded by the GIL, as for
 * PyMem_Malloc(). */
#ifndef LABS_RUNTIME_ALLOC_H
#define LABS_RUNTIME_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

enum rt_alloc_fill {
    RT_ALLOC_CLEAN_BYTE = 0xCD,     // PYMEM_CLEANBYTE: never written to
    RT_ALLOC_DEAD_BYTE = 0xDD,      // PYMEM_DEADBYTE: freed
    RT_ALLOC_FORBIDDEN_BYTE = 0xFD, // PYMEM_FORBIDDENBYTE: before and behind
};

/* A new block of size bytes, aligned for any type; a size of 0 gives a block
 * too. NULL when there is no memory. Give it back with rt_free(). */
void *rt_alloc(size_t size);

/* Moves a block into a new one of this size; what both have room for is kept.
 * It moves always, so that a pointer into the old block shows. A block of
 * NULL means a new one. On failure NULL, and the old block is untouched. */
void *rt_realloc(void *block, size_t size);

/* Takes a block back; NULL is fine. When the bytes around the block were
 * written to, it describes the damage on stderr and stops the program. */
void rt_free(void *block);

/* What rt_alloc() and rt_realloc() gave and nobody has given back yet. Bytes
 * are as asked for, without overhead. */
size_t rt_alloc_live_blocks(void);
size_t rt_alloc_live_bytes(void);

/* Lets the nth allocation from now fail, once (1 is the next); 0 takes the
 * order back. For tests that try every place where memory can run out. */
void rt_alloc_fail_nth(size_t nth);

/* --- allocators ---------------------------------------------------------- */

/* Three functions that do the work of the three above (PyMemAllocatorEx).
 * context is passed to each of them. */
struct rt_allocator {
    void *context;
    void *(*alloc)(void *context, size_t size);
    void *(*realloc)(void *context, void *block, size_t size);
    void (*free)(void *context, void *block);
};

/* The allocator at work (PyMem_GetAllocator), and another one from now on
 * (PyMem_SetAllocator). A block goes back to whoever gave it, so either no
 * block is live, or the new allocator passes everything on to the old one:
 * then it is a hook, and takes itself out by setting the old one again. */
struct rt_allocator rt_alloc_get(void);
void rt_alloc_set(const struct rt_allocator *allocator);

/* Whether blocks come straight from the private heap now, with nobody to watch
 * each of them. */
bool rt_alloc_is_heap(void);

/* What there is to set, by the names of PYTHONMALLOC. The first, the one at
 * the start, does all that is promised above; of the others live blocks and
 * bytes, filling, guarding and ordered failures are not to be had, and a
 * realloc may leave the block where it is. */
extern const struct rt_allocator rt_allocator_debug;  // pymalloc_debug
extern const struct rt_allocator rt_allocator_heap;   // pymalloc
extern const struct rt_allocator rt_allocator_malloc; // malloc

#endif
