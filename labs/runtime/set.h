/* Set: whether an object is there.
 *
 * After CPython 3.12: Objects/setobject.c. Unlike a dict it is one table, and
 * has no order of insertion: the order of a walk is that of the table, so it
 * follows from the hashes and the history. What dict.h says about code that
 * runs meanwhile holds here, too. There can be weak references to a set. What
 * combines two sets is in set_ops.h, iterators are in set_iter.h.
 *
 * All functions but rt_set_check() are for sets only. */
#ifndef LABS_RUNTIME_SET_H
#define LABS_RUNTIME_SET_H

#include <stdbool.h>
#include <stddef.h>

struct rt_object;

/* A new empty set, tracked by the collector. NULL with a pending memory
 * error. */
struct rt_object *rt_set_new(void);
bool rt_set_check(const struct rt_object *object); // whether it is a set

/* Adds key with a reference of its own, unless an equal one is there. Returns
 * 1 if it was added, 0 if not, or -1 with a pending error and the set as it
 * was (PySet_Add). */
int rt_set_add(struct rt_object *object, struct rt_object *key);

/* Whether key is there: 1 or 0, or -1 with a pending error
 * (PySet_Contains). */
int rt_set_contains(struct rt_object *object, struct rt_object *key);

/* Takes key out and then releases it. Returns 1, 0 if it is not there, or -1
 * with a pending error (PySet_Discard). */
int rt_set_remove(struct rt_object *object, struct rt_object *key);

/* Takes any key out, which is yours then: the next one in the order of the
 * table from where the last pop has ended. 0, or -1 with a pending key error
 * if there is none (set.pop). */
int rt_set_pop(struct rt_object *object, struct rt_object **key);

/* Takes everything out, then releases it in the order of the table
 * (PySet_Clear). */
void rt_set_clear(struct rt_object *object);

size_t rt_set_size(const struct rt_object *object);

/* How many slots its table has: what its size depends on. */
size_t rt_set_slots(const struct rt_object *object);

/* Walks through the set: start with *position 0 and call until it returns
 * false. The key is borrowed until the set changes. After a change the walk
 * is safe, but may leave keys out or meet them twice (_PySet_NextEntry). */
bool rt_set_next(struct rt_object *object, size_t *position,
                 struct rt_object **key);

#endif
