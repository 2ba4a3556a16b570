#include "labs/runtime/alloc.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* In front of each block. Its size is a multiple of the strictest alignment,
 * so the block behind it is aligned as malloc's own are. */
struct header {
    _Alignas(max_align_t) size_t size; // bytes the caller asked for
    size_t state;                      // LIVE until rt_free()
};

enum {
    LIVE = 0x11FE
};

/* Guarded by the GIL. */
static size_t live_blocks;
static size_t live_bytes;
static size_t fail_countdown; // 0: no failure ordered

/* Whether this allocation is the one that was ordered to fail. */
static bool
must_fail(void)
{
    if (fail_countdown == 0) {
        return false;
    }
    fail_countdown--;
    return fail_countdown == 0;
}

static struct header *
header_of(void *block)
{
    struct header *header = (struct header *)block - 1;
    assert(header->state == LIVE && "not a block, or freed twice");
    return header;
}

void *
rt_alloc(size_t size)
{
    if (must_fail() || size > SIZE_MAX - sizeof(struct header)) {
        return NULL;
    }
    struct header *header = malloc(sizeof(*header) + size);
    if (header == NULL) {
        return NULL;
    }
    header->size = size;
    header->state = LIVE;
    live_blocks++;
    live_bytes += size;
    memset(header + 1, RT_ALLOC_CLEAN_BYTE, size);
    return header + 1;
}

void *
rt_realloc(void *block, size_t size)
{
    void *moved = rt_alloc(size);
    if (moved == NULL || block == NULL) {
        return moved;
    }
    size_t old_size = header_of(block)->size;
    memcpy(moved, block, old_size < size ? old_size : size);
    rt_free(block);
    return moved;
}

void
rt_free(void *block)
{
    if (block == NULL) {
        return;
    }
    struct header *header = header_of(block);
    live_blocks--;
    live_bytes -= header->size;
    memset(block, RT_ALLOC_DEAD_BYTE, header->size);
    header->state = 0;
    free(header);
}

size_t
rt_alloc_live_blocks(void)
{
    return live_blocks;
}

size_t
rt_alloc_live_bytes(void)
{
    return live_bytes;
}

void
rt_alloc_fail_nth(size_t nth)
{
    fail_countdown = nth;
}
