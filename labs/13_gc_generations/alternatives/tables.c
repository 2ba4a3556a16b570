/* Another right solution: what differs between the generations stands in a
 * table, and the functions ask the table instead of comparing numbers. */
#include <limits.h>

#include "labs/runtime/gc_state.h"

static const struct step {
    int next;            // where survivors go
    int counted_in;      // who counts a collection of this one, or -1
    int survivor_weight; // of one survivor, in the book of the pending
    bool is_full;
} STEPS[RT_GC_GENERATIONS] = {
    {.next = 1, .counted_in = 1, .survivor_weight = 0},
    {.next = 2, .counted_in = 2, .survivor_weight = 1},
    {.next = 2, .counted_in = -1, .is_full = true},
};

void
rt_gc_count_allocation(struct rt_gc_state *gc)
{
    gc->generations->count += 1;
}

void
rt_gc_count_release(struct rt_gc_state *gc)
{
    int *count = &gc->generations->count;
    *count -= *count == 0 ? 0 : 1;
}

bool
rt_gc_is_crowded(const struct rt_gc_state *gc)
{
    int threshold = gc->generations->threshold;
    return gc->generations->count > (threshold == 0 ? INT_MAX : threshold);
}

int
rt_gc_due(const struct rt_gc_state *gc)
{
    int due = -1;
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        const struct rt_gc_generation *one = gc->generations + i;
        int64_t needed = STEPS[i].is_full ? gc->long_lived_total / 4 : 0;
        if (one->count > one->threshold &&
            (!STEPS[i].is_full || gc->long_lived_pending >= needed)) {
            due = i;
        }
    }
    return due;
}

struct rt_gc_head *
rt_gc_begin(struct rt_gc_state *gc, int generation)
{
    struct rt_gc_generation *collected = gc->generations + generation;
    for (struct rt_gc_generation *one = gc->generations; one < collected;
         one++) {
        rt_gc_list_merge(&one->list, &collected->list);
        one->count = 0;
    }
    collected->count = 0;
    if (STEPS[generation].counted_in >= 0) {
        gc->generations[STEPS[generation].counted_in].count += 1;
    }
    return &collected->list;
}

struct rt_gc_head *
rt_gc_older(struct rt_gc_state *gc, int generation)
{
    return &gc->generations[STEPS[generation].next].list;
}

void
rt_gc_promote(struct rt_gc_state *gc, int generation)
{
    const struct step *step = &STEPS[generation];
    struct rt_gc_head *survivors = &gc->generations[generation].list;
    int64_t count = (int64_t)rt_gc_list_size(survivors);
    gc->long_lived_pending += count * step->survivor_weight;
    if (step->is_full) {
        gc->long_lived_pending = 0;
        gc->long_lived_total = count;
    }
    else {
        rt_gc_list_merge(survivors, rt_gc_older(gc, generation));
    }
}
