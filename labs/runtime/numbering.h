/* Numbering: numbers objects in the order in which they are met.
 *
 * For walks over what holds each other: was this object met before, and as
 * which one? The walk itself needs no stack then. What was numbered is a
 * queue: who goes through it from number 1 on, and numbers what each object
 * holds, has met everything when he reaches the end, as in Cheney's collector.
 *
 * Objects that were made one after the other lie side by side, and so do their
 * numbers, because walks follow such neighbours. Memory is cut into pages, and
 * each page that has a numbered object has a small array:
 *
 *   address   | page                 | object in it | byte |
 *                  |                        |
 *                hashed -> numbers [ 0 0 7 0 0 8 0 ... ]     0: not met
 *
 * Only addresses are looked at, so an object must not die while it has a
 * number. */
#ifndef LABS_RUNTIME_NUMBERING_H
#define LABS_RUNTIME_NUMBERING_H

#include <stddef.h>
#include <stdint.h>

struct rt_object;

enum {
    RT_NUMBERING_OBJECT_SHIFT = 4, // no object is smaller than 16 bytes
    RT_NUMBERING_PAGE_SHIFT = 10,
    RT_NUMBERING_PAGE_OBJECTS =
        1 << (RT_NUMBERING_PAGE_SHIFT - RT_NUMBERING_OBJECT_SHIFT)
};

/* Zeroed it is empty. */
struct rt_numbering {
    struct rt_object **objects; // borrowed; number 1 is the first
    size_t count, room;
    struct rt_numbering_page {
        uintptr_t page;    // address of its beginning, shifted
        uint32_t *numbers; // of its objects; NULL: this slot is free
    } * pages;
    size_t page_count, page_room;      // page_room: a power of two, or 0
    struct rt_numbering_chunk *chunks; // the memory of all numbers
    size_t chunk_left;                 // pages that the newest has left
};

/* Where the page is, or would be; page_room is not 0. */
static inline struct rt_numbering_page *
rt_numbering_page_at(const struct rt_numbering *numbering, uintptr_t page)
{
    size_t mask = numbering->page_room - 1;
    size_t at = (size_t)(page * UINT64_C(0x9E3779B97F4A7C15) >> 32) & mask;
    while (numbering->pages[at].numbers != NULL &&
           numbering->pages[at].page != page) {
        at = (at + 1) & mask;
    }
    return &numbering->pages[at];
}

static inline size_t
rt_numbering_offset(const void *object)
{
    return ((uintptr_t)object >> RT_NUMBERING_OBJECT_SHIFT) &
           (RT_NUMBERING_PAGE_OBJECTS - 1);
}

/* The object's number; 0: it has none. */
static inline size_t
rt_numbering_find(const struct rt_numbering *numbering,
                  const struct rt_object *object)
{
    if (numbering->page_room == 0) {
        return 0;
    }
    const struct rt_numbering_page *page = rt_numbering_page_at(
        numbering, (uintptr_t)object >> RT_NUMBERING_PAGE_SHIFT);
    return page->numbers == NULL ? 0
                                 : page->numbers[rt_numbering_offset(object)];
}

/* Gives the next number to an object that has none. 0, or -1 with a pending
 * memory error and nothing changed. */
int rt_numbering_add(struct rt_numbering *numbering, struct rt_object *object);

/* Gives its memory back; it is empty again. */
void rt_numbering_release(struct rt_numbering *numbering);

#endif
