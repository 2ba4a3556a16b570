#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/arena.h"
#include "labs/runtime/heap.h"
#include "labs/runtime/heap_stats.h"
#include "labs/testing.h"

#define assert_heap_is_whole()                                                \
    do {                                                                      \
        const char *broken_ = rt_heap_check();                                \
        if (broken_ != NULL) {                                                \
            fail_msg("%s", broken_);                                          \
        }                                                                     \
    } while (0)

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_arena_set_source(NULL);
    return rt_heap_blocks() == 0 && rt_heap_check() == NULL &&
                   rt_arena_counts().current <= 1
               ? 0
               : -1;
}

/* --- single blocks ------------------------------------------------------- */

static void
blocks_of_every_size_are_aligned_to_sixteen(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 1100; size++) {
        char *block = rt_heap_alloc(size);
        assert_non_null(block);
        assert_number((uintptr_t)block % 16, 0);
        memset(block, 1, size);
        rt_heap_free(block);
    }
    rt_heap_free(NULL);
}

static void
up_to_512_bytes_come_from_an_arena(void **state)
{
    (void)state;
    void *small = rt_heap_alloc(512);
    void *large = rt_heap_alloc(513);
    assert_true(rt_arena_holds(small));
    assert_false(rt_arena_holds(large));
    assert_number(rt_pool_of(small)->size_class, 31);
    assert_number(rt_heap_blocks(), 2);
    rt_heap_free(small);
    rt_heap_free(large);
}

static void
the_block_freed_last_is_given_out_first(void **state)
{
    (void)state;
    void *first = rt_heap_alloc(48);
    void *second = rt_heap_alloc(40);
    assert_ptr_equal((char *)second, (char *)first + 48);
    rt_heap_free(first);
    assert_ptr_equal(rt_heap_alloc(33), first);
    rt_heap_free(second);
    rt_heap_free(first);
}

static void
a_size_beyond_all_memory_fails(void **state)
{
    (void)state;
    volatile size_t huge = SIZE_MAX;
    assert_null(rt_heap_alloc(huge));
    assert_null(rt_heap_realloc(NULL, huge - 100));
}

/* --- realloc ------------------------------------------------------------- */

/* What CPython's pymalloc_realloc does with a block of 256 bytes. */
static void
realloc_moves_to_grow_or_to_save_a_quarter(void **state)
{
    (void)state;
    char *block = rt_heap_alloc(256);
    assert_ptr_equal(rt_heap_realloc(block, 256), block);
    assert_ptr_equal(rt_heap_realloc(block, 193), block);
    memcpy(block, "kept", 5);
    char *smaller = rt_heap_realloc(block, 192);
    assert_ptr_not_equal(smaller, block);
    assert_text(smaller, "kept");
    char *larger = rt_heap_realloc(smaller, 193);
    assert_ptr_not_equal(larger, smaller);
    assert_text(larger, "kept");
    char *raw = rt_heap_realloc(larger, 5000);
    assert_false(rt_arena_holds(raw));
    assert_text(raw, "kept");
    raw = rt_heap_realloc(raw, 16);
    assert_false(rt_arena_holds(raw));
    assert_text(raw, "kept");
    assert_number(rt_heap_blocks(), 1);
    rt_heap_free(raw);
}

/* --- pools and arenas ---------------------------------------------------- */

/* Two arenas of 64 pools with 31 blocks of 512 bytes each. */
enum {
    BLOCKS_PER_POOL = 31,
    BLOCKS_PER_ARENA = 64 * BLOCKS_PER_POOL
};

static void **
take(size_t count, size_t size)
{
    void **blocks = calloc(count, sizeof(*blocks));
    assert_non_null(blocks);
    for (size_t i = 0; i < count; i++) {
        blocks[i] = rt_heap_alloc(size);
        assert_non_null(blocks[i]);
    }
    return blocks;
}

static void
give(void **blocks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rt_heap_free(blocks[i]);
    }
    free(blocks);
}

