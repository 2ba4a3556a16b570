/* Set ops: what makes one set out of two.
 *
 * After CPython 3.12: Objects/setobject.c. The steps and their order are
 * CPython's, so that the new set has the same history and so the same order.
 * All arguments are sets. A new set or NULL with a pending error; 0 or -1 with
 * one, and then the set may have changed in part. */
#ifndef LABS_RUNTIME_SET_OPS_H
#define LABS_RUNTIME_SET_OPS_H

struct rt_object;

/* a | b and a |= b (set_or, set_update_internal). */
struct rt_object *rt_set_union(struct rt_object *a, struct rt_object *b);
int rt_set_update(struct rt_object *a, struct rt_object *b);

/* a & b; the members are those of the larger set's peer: the smaller one, or
 * of b if they have one size (set_intersection). */
struct rt_object *rt_set_intersection(struct rt_object *a,
                                      struct rt_object *b);

/* a - b and a -= b (set_difference, set_difference_update_internal). */
struct rt_object *rt_set_difference(struct rt_object *a, struct rt_object *b);
int rt_set_difference_update(struct rt_object *a, struct rt_object *b);

/* a ^ b and a ^= b (set_symmetric_difference and its update). */
struct rt_object *rt_set_symmetric_difference(struct rt_object *a,
                                              struct rt_object *b);
int rt_set_symmetric_difference_update(struct rt_object *a,
                                       struct rt_object *b);

/* Whether b has all keys of a, or none of them: 1 or 0, or -1 with a pending
 * error (set.issubset, set.isdisjoint). */
int rt_set_is_subset(struct rt_object *a, struct rt_object *b);
int rt_set_is_disjoint(struct rt_object *a, struct rt_object *b);

#endif
