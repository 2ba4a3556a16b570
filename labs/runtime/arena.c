#include "labs/runtime/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

/* The usable arenas are a list that is sorted by free pools, fewest first.
 * Lending and taking back change that number by one, so an arena never moves
 * far: past those that have exactly as many as it has now. last_with[n] is
 * the last arena of the list with n free pools, or NULL, and makes that one
 * step, whatever the number of arenas (nfp2lasta in CPython):
 *
 *   usable -> A:1 -> B:1 -> C:3 -> D:64      last_with[1] = B, [3] = C,
 *                                                     [64] = D, else NULL
 *
 * Say a pool of A comes back. A has 2 now and belongs behind B, which is
 * last_with[1]. Lending moves nothing: it takes from the head, and the head
 * with one pool less is the head all the more. */
static struct rt_arena *usable;
static struct rt_arena *last_with[RT_ARENA_POOLS + 1];

static struct rt_arena *all;
static struct rt_arena_counts counts;

bool *rt_arena_map[RT_ARENA_MAP_LEAVES];

/* --- memory from the system ---------------------------------------------- */

/* Most of the price of memory is its first touch, page by page, and then the
 * search for the page at each access to one that was not used lately. Both are
 * far less for huge pages, which the system has where 2 MiB are asked for at
 * once. So arenas come in pairs, and the other one waits here for its turn.
 * The very first pair, which is more than a small program needs, gets its
 * pages when they are used.
 *
 * What comes back waits here, too, with its pages. When there is plenty, the
 * system may take the pages of a pair away as soon as it is short of memory
 * (MADV_FREE): then they are as if never touched. */
enum {
    PAIR_BYTES = 2 * RT_ARENA_BYTES, // a huge page
    PLENTY = 16,                     // arenas
    MOST_WAITING = 4096              // the others go back for good
};
static unsigned char *waiting[MOST_WAITING];
static size_t waiting_count;
static bool is_first = true;

/* mmap aligns to pages only. So it maps twice as much and gives back what
 * lies before and behind the aligned half. */
