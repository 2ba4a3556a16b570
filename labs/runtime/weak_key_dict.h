/* Weak key dict: a dict whose entries go when their keys die.
 *
 * After CPython 3.12: Lib/weakref.py, class WeakKeyDictionary. It tells more
 * about objects that belong to others. Keys are found by their hash and their
 * equality, as in a dict; an equal key that comes second stores its value
 * under the first one, and the entry goes with that one. Walk through it with
 * rt_weak_walk_begin(), see weak_table.h.
 *
 * A value that leads to its key keeps it alive for ever.
 *
 * All functions but the first two are for weak key dicts only. Those that fail
 * return -1 or NULL with a pending error: no memory, a comparison, or a type
 * error, because the key takes no weak references or has no hash. */
#ifndef LABS_RUNTIME_WEAK_KEY_DICT_H
#define LABS_RUNTIME_WEAK_KEY_DICT_H

#include "labs/runtime/object.h"
#include "labs/runtime/weak_table.h"

/* A new empty one. NULL with a pending memory error. */
struct rt_object *rt_weak_key_dict_new(void);
bool rt_weak_key_dict_check(const struct rt_object *object);

/* Stores value, of which it takes a reference, under key, borrowed and
 * referred to weakly. 0, or -1 and the dict as it was. */
int rt_weak_key_dict_set(struct rt_object *object, struct rt_object *key,
                         struct rt_object *value);

/* A new reference to the value under key; or NULL, without a pending error if
 * there is none. */
struct rt_object *rt_weak_key_dict_get(struct rt_object *object,
                                       struct rt_object *key);

/* Whether key is there: 1 or 0, or -1. Here an object that takes no weak
 * references is just not there. */
int rt_weak_key_dict_contains(struct rt_object *object, struct rt_object *key);

/* Takes the entry out: 1, 0 if there is none, or -1. */
int rt_weak_key_dict_remove(struct rt_object *object, struct rt_object *key);

/* How many keys live. */
size_t rt_weak_key_dict_size(struct rt_object *object);

#endif
