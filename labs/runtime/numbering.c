#include "labs/runtime/numbering.h"

#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"

enum {
    MIN_OBJECTS = 16,
    MIN_PAGES = 8,       // slots of the smallest table
    MIN_CHUNK_PAGES = 2, // of which there is memory at once
    MAX_CHUNK_PAGES = 256
};

typedef uint32_t page_numbers[RT_NUMBERING_PAGE_OBJECTS];

struct rt_numbering_chunk {
    struct rt_numbering_chunk *next; // the one before
    size_t size;                     // pages
    page_numbers pages[];
};

static int
grow_objects(struct rt_numbering *numbering)
{
    size_t room = numbering->room == 0 ? MIN_OBJECTS : 2 * numbering->room;
    struct rt_object **objects =
        rt_realloc(numbering->objects, room * sizeof(struct rt_object *));
    if (objects == NULL) {
        return -1;
    }
    numbering->objects = objects;
    numbering->room = room;
    return 0;
}

/* The table is at most half full, so a search ends soon. */
static int
grow_pages(struct rt_numbering *numbering)
{
    struct rt_numbering larger = {.page_room = numbering->page_room == 0
                                                   ? MIN_PAGES
                                                   : 2 * numbering->page_room};
    size_t bytes = larger.page_room * sizeof(*larger.pages);
    larger.pages = rt_alloc(bytes);
    if (larger.pages == NULL) {
        return -1;
    }
    memset(larger.pages, 0, bytes);
    for (size_t i = 0; i < numbering->page_room; i++) {
        const struct rt_numbering_page *old = &numbering->pages[i];
        if (old->numbers != NULL) {
            *rt_numbering_page_at(&larger, old->page) = *old;
        }
    }
    rt_free(numbering->pages);
    numbering->pages = larger.pages;
    numbering->page_room = larger.page_room;
    return 0;
}

static int
grow_chunks(struct rt_numbering *numbering)
{
    size_t size = numbering->chunks == NULL ? MIN_CHUNK_PAGES
                  : numbering->chunks->size == MAX_CHUNK_PAGES
                      ? MAX_CHUNK_PAGES
                      : 2 * numbering->chunks->size;
    struct rt_numbering_chunk *chunk =
        rt_alloc(sizeof(*chunk) + size * sizeof(page_numbers));
    if (chunk == NULL) {
        return -1;
    }
    chunk->next = numbering->chunks;
    chunk->size = size;
    numbering->chunks = chunk;
    numbering->chunk_left = size;
    return 0;
}

/* The numbers of this page, which are all 0 if it is new; NULL without
 * memory. */
static uint32_t *
numbers_of(struct rt_numbering *numbering, uintptr_t page)
{
    if (2 * numbering->page_count >= numbering->page_room &&
        grow_pages(numbering) != 0) {
        return NULL;
    }
    struct rt_numbering_page *found = rt_numbering_page_at(numbering, page);
    if (found->numbers != NULL) {
        return found->numbers;
    }
    if (numbering->chunk_left == 0 && grow_chunks(numbering) != 0) {
        return NULL;
    }
    numbering->chunk_left--;
    found->page = page;
    found->numbers = numbering->chunks->pages[numbering->chunk_left];
    memset(found->numbers, 0, sizeof(page_numbers));
    numbering->page_count++;
    return found->numbers;
}

int
rt_numbering_add(struct rt_numbering *numbering, struct rt_object *object)
{
    if (numbering->count == UINT32_MAX ||
        (numbering->count == numbering->room &&
         grow_objects(numbering) != 0)) {
        rt_error_no_memory();
        return -1;
    }
    uint32_t *numbers =
        numbers_of(numbering, (uintptr_t)object >> RT_NUMBERING_PAGE_SHIFT);
    if (numbers == NULL) {
        rt_error_no_memory();
        return -1;
    }
    numbering->objects[numbering->count++] = object;
    numbers[rt_numbering_offset(object)] = (uint32_t)numbering->count;
    return 0;
}

void
rt_numbering_release(struct rt_numbering *numbering)
{
    while (numbering->chunks != NULL) {
        struct rt_numbering_chunk *chunk = numbering->chunks;
        numbering->chunks = chunk->next;
        rt_free(chunk);
    }
    rt_free(numbering->pages);
    rt_free(numbering->objects);
    *numbering = (struct rt_numbering){0};
}
