#include "labs/runtime/huge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "labs/runtime/hashtable.h"

enum {
    MOST_WAITING = 8 // blocks
};

/* Pieces of the address space: whole pages, aligned to them. */
struct piece {
    unsigned char *memory; // NULL: none
    size_t room;
};

static const struct piece NO_PIECE;

/* What a block is known by; it lies outside of it. */
struct huge_block {
    struct rt_hash_entry entry;
    struct piece piece;
    size_t size; // as asked for; no more than there is room
};

static struct rt_hashtable blocks;

/* Those that were freed, the oldest first. */
static struct piece waiting[MOST_WAITING];
static size_t waiting_count, waiting_bytes;

// --- from the system -------------------------------------------------------

static size_t
whole_pages(size_t size)
{
    return size + (-size & (RT_HUGE_PAGE_BYTES - 1));
}

/* mmap() may align to small pages only. So it maps more, and what lies before
 * and behind goes back. */
static struct piece
map(size_t room)
{
    size_t wide = room + RT_HUGE_PAGE_BYTES;
    unsigned char *memory = mmap(NULL, wide, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NO_PIECE;
    }
    size_t before = -(uintptr_t)memory & (RT_HUGE_PAGE_BYTES - 1);
    if (before > 0) {
        munmap(memory, before);
    }
    munmap(memory + before + room, RT_HUGE_PAGE_BYTES - before);
    madvise(memory + before, room, MADV_HUGEPAGE); // only advice
    return (struct piece){memory + before, room};
}

/* The same with the pages of a smaller piece, which ends: they move, or stay
 * where they are if what lies behind them is free. */
static struct piece
extend(struct piece piece, size_t room)
{
    if (mremap(piece.memory, piece.room, room, 0) != MAP_FAILED) {
        return (struct piece){piece.memory, room};
    }
    struct piece larger = map(room);
    if (larger.memory != NULL &&
        mremap(piece.memory, piece.room, room, MREMAP_MAYMOVE | MREMAP_FIXED,
               larger.memory) == MAP_FAILED) {
        munmap(larger.memory, room);
        return NO_PIECE;
    }
    return larger;
}

// --- what waits ------------------------------------------------------------

static struct piece
take_waiting(size_t at)
{
    struct piece piece = waiting[at];
    waiting_count--;
    waiting_bytes -= piece.room;
    memmove(&waiting[at], &waiting[at + 1],
            (waiting_count - at) * sizeof(piece));
    return piece;
}

/* The smallest that has so much room, or none. */
static struct piece
take_fitting(size_t room)
{
    size_t best = waiting_count;
    for (size_t i = 0; i < waiting_count; i++) {
        if (waiting[i].room >= room &&
            (best == waiting_count || waiting[i].room < waiting[best].room)) {
            best = i;
        }
    }
    return best == waiting_count ? NO_PIECE : take_waiting(best);
}

static void
drop_oldest(void)
{
    struct piece oldest = take_waiting(0);
    munmap(oldest.memory, oldest.room);
}

static void
let_wait(struct piece piece)
{
    if (piece.room > RT_HUGE_MOST_WAITING_BYTES) {
        munmap(piece.memory, piece.room);
        return;
    }
    while (waiting_count == MOST_WAITING ||
           waiting_bytes + piece.room > RT_HUGE_MOST_WAITING_BYTES) {
        drop_oldest();
    }
    madvise(piece.memory, piece.room, MADV_FREE); // whoever needs them more
    waiting[waiting_count++] = piece;
    waiting_bytes += piece.room;
}

void
rt_huge_trim(void)
{
    while (waiting_count > 0) {
        drop_oldest();
    }
}

/* A piece with at least so much room: one that waits, or a new one. */
static struct piece
find_piece(size_t room)
{
    struct piece piece = take_fitting(room);
    if (piece.memory == NULL) {
        piece = map(room);
    }
    if (piece.memory == NULL) {
        rt_huge_trim();
        piece = map(room);
    }
    return piece;
}

// --- blocks ----------------------------------------------------------------

static uint64_t
hash_of(const void *block)
{
    return rt_hash_mix((uintptr_t)block);
}

static bool
begins(const struct rt_hash_entry *entry, const void *block)
{
    return ((const struct huge_block *)entry)->piece.memory == block;
}

/* Nearly all that is asked for does not begin with a page. */
static struct huge_block *
find(const void *block)
{
    if (((uintptr_t)block & (RT_HUGE_PAGE_BYTES - 1)) != 0) {
        return NULL;
    }
    return (struct huge_block *)rt_hashtable_find(&blocks, hash_of(block),
                                                  begins, block);
}

static void
set_piece(struct huge_block *block, struct piece piece)
{
    block->piece = piece;
    block->entry.hash = hash_of(piece.memory);
}

void *
rt_huge_alloc(size_t size)
{
    struct huge_block *block = malloc(sizeof(*block));
    if (block == NULL) {
        return NULL;
    }
    struct piece piece = find_piece(whole_pages(size));
    if (piece.memory == NULL) {
        free(block);
        return NULL;
    }
    set_piece(block, piece);
    block->size = size;
    if (rt_hashtable_add(&blocks, &block->entry) != 0) {
        let_wait(piece);
        free(block);
        return NULL;
    }
    return piece.memory;
}

/* A piece with more room and the block's content, by the shortest way: one
 * that waits, so that this need not be done again soon; or its own pages and
 * new ones behind them. The old piece has ended, or waits. */
static struct piece
find_larger(const struct huge_block *block, size_t room)
{
    struct piece larger = take_fitting(room);
    if (larger.memory == NULL) {
        return extend(block->piece, room);
    }
    memcpy(larger.memory, block->piece.memory, block->size);
    let_wait(block->piece);
    return larger;
}

/* What a block that has become far smaller needs no more goes back. */
static void
cut(struct huge_block *block, size_t room)
{
    munmap(block->piece.memory + room, block->piece.room - room);
    block->piece.room = room;
}

void *
rt_huge_realloc(void *memory, size_t size)
{
    struct huge_block *block = find(memory);
    assert(block != NULL);
    size_t room = whole_pages(size);
    if (room > block->piece.room) {
        struct piece larger = find_larger(block, room);
        if (larger.memory == NULL) {
            return NULL;
        }
        rt_hashtable_remove(&blocks, &block->entry);
        set_piece(block, larger);
        rt_hashtable_add(&blocks, &block->entry); // there is room for it
    }
    else if (size < block->size && room < block->piece.room / 2) {
        cut(block, room);
    }
    block->size = size;
    return block->piece.memory;
}

void
rt_huge_free(void *memory)
{
    struct huge_block *block = find(memory);
    assert(block != NULL);
    rt_hashtable_remove(&blocks, &block->entry);
    let_wait(block->piece);
    free(block);
}

size_t
rt_huge_size(const void *memory)
{
    const struct huge_block *block = find(memory);
    return block == NULL ? 0 : block->size;
}
