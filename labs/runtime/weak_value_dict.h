/* Weak value dict: a dict whose entries go when their values die.
 *
 * After CPython 3.12: Lib/weakref.py, class WeakValueDictionary. For caches:
 * an object is found by its key as long as somebody else uses it. Walk through
 * it with rt_weak_walk_begin(), see weak_table.h.
 *
 * While a walk is going on, every function below takes out first what has died
 * since it began; the walk then ends with a runtime error. They fail with -1
 * or NULL and the pending error of a comparison of keys, or for want of
 * memory. All but the first two are for weak value dicts only. */
#ifndef LABS_RUNTIME_WEAK_VALUE_DICT_H
#define LABS_RUNTIME_WEAK_VALUE_DICT_H

#include "labs/runtime/object.h"
#include "labs/runtime/weak_table.h"

/* A new empty one. NULL with a pending memory error. */
struct rt_object *rt_weak_value_dict_new(void);
bool rt_weak_value_dict_check(const struct rt_object *object);

/* Stores the value, borrowed and referred to weakly, under key, of which it
 * takes a reference. 0, or -1 with a pending error, also a type error if the
 * value takes no weak references, and the dict as it was. */
int rt_weak_value_dict_set(struct rt_object *object, struct rt_object *key,
                           struct rt_object *value);

/* A new reference to the living value under key, or NULL: without a pending
 * error if there is none. */
struct rt_object *rt_weak_value_dict_get(struct rt_object *object,
                                         struct rt_object *key);

/* Whether there is one: 1 or 0, or -1. */
int rt_weak_value_dict_contains(struct rt_object *object,
                                struct rt_object *key);

/* Takes the entry out: 1, 0 if there is none, or -1. */
int rt_weak_value_dict_remove(struct rt_object *object, struct rt_object *key);

/* How many entries there are, or -1. */
int64_t rt_weak_value_dict_size(struct rt_object *object);

#endif
