/* Gc heads: what links trash while it is being buried.
 *
 * Only then are there lists as in the readable collector, and most trash needs
 * no burial. So heads are not kept in the objects: there are as many as there
 * can be containers, in one array, and who comes into a list for the first
 * time in a collection is lent one. Memory for them is only a stretch of
 * addresses until it is written to. */
#ifndef LABS_RUNTIME_FAST_GC_HEADS_H
#define LABS_RUNTIME_FAST_GC_HEADS_H

#include "labs/runtime/gc_state.h"

/* Makes room for so many; false without memory. Those that are lent stay where
 * they are. */
bool rt_gc_heads_reserve(size_t room);

/* The i-th of those of which none is lent yet, to keep a count in. */
struct rt_gc_head *rt_gc_heads_at(size_t i);

/* The end of a collection: nobody needs a head any more. */
void rt_gc_heads_take_back(void);

#endif
