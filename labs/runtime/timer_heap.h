/* Timer heap: the earliest deadline first.
 *
 * After CPython 3.12: Lib/heapq.py. A binary heap in an array: the entry at i
 * is not later than those at 2i+1 and 2i+2, so the earliest stands at 0.
 * Deadlines alone are compared; in which order equal ones come out follows
 * from how entries move, and programs see that. So they move as in heapq:
 *
 *   push   the entry goes to the end, and up while its parent is later
 *   pop    the last entry takes the place of the first, then goes down: the
 *          smaller child moves up, the right one if they are equal, until
 * there is no child; from there the entry goes up again */
#ifndef LABS_RUNTIME_TIMER_HEAP_H
#define LABS_RUNTIME_TIMER_HEAP_H

#include "labs/runtime/object.h"

struct rt_timer {
    double when_s;
    struct rt_object *object; // our reference
};

/* Empty when zeroed. */
struct rt_timer_heap {
    struct rt_timer *timers;
    size_t count, room;
};

/* Adds an object, borrowed. 0, or -1 with a pending memory error. */
int rt_timer_heap_push(struct rt_timer_heap *heap, double when_s,
                       struct rt_object *object);

/* Takes the first one out, which there must be: the heap's own reference,
 * which is yours now. */
struct rt_object *rt_timer_heap_pop(struct rt_timer_heap *heap);

/* Releases all those that are not wanted and puts the rest in order again:
 * each parent, from the last one to the first, goes down as in a pop
 * (heapify). */
void rt_timer_heap_filter(struct rt_timer_heap *heap,
                          bool (*is_wanted)(const struct rt_object *object));

/* Releases all. */
void rt_timer_heap_clear(struct rt_timer_heap *heap);

#endif
