/* Weak set: a set whose keys go when they die.
 *
 * After CPython 3.12: Lib/_weakrefset.py. It knows who is there without
 * keeping anybody: observers, open files, living instances. Keys are found by
 * their hash and their equality, as in a set. Walk through it with
 * rt_weak_walk_begin(), see weak_table.h.
 *
 * While a walk is going on, adding and removing take out first what has died
 * since it began; the walk then ends with a runtime error. All functions but
 * the first two are for weak sets only. Those that fail return -1 with
 * a pending error: no memory, a comparison, or a type error, because the key
 * takes no weak references or has no hash. */
#ifndef LABS_RUNTIME_WEAK_SET_H
#define LABS_RUNTIME_WEAK_SET_H

#include "labs/runtime/object.h"
#include "labs/runtime/weak_table.h"

/* A new empty one. NULL with a pending memory error. */
struct rt_object *rt_weak_set_new(void);
bool rt_weak_set_check(const struct rt_object *object);

/* Adds key, borrowed and referred to weakly, unless an equal one is there: 1
 * if it was added, 0 if not, or -1 and the set as it was. */
int rt_weak_set_add(struct rt_object *object, struct rt_object *key);

/* Whether key is there: 1 or 0, or -1. Here an object that takes no weak
 * references is just not there. */
int rt_weak_set_contains(struct rt_object *object, struct rt_object *key);

/* Takes key out: 1, 0 if it is not there, or -1. */
int rt_weak_set_remove(struct rt_object *object, struct rt_object *key);

/* How many keys live. */
size_t rt_weak_set_size(struct rt_object *object);

/* A new weak set of the same keys (WeakSet.copy). rt_copy() and rt_deepcopy()
 * do what copy.copy() and copy.deepcopy() do in CPython, which is not that:
 * the first gives a second face of the same set, the second a set of the same
 * keys that forgets none when it dies. NULL with a pending error. */
struct rt_object *rt_weak_set_copy(struct rt_object *object);

#endif
