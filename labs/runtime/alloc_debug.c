#include "labs/runtime/alloc_debug.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/heap.h"
#include "labs/runtime/trace.h"

#ifndef __has_feature
#define __has_feature(feature) 0 // gcc has a macro instead
#endif

/* Where the blocks come from: the private heap. Address sanitizer knows only
 * what malloc gives, so it gets each block from there, and nothing behind it:
 * it finds a write past the end itself, in the moment it happens. CPython's
 * configure leaves pymalloc out for the same reason. */
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
static const struct rt_allocator *const BENEATH = &rt_allocator_malloc;
enum {
    TAIL = 0
};
#else
static const struct rt_allocator *const BENEATH = &rt_allocator_heap;
enum {
    TAIL = 8 // forbidden bytes behind the block
};
#endif

enum {
    LIVE = 'o', // the domain of objects, PYMEM_DOMAIN_OBJ
    PAD = 7     // forbidden bytes before the block
};

/* In front of each block. Its size is a multiple of the strictest alignment,
 * so the block behind it is aligned as the heap's own are. Freed, the heap
 * uses the first 8 bytes to link it, and id is still there to be asked. */
struct header {
    _Alignas(max_align_t) size_t size; // bytes the caller asked for
    unsigned char id;                  // LIVE until it is freed
    unsigned char pad[PAD];
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

/* --- guards -------------------------------------------------------------- */

static bool
all_forbidden(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != RT_ALLOC_FORBIDDEN_BYTE) {
            return false;
        }
    }
    return true;
}

static const unsigned char *
tail_of(const struct header *header)
{
    return (const unsigned char *)(header + 1) + header->size;
}

const char *
rt_debug_check(const void *block)
{
    const struct header *header = (const struct header *)block - 1;
    if (header->id != LIVE) {
        return "bad ID";
    }
    /* First the front: when it is overwritten, so may the size be, and then
     * nobody knows where the tail is. */
    if (!all_forbidden(header->pad, PAD)) {
        return "bad leading pad byte";
    }
    if (!all_forbidden(tail_of(header), TAIL)) {
        return "bad trailing pad byte";
    }
    return NULL;
}

/* Describes some guard bytes; name and offset tell how to call the first. */
static void
dump_guard(const unsigned char *bytes, int count, const char *name, int offset)
{
    if (all_forbidden(bytes, (size_t)count)) {
        fprintf(stderr, "FORBIDDENBYTE, as expected.\n");
        return;
    }
    fprintf(stderr, "not all FORBIDDENBYTE (0x%02x):\n",
            RT_ALLOC_FORBIDDEN_BYTE);
    for (int i = 0; i < count; i++) {
        fprintf(stderr, "        at %s%+d: 0x%02x%s\n", name, offset + i,
                bytes[i],
                bytes[i] == RT_ALLOC_FORBIDDEN_BYTE ? "" : " *** OUCH");
    }
}

/* The first and the last eight bytes. */
static void
dump_data(const unsigned char *block, size_t size)
{
    fprintf(stderr, "    Data at p:");
    for (size_t i = 0; i < size; i++) {
        if (i == 8 && size > 16) {
            fprintf(stderr, " ...");
            i = size - 8;
        }
        fprintf(stderr, " %02x", block[i]);
    }
    fprintf(stderr, "\n");
}

/* Says all that is known of a block, in CPython's words
 * (_PyObject_DebugDumpAddress). */
static void
dump_block(const struct header *header)
{
    const unsigned char *block = (const unsigned char *)(header + 1);
    fprintf(stderr,
            "Debug memory block at address p=%p: API '%c'\n"
            "    %zu bytes originally requested\n"
            "    The %d pad bytes at p-%d are ",
            (const void *)block, header->id, header->size, PAD, PAD);
    dump_guard(header->pad, PAD, "p", -PAD);
    if (!all_forbidden(header->pad, PAD)) {
        fprintf(stderr, "    Because memory is corrupted at the start, the "
                        "count of bytes requested\n"
                        "       may be bogus, and checking the trailing pad "
                        "bytes may segfault.\n");
        return;
    }
    fprintf(stderr, "    The %d pad bytes at tail=%p are ", TAIL,
            (const void *)tail_of(header));
    dump_guard(tail_of(header), TAIL, "tail", 0);
    dump_data(block, header->size);
    rt_trace_dump(block, stderr);
}

/* The header of a block that is about to go back. */
static struct header *
checked_header(void *block)
{
    struct header *header = (struct header *)block - 1;
    const char *broken = rt_debug_check(block);
    if (broken != NULL && header->id == LIVE) {
        dump_block(header);
        fprintf(stderr, "rt_free: %s\n", broken);
    }
    assert(header->id == LIVE && "not a block, or freed twice");
    assert(broken == NULL && "bytes before or behind the block were written");
    return header;
}

/* --- the three functions ------------------------------------------------- */

void *
rt_debug_alloc(void *context, size_t size)
{
    (void)context;
    if (must_fail() || size > PTRDIFF_MAX - sizeof(struct header) - TAIL) {
        return NULL;
    }
    struct header *header =
        BENEATH->alloc(BENEATH->context, sizeof(*header) + size + TAIL);
    if (header == NULL) {
        return NULL;
    }
    header->size = size;
    header->id = LIVE;
    memset(header->pad, RT_ALLOC_FORBIDDEN_BYTE, PAD);
    unsigned char *block = (unsigned char *)(header + 1);
    if (!RT_HEAP_IS_BYPASSED) {
        memset(block, RT_ALLOC_CLEAN_BYTE, size);
    }
    memset(block + size, RT_ALLOC_FORBIDDEN_BYTE, TAIL);
    live_blocks++;
    live_bytes += size;
    return block;
}

void *
rt_debug_realloc(void *context, void *block, size_t size)
{
    void *moved = rt_debug_alloc(context, size);
    if (moved == NULL || block == NULL) {
        return moved;
    }
    size_t old_size = checked_header(block)->size;
    memcpy(moved, block, old_size < size ? old_size : size);
    rt_debug_free(context, block);
    return moved;
}

void
rt_debug_free(void *context, void *block)
{
    (void)context;
    if (block == NULL) {
        return;
    }
    struct header *header = checked_header(block);
    live_blocks--;
    live_bytes -= header->size;
    memset(header, RT_ALLOC_DEAD_BYTE, sizeof(*header) + header->size + TAIL);
    BENEATH->free(BENEATH->context, header);
}

/* --- the account --------------------------------------------------------- */

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