static void
a_pool_has_as_many_blocks_as_in_cpython(void **state)
{
    (void)state;
    /* From sys._debugmallocstats() of 3.12: blocks in use and available. */
    static const size_t EXPECTED[][2] = {
        {16, 1021}, {32, 510}, {48, 340}, {64, 255},
        {80, 204},  {96, 170}, {400, 40}, {512, 31},
    };
    for (size_t i = 0; i < sizeof(EXPECTED) / sizeof(EXPECTED[0]); i++) {
        void *block = rt_heap_alloc(EXPECTED[i][0]);
        struct rt_heap_stats stats = rt_heap_stats();
        const struct rt_heap_class_stats *mine =
            &stats.classes[EXPECTED[i][0] / 16 - 1];
        assert_number(mine->pools, 1);
        assert_number(mine->blocks, 1);
        assert_number(mine->avail_blocks, EXPECTED[i][1] - 1);
        rt_heap_free(block);
    }
}

static void
a_full_pool_is_in_no_list_until_a_block_comes_back(void **state)
{
    (void)state;
    void **blocks = take(BLOCKS_PER_POOL, 512);
    assert_null(rt_heap_used_pools(31));
    assert_heap_is_whole();
    rt_heap_free(blocks[7]);
    assert_ptr_equal(rt_heap_used_pools(31), rt_pool_of(blocks[7]));
    assert_heap_is_whole();
    blocks[7] = rt_heap_alloc(512);
    give(blocks, BLOCKS_PER_POOL);
    assert_null(rt_heap_used_pools(31));
}

static void
an_empty_pool_serves_any_class(void **state)
{
    (void)state;
    void *small = rt_heap_alloc(16);
    struct rt_pool *pool = rt_pool_of(small);
    rt_heap_free(small);
    void *large = rt_heap_alloc(512);
    assert_ptr_equal(rt_pool_of(large), pool);
    assert_number(pool->size_class, 31);
    assert_heap_is_whole();
    rt_heap_free(large);
}

static void
the_last_block_of_a_pool_is_given_out_too(void **state)
{
    (void)state;
    void **blocks = take(1021, 16);
    assert_ptr_equal(rt_pool_of(blocks[1020]), rt_pool_of(blocks[0]));
    assert_number(rt_pool_of(blocks[0])->used, 1021);
    assert_heap_is_whole();
    give(blocks, 1021);
}

static void
a_pool_used_again_for_its_class_has_its_blocks_linked(void **state)
{
    (void)state;
    void *first = rt_heap_alloc(64);
    void *second = rt_heap_alloc(64);
    rt_heap_free(first);
    rt_heap_free(second);
    assert_ptr_equal(rt_heap_alloc(64), second);
    assert_ptr_equal(rt_heap_alloc(64), first);
    rt_heap_free(first);
    rt_heap_free(second);
}

/* Whole pools of eight arenas come and go at random; the arenas must be in
 * order after each. */
static void
arenas_stay_in_order_whatever_comes_back(void **state)
{
    (void)state;
    enum {
        POOLS = 8 * 64
    };
    static void *pools[POOLS];
    uint64_t random = 11;
    size_t total = rt_arena_counts().total;
    size_t before = rt_arena_counts().current;
    for (size_t i = 0; i < POOLS; i++) {
        pools[i] = rt_pool_new();
        ((struct rt_pool *)pools[i])->used = 0;
    }
    assert_number(rt_arena_counts().total, total + 8 - before);
    assert_number(rt_arena_counts().current, 8);
    for (int i = 0; i < 20000; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        /* Now few are lent, now many. */
        size_t reach = i / 1000 % 2 == 0 ? POOLS : POOLS / 8;
        size_t at = (random >> 33) % reach;
        if (pools[at] != NULL) {
            rt_pool_free(pools[at]);
            pools[at] = NULL;
        }
        else {
            pools[at] = rt_pool_new();
            ((struct rt_pool *)pools[at])->used = 0;
        }
        const char *broken = rt_arena_check();
        if (broken != NULL) {
            fail_msg("step %d: %s", i, broken);
        }
    }
    for (size_t i = 0; i < POOLS; i++) {
        if (pools[i] != NULL) {
            rt_pool_free(pools[i]);
            assert_null(rt_arena_check());
        }
    }
}

