#include "grader/snapshot.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

enum {
    MOST_BYTES = 32 << 20, // of all objects: more takes too long to look at
    RANGES = SNAPSHOT_OBJECTS * 2,
    PAGE_BYTES = 4096,
    BLOCK = PAGE_BYTES / sizeof(uint64_t), // words
    MOST_BLOCKS = MOST_BYTES / PAGE_BYTES + RANGES
};

/* Memory that may be written, in words. */
struct range {
    uint64_t *words;
    size_t count;
    uint64_t *copy; // but for the blocks that were empty
    bool *is_empty; // of each block
};

static struct range ranges[RANGES];
static size_t range_count;
static bool empty[MOST_BLOCKS];

/* The sanitizers must not look: between the variables lies what nobody but
 * this may touch. */
#define UNWATCHED __attribute__((no_sanitize_address))

/* Nearly all blocks are as they were. To see that of many words at a time is
 * what the compiler has instructions for, as long as it need not stop at the
 * first that differs. */
UNWATCHED static bool
is_same(const uint64_t *a, const uint64_t *b, size_t count)
{
    uint64_t difference = 0;
    if (count == BLOCK) {
        for (size_t i = 0; i < BLOCK; i++) {
            difference |= a[i] ^ b[i];
        }
        return difference == 0;
    }
    for (size_t i = 0; i < count; i++) {
        difference |= a[i] ^ b[i];
    }
    return difference == 0;
}

UNWATCHED static void
copy_words(uint64_t *to, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

static size_t
block_words(const struct range *range, size_t at)
{
    return range->count - at < BLOCK ? range->count - at : BLOCK;
}

/* What an empty block is compared with, and copied from. */
static const uint64_t NOTHING[BLOCK];

static void
add_range(uintptr_t start, uintptr_t end)
{
    if (start < end && range_count < RANGES) {
        union {
            uintptr_t address;
            uint64_t *words;
        } at = {.address = start};
        ranges[range_count++] = (struct range){
            .words = at.words, .count = (end - start) / sizeof(uint64_t)};
    }
}

/* The segments that can be written, but for what the loader has shut. */
static int
find_ranges(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    const struct link_map *map = context;
    uintptr_t shut = 0;
    if (info->dlpi_addr != map->l_addr) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_GNU_RELRO) {
            shut = (header->p_vaddr + header->p_memsz) &
                   ~(uintptr_t)(PAGE_BYTES - 1);
        }
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && (header->p_flags & PF_W) != 0) {
            uintptr_t start = (header->p_vaddr + 7) & ~(uintptr_t)7;
            uintptr_t end = header->p_vaddr + header->p_memsz;
            add_range(info->dlpi_addr + (start > shut ? start : shut),
                      info->dlpi_addr + end);
        }
    }
    return 1;
}

/* Pages that nobody has written stay without memory, here and in the copy. */
static void
remember(struct range *range)
{
    for (size_t at = 0; at < range->count; at += BLOCK) {
        size_t words = block_words(range, at);
        bool is_empty = is_same(range->words + at, NOTHING, words);
        range->is_empty[at / BLOCK] = is_empty;
        if (!is_empty) {
            copy_words(range->copy + at, range->words + at, words);
        }
    }
}

static void
put_back(const struct range *range)
{
    for (size_t at = 0; at < range->count; at += BLOCK) {
        size_t words = block_words(range, at);
        const uint64_t *before =
            range->is_empty[at / BLOCK] ? NOTHING : range->copy + at;
        if (!is_same(range->words + at, before, words)) {
            copy_words(range->words + at, before, words);
        }
    }
}

int
snapshot_take(void *const *objects, size_t count)
{
    range_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct link_map *map = NULL;
        if (dlinfo(objects[i], RTLD_DI_LINKMAP, &map) != 0) {
            return -1;
        }
        dl_iterate_phdr(find_ranges, map);
    }
    size_t bytes = 0;
    for (size_t i = 0; i < range_count; i++) {
        bytes += ranges[i].count * sizeof(uint64_t);
    }
    if (bytes > MOST_BYTES) {
        return -1;
    }
    size_t blocks = 0;
    for (size_t i = 0; i < range_count; i++) {
        struct range *range = &ranges[i];
        void *copy =
            mmap(NULL, range->count * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (copy == MAP_FAILED) {
            return -1;
        }
        range->copy = copy;
        range->is_empty = empty + blocks;
        blocks += (range->count + BLOCK - 1) / BLOCK;
        remember(range);
    }
    return 0;
}

void
snapshot_restore(void)
{
    for (size_t i = 0; i < range_count; i++) {
        put_back(&ranges[i]);
    }
}
