/* Huge: the private heap's blocks of some MiB and more.
 *
 * Not in CPython, where they come from malloc like all that is too large for a
 * pool. For such a block the price is its first touch: the system has to find
 * and clear each page, which takes longer than what most programs do with it.
 * So three things are done here that malloc does not do:
 *
 *   - the pages are huge ones, of 2 MiB, where the system has them: a block
 *     read at random is found sooner, and grown by moving few of them
 *   - a block that was freed stays, with its pages, for the next; the system
 *     may take the pages of those that wait when it is short of memory
 *   - a block in the place of a larger one has room up to that one's end, and
 *     so a list that grows as far as another did touches nothing new
 *
 * Blocks begin with a page of 2 MiB. Everything here is guarded by the GIL. */
#ifndef LABS_RUNTIME_HUGE_H
#define LABS_RUNTIME_HUGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RT_HUGE_PAGE_BYTES = 2 << 20,
    RT_HUGE_BYTES = 2 * RT_HUGE_PAGE_BYTES, // what is smaller is not for here
    RT_HUGE_MOST_WAITING_BYTES = 128 << 20  // in all that wait
};

/* A new block of this size, not cleared, or NULL without memory. Give it back
 * with rt_huge_free(). */
void *rt_huge_alloc(size_t size);

/* A block of this size with the content of the old one, as far as both have
 * room; it may lie elsewhere. On failure NULL, and the old one is untouched.
 */
void *rt_huge_realloc(void *memory, size_t size);
void rt_huge_free(void *memory);

/* How many bytes the block was asked to have; 0: it is none of these. */
size_t rt_huge_size(const void *memory);

/* Gives what waits back to the system. */
void rt_huge_trim(void);

#endif