static void
an_empty_arena_goes_back_but_for_the_last_usable(void **state)
{
    (void)state;
    void **blocks = take(3 * BLOCKS_PER_ARENA, 512);
    assert_number(rt_arena_counts().current, 3);
    assert_null(rt_arena_usable());
    give(blocks, 3 * BLOCKS_PER_ARENA);
    assert_number(rt_arena_counts().current, 1);
    assert_number(rt_arena_usable()->free_pools, 64);
}

static void
the_fullest_arena_is_used_first(void **state)
{
    (void)state;
    void **blocks = take(2 * BLOCKS_PER_ARENA, 512);
    void **newer = blocks + BLOCKS_PER_ARENA;
    /* Three pools of the older come back, then two of the newer. */
    for (size_t i = 0; i < 3 * BLOCKS_PER_POOL; i++) {
        rt_heap_free(blocks[i]);
    }
    for (size_t i = 0; i < 2 * BLOCKS_PER_POOL; i++) {
        rt_heap_free(newer[i]);
    }
    const struct rt_arena *fullest = rt_pool_of(newer[0])->arena;
    assert_ptr_equal(rt_arena_usable(), fullest);
    assert_number(fullest->free_pools, 2);
    assert_number(fullest->next->free_pools, 3);
    for (size_t i = 0; i < 2 * BLOCKS_PER_POOL; i++) {
        newer[i] = rt_heap_alloc(512);
        assert_ptr_equal(rt_pool_of(newer[i])->arena, fullest);
    }
    for (size_t i = 0; i < 3 * BLOCKS_PER_POOL; i++) {
        blocks[i] = rt_heap_alloc(512);
    }
    assert_heap_is_whole();
    give(blocks, 2 * BLOCKS_PER_ARENA);
}

static void
the_same_pattern_again_needs_no_more_memory(void **state)
{
    (void)state;
    size_t first_total = 0;
    for (int round = 0; round < 20; round++) {
        void **blocks = take(20000, 16 * (1 + (size_t)round % 2));
        give(blocks, 20000);
        if (round == 1) {
            first_total = rt_arena_counts().total;
        }
    }
    assert_number(rt_arena_counts().total, first_total);
}

/* row: TM13 test_sys.SysModuleTest.test_getallocatedblocks */
static void
blocks_are_counted_large_and_small(void **state)
{
    (void)state;
    void **small = take(5000, 24);
    void **large = take(50, 2000);
    assert_number(rt_heap_blocks(), 5050);
    give(small, 5000);
    assert_number(rt_heap_blocks(), 50);
    give(large, 50);
}

/* --- statistics ---------------------------------------------------------- */

static void
the_bytes_add_up_to_the_arenas(void **state)
{
    (void)state;
    void **blocks = take(9000, 208);
    void **others = take(3, 400);
    struct rt_heap_stats stats = rt_heap_stats();
    size_t total = stats.allocated_bytes + stats.available_bytes +
                   stats.free_pools * RT_POOL_BYTES + stats.pool_header_bytes +
                   stats.quantization_bytes;
    assert_number(total, stats.arenas * RT_ARENA_BYTES);
    assert_number(stats.allocated_bytes, 9000 * 208 + 3 * 400);
    give(blocks, 9000);
    give(others, 3);
}

