/* Wrong on purpose: any threshold that is not positive means never. */
#include <stddef.h>

#include "labs/runtime/gc_state.h"

void
rt_gc_count_allocation(struct rt_gc_state *gc)
{
    gc->generations[0].count++;
}

void
rt_gc_count_release(struct rt_gc_state *gc)
{
    if (gc->generations[0].count > 0) {
        gc->generations[0].count--;
    }
}

bool
rt_gc_is_crowded(const struct rt_gc_state *gc)
{
    const struct rt_gc_generation *youngest = &gc->generations[0];
    return youngest->threshold > 0 && youngest->count > youngest->threshold;
}

int
rt_gc_due(const struct rt_gc_state *gc)
{
    for (int i = RT_GC_GENERATIONS - 1; i >= 0; i--) {
        if (gc->generations[i].count <= gc->generations[i].threshold) {
            continue;
        }
        if (i == RT_GC_GENERATIONS - 1 &&
            gc->long_lived_pending < gc->long_lived_total / 4) {
            continue;
        }
        return i;
    }
    return -1;
}

struct rt_gc_head *
rt_gc_begin(struct rt_gc_state *gc, int generation)
{
    if (generation + 1 < RT_GC_GENERATIONS) {
        gc->generations[generation + 1].count++;
    }
    for (int i = 0; i <= generation; i++) {
        gc->generations[i].count = 0;
    }
    for (int i = 0; i < generation; i++) {
        rt_gc_list_merge(&gc->generations[i].list,
                         &gc->generations[generation].list);
    }
    return &gc->generations[generation].list;
}

struct rt_gc_head *
rt_gc_older(struct rt_gc_state *gc, int generation)
{
    int older =
        generation + 1 < RT_GC_GENERATIONS ? generation + 1 : generation;
    return &gc->generations[older].list;
}

void
rt_gc_promote(struct rt_gc_state *gc, int generation)
{
    struct rt_gc_head *list = &gc->generations[generation].list;
    if (generation == RT_GC_GENERATIONS - 1) {
        gc->long_lived_total = (int64_t)rt_gc_list_size(list);
        gc->long_lived_pending = 0;
        return;
    }
    if (generation == RT_GC_GENERATIONS - 2) {
        gc->long_lived_pending += (int64_t)rt_gc_list_size(list);
    }
    rt_gc_list_merge(list, rt_gc_older(gc, generation));
}
