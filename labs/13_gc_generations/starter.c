/* Lab 13: when to collect what, and who grows older. The task is in task.md
 * beside this file; what each function promises, and the helpers for lists,
 * are in labs/runtime/gc_state.h.
 *
 * Work from top to bottom: the checks come in the same order. */
#include <stddef.h>

#include "labs/runtime/gc_state.h"

void
rt_gc_count_allocation(struct rt_gc_state *gc)
{
    // TODO 1: one container more.
    (void)gc;
}

void
rt_gc_count_release(struct rt_gc_state *gc)
{
    // TODO 2: one container less. How low may the counter go?
    (void)gc;
}

bool
rt_gc_is_crowded(const struct rt_gc_state *gc)
{
    // TODO 3: whose counter is compared with what? What does a threshold of
    // 0 mean here?
    (void)gc;
    return false;
}

int
rt_gc_due(const struct rt_gc_state *gc)
{
    // TODO 4: where does the search begin, and who may be passed over?
    (void)gc;
    return -2;
}

struct rt_gc_head *
rt_gc_begin(struct rt_gc_state *gc, int generation)
{
    // TODO 5: first the counters, then the lists.
    (void)gc;
    (void)generation;
    return NULL;
}

struct rt_gc_head *
rt_gc_older(struct rt_gc_state *gc, int generation)
{
    // TODO 6: how old can one get?
    (void)gc;
    (void)generation;
    return NULL;
}

void
rt_gc_promote(struct rt_gc_state *gc, int generation)
{
    // TODO 7: the move, and the two numbers of the books.
    (void)gc;
    (void)generation;
}