static void
statistics_are_printed_as_cpython_prints_them(void **state)
{
    (void)state;
    struct rt_heap_stats stats = {
        .classes = {[0] = {16, 1, 106, 915}, [3] = {64, 50, 12569, 181}},
        .arenas_total = 4,
        .arenas = 4,
        .arenas_highwater = 4,
        .allocated_bytes = 3493472,
        .free_pools = 18,
    };
    char *text = NULL;
    size_t length;
    FILE *output = open_memstream(&text, &length);
    assert_non_null(output);
    rt_heap_stats_print(&stats, output);
    fclose(output);
    assert_text(text,
                "Small block threshold = 512, in 32 size classes.\n"
                "\n"
                "class   size   num pools   blocks in use  avail blocks\n"
                "-----   ----   ---------   -------------  ------------\n"
                "    0     16           1             106           915\n"
                "    3     64          50           12569           181\n"
                "\n"
                "# arenas allocated total           =                    4\n"
                "# arenas reclaimed                 =                    0\n"
                "# arenas highwater mark            =                    4\n"
                "# arenas allocated current         =                    4\n"
                "4 arenas * 1048576 bytes/arena     =            4,194,304\n"
                "\n"
                "# bytes in allocated blocks        =            3,493,472\n"
                "# bytes in available blocks        =                    0\n"
                "18 unused pools * 16384 bytes      =              294,912\n"
                "# bytes lost to pool headers       =                    0\n"
                "# bytes lost to quantization       =                    0\n"
                "# bytes lost to arena alignment    =                    0\n"
                "Total                              =            3,788,384\n");
    free(text);
}

static void
the_checker_finds_what_is_broken(void **state)
{
    (void)state;
    void *block = rt_heap_alloc(100);
    struct rt_pool *pool = rt_pool_of(block);
    pool->used++;
    assert_text(rt_heap_check(), "the number of blocks in use is wrong");
    pool->used--;
    void *kept = pool->free_block;
    pool->free_block = (char *)kept + 8;
    assert_text(rt_heap_check(), "a free block is no block of its pool");
    pool->free_block = kept;
    pool->arena->free_pools++;
    assert_non_null(rt_heap_check());
    pool->arena->free_pools--;
    rt_heap_free(block);
}

/* --- failure ------------------------------------------------------------- */

struct budget {
    int arenas; // still to be had
};

static void *
from_budget(void *context)
{
    struct budget *budget = context;
    if (budget->arenas == 0) {
        return NULL;
    }
    budget->arenas--;
    return aligned_alloc(RT_ARENA_BYTES, RT_ARENA_BYTES);
}

static void
back_to_budget(void *context, void *memory)
{
    ((struct budget *)context)->arenas++;
    free(memory);
}

static void
without_an_arena_there_is_no_block(void **state)
{
    (void)state;
    static struct budget budget = {.arenas = 1};
    /* An arena of mmap may be left from before; it is used up first. */
    size_t left = rt_arena_counts().current;
    rt_arena_set_source(
        &(struct rt_arena_source){&budget, from_budget, back_to_budget});
    size_t count = (left + 1) * BLOCKS_PER_ARENA;
    void **blocks = take(count, 512);
    assert_null(rt_heap_alloc(512));
    assert_null(rt_heap_alloc(16));
    assert_heap_is_whole();
    void *large = rt_heap_alloc(600);
    assert_non_null(large); // malloc has some
    rt_heap_free(large);

    memcpy(blocks[5], "kept", 5);
    assert_null(rt_heap_realloc(blocks[5], 300));
    assert_text(blocks[5], "kept");
    give(blocks, count);
    assert_heap_is_whole();
}

/* --- random scripts against a model -------------------------------------- */

static uint64_t random_state;

static uint64_t
next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* The model: each slot knows its block, its size and what it was filled with.
 * Whoever overlaps or forgets content is found at the next look. */
struct slot {
    unsigned char *block;
    size_t size;
    unsigned char fill;
};

static void
fill_slot(struct slot *slot, size_t size)
{
    slot->size = size;
    slot->fill = (unsigned char)next_random();
    memset(slot->block, slot->fill, size);
    assert_number((uintptr_t)slot->block % 16, 0);
}

