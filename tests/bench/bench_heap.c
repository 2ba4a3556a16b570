/* The private heap against malloc of the C library, alone and behind
 * rt_alloc()'s hook. Each run allocates and frees a million blocks, so the
 * milliseconds printed are nanoseconds for one alloc and free pair.
 *
 *   alone     each block is freed before the next is allocated, and with
 *             it its pool, which no other block needs
 *   at once   the same beside a block that stays, as in most programs
 *   batches   1,000 blocks, freed newest first
 *   random    100,000 blocks, freed in an order that is drawn once */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/heap.h"
#include "tests/support/bench.h"

enum {
    PAIRS = 1000000,
    ROUNDS = 5
};

/* The allocators under test; each loop below is made for each of them, so
 * that malloc and the heap are called as directly as a program calls them. */
#define LOOP(name, allocate, release)                                         \
    static int64_t name(void *context)                                        \
    {                                                                         \
        const struct work *work = context;                                    \
        int64_t start = bench_now_ns();                                       \
        for (size_t done = 0; done < PAIRS; done += work->live) {             \
            for (size_t i = 0; i < work->live; i++) {                         \
                char *block = allocate(work->size);                           \
                *block = 1;                                                   \
                work->blocks[i] = block;                                      \
            }                                                                 \
            for (size_t i = 0; i < work->live; i++) {                         \
                release(work->blocks[work->order[i]]);                        \
            }                                                                 \
        }                                                                     \
        return bench_now_ns() - start;                                        \
    }

struct work {
    size_t size;     // of a block, in bytes
    size_t live;     // blocks at a time
    uint32_t *order; // in which they are freed
    void **blocks;
};

LOOP(run_malloc, malloc, free)
LOOP(run_heap, rt_heap_alloc, rt_heap_free)
LOOP(run_hook, rt_alloc, rt_free)

/* The order of freeing: newest first, or shuffled (Fisher and Yates). */
static void
draw_order(struct work *work, bool shuffled)
{
    uint64_t random = 88172645463325252U;
    for (size_t i = 0; i < work->live; i++) {
        work->order[i] = (uint32_t)(work->live - 1 - i);
    }
    for (size_t i = work->live - 1; shuffled && i > 0; i--) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t other = random % (i + 1);
        uint32_t kept = work->order[i];
        work->order[i] = work->order[other];
        work->order[other] = kept;
    }
}

static void
compare(const char *pattern, size_t size, size_t live, bool shuffled)
{
    struct work work = {
        .size = size,
        .live = live,
        .order = calloc(live, sizeof(*work.order)),
        .blocks = calloc(live, sizeof(*work.blocks)),
    };
    if (work.order == NULL || work.blocks == NULL) {
        abort();
    }
    draw_order(&work, shuffled);
    const struct bench_row rows[] = {
        {"malloc", run_malloc, &work},
        {"rt_heap_alloc", run_heap, &work},
        {"rt_alloc, hook to the heap", run_hook, &work},
    };
    char title[80];
    snprintf(title, sizeof(title), "%zu bytes, %s, ms = ns per pair", size,
             pattern);
    bench_compare(title, rows, sizeof(rows) / sizeof(*rows), ROUNDS);
    free(work.order);
    free(work.blocks);
}

int
main(void)
{
    static const size_t SIZES[] = {16, 32, 64, 128, 256, 512};
    rt_alloc_set(&rt_allocator_heap);
    compare("alone", 16, 1, false);
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(*SIZES); i++) {
        void *stays = rt_heap_alloc(SIZES[i]);
        compare("at once", SIZES[i], 1, false);
        rt_heap_free(stays);
        compare("batches", SIZES[i], 1000, false);
        compare("random", SIZES[i], 100000, true);
    }
    return 0;
}
