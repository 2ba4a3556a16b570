/* Heapq: an array in which the least item stands first.
 *
 * After CPython 3.12: Modules/_heapqmodule.c, step for step, so that items of
 * the same rank come out in the same order as there. The item at i stands
 * before those at 2i + 1 and 2i + 2; adding or taking one moves about log n.
 * The caller owns the array and the references in it. */
#ifndef LABS_RUNTIME_HEAPQ_H
#define LABS_RUNTIME_HEAPQ_H

#include <stdbool.h>
#include <stddef.h>

struct rt_object;

/* Whether a goes before b. */
typedef bool rt_heapq_less(struct rt_object *a, struct rt_object *b);

/* The last of size items has just been put there: moves it where it belongs
 * (heappush). */
void rt_heapq_push(struct rt_object **items, size_t size, rt_heapq_less *less);

/* Takes the first of size items; the others are one less afterwards
 * (heappop). */
struct rt_object *rt_heapq_pop(struct rt_object **items, size_t size,
                               rt_heapq_less *less);

#endif