static void
look_at_slot(const struct slot *slot, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (slot->block[i] != slot->fill) {
            fail_msg("byte %zu of %zu was overwritten", i, slot->size);
        }
    }
}

static size_t
random_size(void)
{
    size_t limit = next_random() % 10 == 0 ? 3000 : 520;
    return next_random() % limit;
}

static void
step(struct slot *slot)
{
    size_t size = random_size();
    if (slot->block == NULL) {
        slot->block = rt_heap_alloc(size);
        assert_non_null(slot->block);
        fill_slot(slot, size);
        return;
    }
    look_at_slot(slot, slot->size);
    if (next_random() % 4 == 0) {
        slot->block = rt_heap_realloc(slot->block, size);
        assert_non_null(slot->block);
        look_at_slot(slot, size < slot->size ? size : slot->size);
        fill_slot(slot, size);
    }
    else {
        rt_heap_free(slot->block);
        slot->block = NULL;
    }
}

static void
run_script(uint64_t seed, size_t slot_count, size_t steps)
{
    random_state = seed;
    struct slot *slots = calloc(slot_count, sizeof(*slots));
    assert_non_null(slots);
    for (size_t i = 0; i < steps; i++) {
        step(&slots[next_random() % slot_count]);
        if (i % 997 == 0) {
            assert_heap_is_whole();
        }
    }
    size_t live = 0;
    for (size_t i = 0; i < slot_count; i++) {
        live += slots[i].block != NULL;
    }
    assert_number(rt_heap_blocks(), live);
    for (size_t i = 0; i < slot_count; i++) {
        if (slots[i].block != NULL) {
            look_at_slot(&slots[i], slots[i].size);
            rt_heap_free(slots[i].block);
        }
    }
    assert_heap_is_whole();
    assert_number(rt_heap_blocks(), 0);
    free(slots);
}

static void
random_scripts_keep_every_block_intact(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        run_script(seed * 0x9E3779B97F4A7C15U, 50 * seed, 8000);
    }
}

static void
random_scripts_over_many_arenas_keep_the_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        run_script(seed, 20000, 60000);
    }
    assert_true(rt_arena_counts().highwater > 2);
}

static void
every_step_leaves_the_heap_whole(void **state)
{
    (void)state;
    random_state = 42;
    struct slot slots[300] = {0};
    for (size_t i = 0; i < 3000; i++) {
        step(&slots[next_random() % 300]);
        assert_heap_is_whole();
    }
    for (size_t i = 0; i < 300; i++) {
        rt_heap_free(slots[i].block);
        assert_heap_is_whole();
    }
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(blocks_of_every_size_are_aligned_to_sixteen),
        CASE(up_to_512_bytes_come_from_an_arena),
        CASE(the_block_freed_last_is_given_out_first),
        CASE(a_size_beyond_all_memory_fails),
        CASE(realloc_moves_to_grow_or_to_save_a_quarter),
        CASE(a_pool_has_as_many_blocks_as_in_cpython),
        CASE(a_full_pool_is_in_no_list_until_a_block_comes_back),
        CASE(an_empty_pool_serves_any_class),
        CASE(the_last_block_of_a_pool_is_given_out_too),
        CASE(a_pool_used_again_for_its_class_has_its_blocks_linked),
        CASE(arenas_stay_in_order_whatever_comes_back),
        CASE(an_empty_arena_goes_back_but_for_the_last_usable),
        CASE(the_fullest_arena_is_used_first),
        CASE(the_same_pattern_again_needs_no_more_memory),
        CASE(blocks_are_counted_large_and_small),
        CASE(the_bytes_add_up_to_the_arenas),
        CASE(statistics_are_printed_as_cpython_prints_them),
        CASE(the_checker_finds_what_is_broken),
        CASE(without_an_arena_there_is_no_block),
        CASE(random_scripts_keep_every_block_intact),
        CASE(random_scripts_over_many_arenas_keep_the_order),
        CASE(every_step_leaves_the_heap_whole),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
