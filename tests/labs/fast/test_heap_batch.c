#include <stdlib.h>
#include <string.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/arena.h"
#include "labs/runtime/fast/heap_batch.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/heap.h"
#include "labs/runtime/heap_stats.h"
#include "labs/runtime/instance.h"
#include "labs/testing.h"
#include "tests/support/dice.h"

enum {
    MANY = 20000,
    FIELDS = 2
};

/* Blocks that know what is written into them. */
static struct kept {
    unsigned char *block; // NULL: none
    size_t size;
    unsigned char byte;
    bool goes;
} kept[MANY];

static void
take(struct kept *one, size_t size, unsigned char byte)
{
    *one = (struct kept){.block = rt_heap_alloc(size), size, byte};
    assert_non_null(one->block);
    memset(one->block, byte, size);
}

static void
assert_whole(const struct kept *one)
{
    for (size_t i = 0; one->block != NULL && i < one->size; i++) {
        assert_number(one->block[i], one->byte);
    }
}

static void
free_the_going(void)
{
    static void *blocks[MANY];
    size_t count = 0;
    for (size_t i = MANY; i-- > 0;) { // in any order
        if (kept[i].goes) {
            blocks[count++] = kept[i].block;
            kept[i] = (struct kept){0};
        }
    }
    rt_heap_batch_free(blocks, count);
    assert_null(rt_heap_check());
}

static size_t
count_kept(void)
{
    size_t count = 0;
    for (size_t i = 0; i < MANY; i++) {
        count += kept[i].block != NULL;
    }
    return count;
}

static void
all_blocks_of_all_pools_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        take(&kept[i], 64, 1);
        kept[i].goes = true;
    }
    size_t arenas = rt_arena_counts().current;
    assert_true(arenas > 1);
    free_the_going();
    assert_number(rt_heap_blocks(), 0);
    assert_number(rt_arena_counts().current, 1);
}

static void
whole_pools_go_and_others_stay(void **state)
{
    (void)state;
    struct dice dice = {.seed = 4};
    for (int round = 0; round < 60; round++) {
        for (size_t i = 0; i < MANY; i++) {
            if (kept[i].block == NULL && dice_roll(&dice, 3) > 0) {
                take(&kept[i],
                     dice_roll(&dice, 40) == 0 ? 600 : 16 + i % 9 * 16,
                     (unsigned char)dice_roll(&dice, 256));
            }
        }
        size_t share = dice_roll(&dice, 100); // of the pools, and of the rest
        for (size_t i = 0; i < MANY; i++) {
            uintptr_t pool = (uintptr_t)kept[i].block / RT_POOL_BYTES;
            kept[i].goes =
                kept[i].block != NULL &&
                (pool * 7919 % 100 < share || dice_roll(&dice, 50) == 0);
        }
        free_the_going();
        assert_number(rt_heap_blocks(), count_kept());
        for (size_t i = 0; i < MANY; i++) {
            assert_whole(&kept[i]);
        }
    }
    for (size_t i = 0; i < MANY; i++) {
        kept[i].goes = kept[i].block != NULL;
    }
    free_the_going();
    assert_number(rt_heap_blocks(), 0);
}

// --- what the collector does with it ---------------------------------------

static struct rt_class node;
static struct rt_object *nodes[MANY];

/* Marks all that a held node leads to. */
static void
mark(size_t first, bool *alive)
{
    static size_t waiting[MANY];
    size_t count = 0;
    if (!alive[first]) {
        alive[first] = true;
        waiting[count++] = first;
    }
    while (count > 0) {
        size_t at = waiting[--count];
        for (int field = 0; field < FIELDS; field++) {
            struct rt_object *held = rt_instance_get(nodes[at], field);
            for (size_t i = at / 100 * 100;
                 held != NULL && i < at / 100 * 100 + 100;
                 i++) { // references stay within a hundred
                if (nodes[i] == held && !alive[i]) {
                    alive[i] = true;
                    waiting[count++] = i;
                }
            }
        }
    }
}

/* Random graphs, each of a hundred nodes: some of them held. */
static void
what_is_held_survives_and_all_else_goes(void **state)
{
    (void)state;
    struct dice dice = {.seed = 9};
    rt_class_init(&node, "Node", (const char *[]){"a", "b"}, FIELDS, NULL);
    size_t before = rt_heap_blocks();
    for (size_t i = 0; i < MANY; i++) {
        nodes[i] = rt_instance_new(&node);
    }
    for (size_t i = 0; i < MANY; i++) {
        for (int field = 0; field < FIELDS; field++) {
            size_t other = i / 100 * 100 + dice_roll(&dice, 100);
            rt_instance_set(nodes[i], field, nodes[other]);
        }
    }
    static bool is_held[MANY], alive[MANY];
    for (size_t i = 0; i < MANY; i++) {
        is_held[i] = i / 100 % 3 == 0 && dice_roll(&dice, 40) == 0;
    }
    for (size_t i = 0; i < MANY; i++) {
        if (is_held[i]) {
            mark(i, alive);
        }
    }
    size_t living = 0;
    for (size_t i = 0; i < MANY; i++) {
        living += alive[i];
        if (!is_held[i]) {
            rt_decref(nodes[i]);
        }
    }
    rt_gc_collect(2);
    assert_null(rt_heap_check());
    assert_null(rt_gc_check());
    assert_number(rt_heap_blocks() - before, living);
    for (size_t i = 0; i < MANY; i++) {
        if (is_held[i]) {
            rt_decref(nodes[i]);
        }
    }
    rt_gc_collect(2);
    assert_number(rt_heap_blocks(), before);
}

/* Sizes take turns: the memory of one class must not become an object of
 * another that is larger. */
static void
memory_that_is_used_again_is_large_enough(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a", "b", "c", "d", "e", "f"};
    struct rt_class classes[3];
    struct rt_object *living[60] = {NULL};
    struct dice dice = {.seed = 12};
    size_t before = rt_heap_blocks();
    for (int turn = 0; turn < 20000; turn++) {
        struct rt_class *class = &classes[dice_roll(&dice, 3)];
        size_t fields = 1 + 2 * (size_t)(class - classes);
        if (turn % 40 < 2) {
            class = &classes[0]; // now and then of another size
            fields = 1 + dice_roll(&dice, 6);
        }
        size_t at = dice_roll(&dice, 60);
        rt_clear(&living[at]);
        rt_class_init(class, "Node", NAMES, fields, NULL);
        living[at] = rt_instance_new(class);
        assert_non_null(living[at]);
        for (size_t i = 0; i < fields; i++) {
            assert_null(rt_instance_get(living[at], (int)i));
        }
        rt_clear(&living[at]);
        living[at] = rt_instance_new(&node);
        rt_instance_set(living[at], 0, living[dice_roll(&dice, 60)]);
        rt_instance_set(living[at], 1, living[at]);
        rt_instance_set(living[at], 1, NULL);
    }
    assert_null(rt_gc_check());
    for (size_t i = 0; i < 60; i++) {
        rt_clear(&living[i]);
    }
    rt_gc_collect(2);
    assert_null(rt_heap_check());
    assert_number(rt_heap_blocks(), before);
}

static int
use_the_plain_heap(void **state)
{
    (void)state;
    rt_gc_collect(2);
    rt_alloc_set(&rt_allocator_heap);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_blocks_of_all_pools_go),
        cmocka_unit_test(whole_pools_go_and_others_stay),
        cmocka_unit_test(what_is_held_survives_and_all_else_goes),
        cmocka_unit_test(memory_that_is_used_again_is_large_enough),
    };
    return cmocka_run_group_tests(tests, use_the_plain_heap, NULL);
}
