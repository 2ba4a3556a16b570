#include "labs/runtime/alloc.h"

#include <stdbool.h>
#include <stdlib.h>

#include "labs/runtime/alloc_debug.h"
#include "labs/runtime/heap.h"

static void *
heap_alloc(void *context, size_t size)
{
    (void)context;
    return rt_heap_alloc(size);
}

static void *
heap_realloc(void *context, void *block, size_t size)
{
    (void)context;
    return rt_heap_realloc(block, size);
}

static void
heap_free(void *context, void *block)
{
    (void)context;
    rt_heap_free(block);
}

static void *
malloc_alloc(void *context, size_t size)
{
    (void)context;
    return malloc(size == 0 ? 1 : size);
}

static void *
malloc_realloc(void *context, void *block, size_t size)
{
    (void)context;
    return realloc(block, size == 0 ? 1 : size);
}

static void
malloc_free(void *context, void *block)
{
    (void)context;
    free(block);
}

const struct rt_allocator rt_allocator_heap = {
    .alloc = heap_alloc,
    .realloc = heap_realloc,
    .free = heap_free,
};

const struct rt_allocator rt_allocator_malloc = {
    .alloc = malloc_alloc,
    .realloc = malloc_realloc,
    .free = malloc_free,
};

const struct rt_allocator rt_allocator_debug = {
    .alloc = rt_debug_alloc,
    .realloc = rt_debug_realloc,
    .free = rt_debug_free,
};

static struct rt_allocator current = {
    .alloc = rt_debug_alloc,
    .realloc = rt_debug_realloc,
    .free = rt_debug_free,
};

/* Whether `current` is the heap without anything in between, which then need
 * not be called through pointers. */
static bool is_plain_heap;

struct rt_allocator
rt_alloc_get(void)
{
    return current;
}

void
rt_alloc_set(const struct rt_allocator *allocator)
{
    current = *allocator;
    is_plain_heap = current.alloc == heap_alloc &&
                    current.realloc == heap_realloc &&
                    current.free == heap_free;
}

bool
rt_alloc_is_heap(void)
{
    return is_plain_heap;
}

void *
rt_alloc(size_t size)
{
    return is_plain_heap ? rt_heap_alloc(size)
                         : current.alloc(current.context, size);
}

void *
rt_realloc(void *block, size_t size)
{
    return is_plain_heap ? rt_heap_realloc(block, size)
                         : current.realloc(current.context, block, size);
}

void
rt_free(void *block)
{
    if (is_plain_heap) {
        rt_heap_free(block);
    }
    else {
        current.free(current.context, block);
    }
}
