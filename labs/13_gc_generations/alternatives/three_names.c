/* Another right solution: there are three generations and no more, so each has
 * its name, and every rule is written out for the one that it is about. */
#include "labs/runtime/gc_state.h"

enum {
    YOUNG,
    MIDDLE,
    OLD
};

static bool
is_above(const struct rt_gc_state *gc, int generation)
{
    return gc->generations[generation].threshold <
           gc->generations[generation].count;
}

void
rt_gc_count_allocation(struct rt_gc_state *gc)
{
    ++gc->generations[YOUNG].count;
}

void
rt_gc_count_release(struct rt_gc_state *gc)
{
    if (gc->generations[YOUNG].count == 0) {
        return;
    }
    --gc->generations[YOUNG].count;
}

bool
rt_gc_is_crowded(const struct rt_gc_state *gc)
{
    if (gc->generations[YOUNG].threshold == 0) {
        return false;
    }
    return is_above(gc, YOUNG);
}

int
rt_gc_due(const struct rt_gc_state *gc)
{
    int64_t quarter = gc->long_lived_total / 4;
    if (is_above(gc, OLD) && gc->long_lived_pending >= quarter) {
        return OLD;
    }
    if (is_above(gc, MIDDLE)) {
        return MIDDLE;
    }
    return is_above(gc, YOUNG) ? YOUNG : -1;
}

/* One by one, from the first: no list is joined at a stroke. */
static void
move_all(struct rt_gc_head *from, struct rt_gc_head *to)
{
    while (!rt_gc_list_is_empty(from)) {
        rt_gc_list_move(rt_gc_next(from), to);
    }
}

struct rt_gc_head *
rt_gc_begin(struct rt_gc_state *gc, int generation)
{
    struct rt_gc_generation *young = &gc->generations[YOUNG];
    struct rt_gc_generation *middle = &gc->generations[MIDDLE];
    struct rt_gc_generation *old = &gc->generations[OLD];

    young->count = 0;
    switch (generation) {
    case YOUNG:
        middle->count++;
        return &young->list;
    case MIDDLE:
        middle->count = 0;
        old->count++;
        move_all(&young->list, &middle->list);
        return &middle->list;
    default:
        middle->count = 0;
        old->count = 0;
        move_all(&young->list, &old->list);
        move_all(&middle->list, &old->list);
        return &old->list;
    }
}

struct rt_gc_head *
rt_gc_older(struct rt_gc_state *gc, int generation)
{
    int older = generation == YOUNG ? MIDDLE : OLD;
    return &gc->generations[older].list;
}

void
rt_gc_promote(struct rt_gc_state *gc, int generation)
{
    struct rt_gc_head *old = &gc->generations[OLD].list;
    struct rt_gc_head *middle = &gc->generations[MIDDLE].list;
    switch (generation) {
    case YOUNG:
        move_all(&gc->generations[YOUNG].list, middle);
        break;
    case MIDDLE:
        for (const struct rt_gc_head *head = rt_gc_next(middle);
             head != middle; head = rt_gc_next(head)) {
            gc->long_lived_pending++;
        }
        move_all(middle, old);
        break;
    default:
        gc->long_lived_total = (int64_t)rt_gc_list_size(old);
        gc->long_lived_pending = 0;
        break;
    }
}
