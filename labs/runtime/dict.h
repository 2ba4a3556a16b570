/* Dict: finds a value by its key, and remembers the order of insertion.
 *
 * After CPython 3.12: Objects/dictobject.c. Keys are objects with a hash that
 * never changes (see hash.h). A replaced value leaves its key in its place; a
 * key that was removed and comes again goes to the end. Dicts are equal by
 * value, and can be no keys themselves. Two files share the work:
 *
 *   dict.c       the table: stores, finds, forgets, walks
 *   dict_type.c  the object: its birth, its death, its slots
 *
 * Comparing keys may run any code, also code that changes this very dict:
 * then the search starts again. Releasing keys and values may do so, too, and
 * finds the dict in order: whatever is released has been taken out before.
 *
 * All functions but rt_dict_check() are for dicts only. */
#ifndef LABS_RUNTIME_DICT_H
#define LABS_RUNTIME_DICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/object.h"

struct rt_dict_table; // private to dict.c

extern const struct rt_type rt_dict_type;

struct rt_dict { // PyDictObject
    struct rt_object base;
    size_t used;                 // keys that are there
    uint64_t version;            // grows with each new table
    struct rt_dict_table *table; // NULL: nothing was stored yet
};

/* --- the table (dict.c) -------------------------------------------------- */

/* Stores value under key; borrows both and takes references of its own. A
 * value that is there already is replaced, and released afterwards; its key
 * stays. Returns 0, or -1 with a pending error and the dict as it was
 * (PyDict_SetItem). */
int rt_dict_set(struct rt_object *object, struct rt_object *key,
                struct rt_object *value);

/* The value under key, borrowed until the dict changes, or NULL: without a
 * pending error if the key is not there, with one if it could not be hashed
 * or compared (PyDict_GetItemWithError). */
struct rt_object *rt_dict_get(struct rt_object *object, struct rt_object *key);

/* Takes key out and releases first the dict's key, then its value. Returns 1,
 * 0 if the key is not there, or -1 with a pending error (PyDict_DelItem). */
int rt_dict_remove(struct rt_object *object, struct rt_object *key);

/* Takes everything out, then releases it in the order of insertion, each key
 * before its value (PyDict_Clear). */
void rt_dict_clear(struct rt_object *object);

/* Walks through the dict in the order of insertion: start with *position 0
 * and call until it returns false. Key and value are borrowed until the dict
 * changes. Removing and replacing while walking are safe; after an insertion
 * the walk is safe, too, but may leave keys out (PyDict_Next). */
bool rt_dict_next(struct rt_object *object, size_t *position,
                  struct rt_object **key, struct rt_object **value);

/* A new dict with the same keys and values in the same order; hashes and
 * compares nothing. NULL with a pending memory error (PyDict_Copy). */
struct rt_object *rt_dict_copy(struct rt_object *object);

/* How many slots its table has, 0 without one: what its size depends on. */
size_t rt_dict_slots(const struct rt_object *object);

/* --- the object (dict_type.c) -------------------------------------------- */

/* A new empty dict. The collector tracks it from the moment on in which it
 * first holds something that may be tracked (see gc_untrack.c); from 3.14 on
 * at once. NULL with a pending memory error. */
struct rt_object *rt_dict_new(void);

/* The same for a type that was made from a copy of rt_dict_type: such a dict
 * is tracked at once. */
struct rt_object *rt_dict_new_of(const struct rt_type *type);

/* Whether it is a dict of any such type. */
bool rt_dict_check(const struct rt_object *object);
size_t rt_dict_size(const struct rt_object *object); // its keys

/* For the table, when the key has been looked up: the dict is about to hold
 * these two, so it becomes tracked if one of them may be. Nothing happens to
 * a dict that is tracked (MAINTAIN_TRACKING). And makes a copy that has the
 * same table as from tracked if from is. */
void rt_dict_maintain_tracking(struct rt_object *object, struct rt_object *key,
                               struct rt_object *value);
void rt_dict_track_as(struct rt_object *copy, struct rt_object *from);

/* Whether both have equal keys with equal values, in any order: 1 or 0, or -1
 * with a pending error (dict_equal). */
int rt_dict_equal(struct rt_object *a, struct rt_object *b);

#endif
