/* Wrong on purpose: the total is compared with a quarter of what is pending.
 */
#include "labs/runtime/gc_state.h"

void
rt_gc_count_allocation(struct rt_gc_state *gc)
{
    gc->generations[0].count++;
}

void
rt_gc_count_release(struct rt_gc_state *gc)
{
    // What was made before the last collection may be released after it.
    if (gc->generations[0].count > 0) {
        gc->generations[0].count--;
    }
}

bool
rt_gc_is_crowded(const struct rt_gc_state *gc)
{
    const struct rt_gc_generation *young = &gc->generations[0];
    return young->threshold != 0 && young->count > young->threshold;
}

int
rt_gc_due(const struct rt_gc_state *gc)
{
    for (int i = RT_GC_GENERATIONS - 1; i >= 0; i--) {
        const struct rt_gc_generation *one = &gc->generations[i];
        bool is_oldest = i == RT_GC_GENERATIONS - 1;
        bool may_wait =
            is_oldest && gc->long_lived_pending / 4 > gc->long_lived_total;
        if (one->count > one->threshold && !may_wait) {
            return i;
        }
    }
    return -1;
}

struct rt_gc_head *
rt_gc_begin(struct rt_gc_state *gc, int generation)
{
    struct rt_gc_head *list = &gc->generations[generation].list;
    if (generation + 1 < RT_GC_GENERATIONS) {
        gc->generations[generation + 1].count++;
    }
    for (int i = 0; i <= generation; i++) {
        gc->generations[i].count = 0;
    }
    for (int i = 0; i < generation; i++) {
        rt_gc_list_merge(&gc->generations[i].list, list);
    }
    return list;
}

struct rt_gc_head *
rt_gc_older(struct rt_gc_state *gc, int generation)
{
    bool is_oldest = generation == RT_GC_GENERATIONS - 1;
    return &gc->generations[generation + !is_oldest].list;
}

void
rt_gc_promote(struct rt_gc_state *gc, int generation)
{
    struct rt_gc_head *survivors = &gc->generations[generation].list;
    if (generation == RT_GC_GENERATIONS - 1) {
        gc->long_lived_pending = 0;
        gc->long_lived_total = (int64_t)rt_gc_list_size(survivors);
        return;
    }
    if (generation == RT_GC_GENERATIONS - 2) {
        gc->long_lived_pending += (int64_t)rt_gc_list_size(survivors);
    }
    rt_gc_list_merge(survivors, rt_gc_older(gc, generation));
}