static unsigned char *
map_pair(void)
{
    unsigned char *wide = mmap(NULL, 2 * PAIR_BYTES, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (wide == MAP_FAILED) {
        return NULL;
    }
    size_t before = -(uintptr_t)wide % PAIR_BYTES;
    if (before > 0) {
        munmap(wide, before);
    }
    munmap(wide + before + PAIR_BYTES, PAIR_BYTES - before);
    return wide + before;
}

static void *
map_arena(void *context)
{
    (void)context;
    if (waiting_count > 0) {
        return waiting[--waiting_count];
    }
    unsigned char *pair = map_pair();
    if (pair == NULL) {
        return NULL;
    }
    if (!is_first) {
        // Only advice: failing, it does no harm.
        madvise(pair, PAIR_BYTES, MADV_HUGEPAGE);
        madvise(pair, PAIR_BYTES, MADV_POPULATE_WRITE);
    }
    is_first = false;
    waiting[waiting_count++] = pair + RT_ARENA_BYTES;
    return pair;
}

static void
unmap_arena(void *context, void *memory)
{
    (void)context;
    if (waiting_count == MOST_WAITING) {
        munmap(memory, RT_ARENA_BYTES);
        return;
    }
    waiting[waiting_count++] = memory;
    unsigned char *other =
        (unsigned char *)((uintptr_t)memory ^ RT_ARENA_BYTES);
    if (waiting_count > PLENTY && !rt_arena_holds(other)) {
        unsigned char *pair = (unsigned char *)memory < other ? memory : other;
        madvise(pair, PAIR_BYTES, MADV_FREE);
    }
}

static struct rt_arena_source source = {NULL, map_arena, unmap_arena};

void
rt_arena_set_source(const struct rt_arena_source *new_source)
{
    source = new_source != NULL
                 ? *new_source
                 : (struct rt_arena_source){NULL, map_arena, unmap_arena};
}

/* --- arenas -------------------------------------------------------------- */

/* Says whether there is an arena in this MiB. 0, or -1 without memory for a
 * leaf; a leaf once made is there for good. */
static int
enter_in_map(const unsigned char *memory, bool is_arena)
{
    uintptr_t number = (uintptr_t)memory / RT_ARENA_BYTES;
    assert(number / RT_ARENA_MAP_LEAF < RT_ARENA_MAP_LEAVES);
    bool **leaf = &rt_arena_map[number / RT_ARENA_MAP_LEAF];
    if (*leaf == NULL) {
        *leaf = calloc(RT_ARENA_MAP_LEAF, sizeof(**leaf));
        if (*leaf == NULL) {
            return -1;
        }
    }
    (*leaf)[number % RT_ARENA_MAP_LEAF] = is_arena;
    return 0;
}

static void
count_new_arena(void)
{
    counts.total++;
    counts.current++;
    if (counts.current > counts.highwater) {
        counts.highwater = counts.current;
    }
}

/* A new arena, of all but not yet of the usable ones (new_arena). */
static struct rt_arena *
arena_new(void)
{
    struct rt_arena *arena = malloc(sizeof(*arena));
    unsigned char *memory =
        arena == NULL ? NULL : source.alloc(source.context);
    if (memory == NULL || enter_in_map(memory, true) != 0) {
        goto failed;
    }
    *arena = (struct rt_arena){
        .memory = memory,
        .fresh = memory,
        .free_pools = RT_ARENA_POOLS,
        .all_next = all,
        .source = source,
    };
    if (all != NULL) {
        all->all_prev = arena;
    }
    all = arena;
    count_new_arena();
    return arena;

failed:
    if (memory != NULL) {
        source.free(source.context, memory);
    }
    free(arena);
    return NULL;
}

static void
arena_free(struct rt_arena *arena)
{
    enter_in_map(arena->memory, false);
    *(arena->all_prev == NULL ? &all : &arena->all_prev->all_next) =
        arena->all_next;
    if (arena->all_next != NULL) {
        arena->all_next->all_prev = arena->all_prev;
    }
    counts.current--;
    arena->source.free(arena->source.context, arena->memory);
    free(arena);
}

/* --- the sorted list ----------------------------------------------------- */

static void
unlink_usable(struct rt_arena *arena)
{
    *(arena->prev == NULL ? &usable : &arena->prev->next) = arena->next;
    if (arena->next != NULL) {
        arena->next->prev = arena->prev;
    }
}

/* Links the arena behind place, or as the first if that is NULL. */
static void
link_usable(struct rt_arena *arena, struct rt_arena *place)
{
    arena->prev = place;
    struct rt_arena **link = place == NULL ? &usable : &place->next;
    arena->next = *link;
    *link = arena;
    if (arena->next != NULL) {
        arena->next->prev = arena;
    }
}

/* Before the arena's number of free pools changes: it is no longer the last
 * one with the old number. */
static void
leave_its_number(const struct rt_arena *arena)
{
    uint32_t number = arena->free_pools;
    if (last_with[number] == arena) {
        struct rt_arena *before = arena->prev;
        bool same = before != NULL && before->free_pools == number;
        last_with[number] = same ? before : NULL;
    }
}

/* --- pools --------------------------------------------------------------- */

/* The next pool that was never lent. Its memory comes from mmap and so holds
 * zeros. */
static struct rt_pool *
carve_pool(struct rt_arena *arena)
{
    struct rt_pool *pool = (void *)arena->fresh;
    arena->fresh += RT_POOL_BYTES;
    pool->arena = arena;
    pool->size_class = RT_POOL_NO_CLASS;
    return pool;
}

struct rt_pool *
rt_pool_new(void)
{
    if (usable == NULL) {
        struct rt_arena *fresh = arena_new();
        if (fresh == NULL) {
            return NULL;
        }
        link_usable(fresh, NULL);
        last_with[fresh->free_pools] = fresh;
    }
    struct rt_arena *arena = usable;
    struct rt_pool *pool = arena->first_free;
    if (pool != NULL) {
        arena->first_free = pool->next;
    }
    else {
        pool = carve_pool(arena);
    }
    leave_its_number(arena);
    arena->free_pools--;
    if (arena->free_pools > 0) {
        /* The head had the fewest, so nobody else has this number. */
        last_with[arena->free_pools] = arena;
    }
    else {
        unlink_usable(arena);
    }
    return pool;
}

void
rt_pool_free(struct rt_pool *pool)
{
    struct rt_arena *arena = pool->arena;
    pool->next = arena->first_free;
    arena->first_free = pool;

    if (arena->free_pools == 0) {
        /* It was used up and in no list; one free pool is the least. */
        arena->free_pools = 1;
        link_usable(arena, NULL);
        if (last_with[1] == NULL) {
            last_with[1] = arena;
        }
        return;
    }

    struct rt_arena *last = last_with[arena->free_pools];
    leave_its_number(arena);
    arena->free_pools++;
    if (arena->free_pools == RT_ARENA_POOLS && arena->next != NULL) {
        unlink_usable(arena);
        arena_free(arena);
        return;
    }
    if (last_with[arena->free_pools] == NULL) {
        last_with[arena->free_pools] = arena;
    }
    if (last != arena) {
        unlink_usable(arena);
        link_usable(arena, last);
    }
}

/* --- to look at ---------------------------------------------------------- */

const struct rt_arena *
rt_arena_all(void)
{
    return all;
}

const struct rt_arena *
rt_arena_usable(void)
{
    return usable;
}

struct rt_arena_counts
rt_arena_counts(void)
{
    return counts;
}

static const char *
check_usable(size_t *length)
{
    const struct rt_arena *before = NULL;
    *length = 0;
    for (const struct rt_arena *arena = usable; arena != NULL;
         before = arena, arena = arena->next) {
        if (++*length > counts.current) {
            return "the usable arenas form a ring";
        }
        if (arena->prev != before) {
            return "a usable arena does not point back";
        }
        if (arena->free_pools == 0) {
            return "a usable arena has no free pool";
        }
        if (before != NULL && before->free_pools > arena->free_pools) {
            return "the usable arenas are not sorted by free pools";
        }
        bool last = arena->next == NULL ||
                    arena->next->free_pools != arena->free_pools;
        if (last && last_with[arena->free_pools] != arena) {
            return "last_with misses the last arena with its number";
        }
    }
    return NULL;
}

static const char *
check_arena(const struct rt_arena *arena)
{
    if (!rt_arena_holds(arena->memory)) {
        return "an arena is not in the map";
    }
    size_t free_pools =
        (size_t)(arena->memory + RT_ARENA_BYTES - arena->fresh) /
        RT_POOL_BYTES;
    for (const struct rt_pool *pool = arena->first_free; pool != NULL;
         pool = pool->next) {
        if (pool->arena != arena) {
            return "a free pool is in another arena's list";
        }
        if (pool->used != 0) {
            return "a free pool has blocks in use";
        }
        if (++free_pools > RT_ARENA_POOLS) {
            return "the free pools form a ring";
        }
    }
    return free_pools == arena->free_pools
               ? NULL
               : "the number of free pools is wrong";
}

const char *
rt_arena_check(void)
{
    size_t usable_arenas;
    const char *broken = check_usable(&usable_arenas);
    size_t arenas = 0;
    for (const struct rt_arena *arena = all; arena != NULL && broken == NULL;
         arena = arena->all_next) {
        arenas++;
        usable_arenas -= arena->free_pools > 0;
        broken = check_arena(arena);
    }
    if (broken == NULL && arenas != counts.current) {
        broken = "the number of arenas is wrong";
    }
    if (broken == NULL && usable_arenas != 0) {
        broken = "an arena with a free pool is not usable";
    }
    for (size_t n = 1; n <= RT_ARENA_POOLS && broken == NULL; n++) {
        if (last_with[n] != NULL && last_with[n]->free_pools != n) {
            broken = "last_with names an arena with another number";
        }
    }
    return broken;
}
