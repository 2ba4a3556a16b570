#include "labs/runtime/heap_stats.h"

#include <stdbool.h>
#include <stdint.h>

#include "labs/runtime/arena.h"

/* Calls visit with each pool that was ever lent; some may be back. Stops with
 * what visit returned as soon as that is not NULL. */
static const char *
each_pool(const char *(*visit)(const struct rt_pool *pool, void *data),
          void *data)
{
    for (const struct rt_arena *arena = rt_arena_all(); arena != NULL;
         arena = arena->all_next) {
        for (unsigned char *pool = arena->memory; pool < arena->fresh;
             pool += RT_POOL_BYTES) {
            const char *result = visit((const void *)pool, data);
            if (result != NULL) {
                return result;
            }
        }
    }
    return NULL;
}

static size_t
blocks_in_pool(size_t size_class)
{
    return (RT_POOL_BYTES - sizeof(struct rt_pool)) /
           rt_heap_class_bytes(size_class);
}

/* --- statistics ---------------------------------------------------------- */

static const char *
add_pool(const struct rt_pool *pool, void *data)
{
    struct rt_heap_stats *stats = data;
    if (pool->used > 0) {
        struct rt_heap_class_stats *mine = &stats->classes[pool->size_class];
        mine->pools++;
        mine->blocks += pool->used;
        mine->avail_blocks += blocks_in_pool(pool->size_class) - pool->used;
    }
    return NULL;
}

struct rt_heap_stats
rt_heap_stats(void)
{
    struct rt_arena_counts arenas = rt_arena_counts();
    struct rt_heap_stats stats = {
        .arenas_total = arenas.total,
        .arenas = arenas.current,
        .arenas_highwater = arenas.highwater,
        .free_pools = arenas.current * RT_ARENA_POOLS,
    };
    each_pool(add_pool, &stats);
    for (size_t i = 0; i < RT_HEAP_CLASSES; i++) {
        struct rt_heap_class_stats *mine = &stats.classes[i];
        size_t size = rt_heap_class_bytes(i);
        mine->block_bytes = size;
        stats.allocated_bytes += mine->blocks * size;
        stats.available_bytes += mine->avail_blocks * size;
        stats.free_pools -= mine->pools;
        stats.pool_header_bytes += mine->pools * sizeof(struct rt_pool);
        stats.quantization_bytes +=
            mine->pools * ((RT_POOL_BYTES - sizeof(struct rt_pool)) % size);
    }
    return stats;
}

/* The number with commas between its thousands, ending at end. Returns where
 * it begins. */
static char *
with_commas(char *end, size_t number)
{
    *--end = '\0';
    for (int digits = 0; digits == 0 || number > 0; digits++) {
        if (digits > 0 && digits % 3 == 0) {
            *--end = ',';
        }
        *--end = (char)('0' + number % 10);
        number /= 10;
    }
    return end;
}

/* One line of the account (_PyDebugAllocatorStats, printone). Returns the
 * number. */
static size_t
print_one(FILE *output, const char *what, size_t number)
{
    char buffer[32];
    fprintf(output, "%-35s=%21s\n", what,
            with_commas(buffer + sizeof(buffer), number));
    return number;
}

static void
print_arenas(const struct rt_heap_stats *stats, FILE *output)
{
    print_one(output, "# arenas allocated total", stats->arenas_total);
    print_one(output, "# arenas reclaimed",
              stats->arenas_total - stats->arenas);
    print_one(output, "# arenas highwater mark", stats->arenas_highwater);
    print_one(output, "# arenas allocated current", stats->arenas);
    char line[64];
    snprintf(line, sizeof(line), "%zu arenas * %d bytes/arena", stats->arenas,
             RT_ARENA_BYTES);
    print_one(output, line, stats->arenas * RT_ARENA_BYTES);
}

static void
print_bytes(const struct rt_heap_stats *stats, FILE *output)
{
    size_t total = 0;
    total += print_one(output, "# bytes in allocated blocks",
                       stats->allocated_bytes);
    total += print_one(output, "# bytes in available blocks",
                       stats->available_bytes);
    char line[64];
    snprintf(line, sizeof(line), "%zu unused pools * %d bytes",
             stats->free_pools, RT_POOL_BYTES);
    total += print_one(output, line, stats->free_pools * RT_POOL_BYTES);
    total += print_one(output, "# bytes lost to pool headers",
                       stats->pool_header_bytes);
    total += print_one(output, "# bytes lost to quantization",
                       stats->quantization_bytes);
    total += print_one(output, "# bytes lost to arena alignment", 0);
    print_one(output, "Total", total);
}

void
rt_heap_stats_print(const struct rt_heap_stats *stats, FILE *output)
{
    fprintf(output,
            "Small block threshold = %d, in %d size classes.\n\n"
            "class   size   num pools   blocks in use  avail blocks\n"
            "-----   ----   ---------   -------------  ------------\n",
            RT_HEAP_SMALL_BYTES, RT_HEAP_CLASSES);
    for (size_t i = 0; i < RT_HEAP_CLASSES; i++) {
        const struct rt_heap_class_stats *mine = &stats->classes[i];
        if (mine->pools > 0) {
            fprintf(output, "%5zu %6zu %11zu %15zu %13zu\n", i,
                    mine->block_bytes, mine->pools, mine->blocks,
                    mine->avail_blocks);
        }
    }
    fputc('\n', output);
    print_arenas(stats, output);
    fputc('\n', output);
    print_bytes(stats, output);
}

/* --- the checker --------------------------------------------------------- */

/* Blocks are either in use, free and linked, or were never given out. */
static const char *
check_blocks(const struct rt_pool *pool)
{
    const size_t size = rt_heap_class_bytes(pool->size_class);
    const size_t first = rt_heap_first_block(pool->size_class);
    const size_t given = (pool->fresh_offset - first) / size;
    size_t free_blocks = 0;
    for (const void *block = pool->free_block; block != NULL;
         block = *(void *const *)block) {
        uintptr_t offset = (uintptr_t)block - (uintptr_t)pool;
        if (offset < first || offset >= pool->fresh_offset ||
            (offset - first) % size != 0) {
            return "a free block is no block of its pool";
        }
        if (++free_blocks > given) {
            return "the free blocks form a ring";
        }
    }
    return pool->used + free_blocks == given
               ? NULL
               : "the number of blocks in use is wrong";
}

static const char *
check_lent_pool(const struct rt_pool *pool, void *data)
{
    size_t *with_room = data;
    if (pool->used == 0) {
        return NULL; // back in its arena, which rt_arena_check() looks at
    }
    if (pool->size_class >= RT_HEAP_CLASSES) {
        return "a pool in use has no size class";
    }
    *with_room += pool->free_block != NULL;
    if (pool->free_block == NULL &&
        pool->used != blocks_in_pool(pool->size_class)) {
        return "a pool without a free block is not full";
    }
    return check_blocks(pool);
}

static const char *
check_used_pools(size_t size_class, size_t *with_room)
{
    const struct rt_pool *before = NULL;
    for (const struct rt_pool *pool = rt_heap_used_pools(size_class);
         pool != NULL; before = pool, pool = pool->next) {
        if (pool->prev != before) {
            return "a used pool does not point back";
        }
        if (pool->size_class != size_class) {
            return "a pool is in the list of another size class";
        }
        if (pool->used == 0 || pool->free_block == NULL) {
            return "a used pool is full or empty";
        }
        if ((*with_room)-- == 0) {
            return "the used pools form a ring";
        }
    }
    return NULL;
}

const char *
rt_heap_check(void)
{
    const char *broken = rt_arena_check();
    size_t with_room = 0;
    if (broken == NULL) {
        broken = each_pool(check_lent_pool, &with_room);
    }
    for (size_t i = 0; i < RT_HEAP_CLASSES && broken == NULL; i++) {
        broken = check_used_pools(i, &with_room);
    }
    if (broken == NULL && with_room != 0) {
        broken = "a pool with room is not among the used pools";
    }
    return broken;
}
