/* Dict: finds a value by its key, and remembers the order of insertion.
 *
 * After CPython 3.12: Objects/dictobject.c. Keys are objects with a hash that
 * never changes (see hash.h). A replaced value leaves its key in its place; a
 * key that was removed and comes again goes to the end. Dicts are equal by
 * value, and can be no keys themselves. Four files share the work:
 *
 *   dict.c           the table: stores, finds, forgets, walks
 *   dict_tracking.c  tells the collector what comes into it
 *   dict_type.c      the object: its birth, its death, its slots
 *   dict_methods.c   what else Python's dict can do
 *
 * Iterators and views are objects of their own, see dict_iter.h.
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
 * (insertdict). For rt_dict_set(); all others call that. */
int rt_dict_store(struct rt_object *object, struct rt_object *key,
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

/* The same backwards: start with *position RT_DICT_END. A position lies
 * between two entries, so whoever turns back meets the same entry again
 * (dictreviter_iternext). */
#define RT_DICT_END SIZE_MAX
bool rt_dict_previous(struct rt_object *object, size_t *position,
                      struct rt_object **key, struct rt_object **value);

/* A new dict with the same keys and values in the same order; hashes and
 * compares nothing. NULL with a pending memory error
 * (clone_combined_dict_keys). For rt_dict_copy(); all others call that. */
struct rt_object *rt_dict_clone(struct rt_object *object);

/* How many slots its table has, 0 without one: what its size depends on
 * (DK_SIZE). */
size_t rt_dict_slots(struct rt_object *object);

/* --- with the collector (dict_tracking.c) -------------------------------- */

/* rt_dict_store(), and the dict is tracked from the moment on in which it
 * holds something that may be tracked (PyDict_SetItem). */
int rt_dict_set(struct rt_object *object, struct rt_object *key,
                struct rt_object *value);

/* rt_dict_clone(), and the copy of the same table is tracked if the original
 * is, another one by what it holds (PyDict_Copy). */
struct rt_object *rt_dict_copy(struct rt_object *object);

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

/* Whether both have equal keys with equal values, in any order: 1 or 0, or -1
 * with a pending error (dict_equal). */
int rt_dict_equal(struct rt_object *a, struct rt_object *b);

/* --- the methods (dict_methods.c) ---------------------------------------- */

/* Takes key out; its value is yours. 1, 0 if the key is not there, or -1 with
 * a pending error. An empty dict does not even hash (dict.pop). */
int rt_dict_pop(struct rt_object *object, struct rt_object *key,
                struct rt_object **value);

/* Takes the key out that was inserted last; key and value are yours. 0, or -1
 * with a pending key error if there is none (dict.popitem). */
int rt_dict_popitem(struct rt_object *object, struct rt_object **key,
                    struct rt_object **value);

/* The value under key, borrowed until the dict changes; if there is none,
 * stores this one first. NULL with a pending error and the dict as it was
 * (dict.setdefault). */
struct rt_object *rt_dict_setdefault(struct rt_object *object,
                                     struct rt_object *key,
                                     struct rt_object *value);

/* Stores everything from another dict, in its order. 0, or -1 with a pending
 * error, a runtime error if the other one gets more keys meanwhile; then a
 * part is stored (dict.update). */
int rt_dict_update(struct rt_object *object, struct rt_object *other);

/* A new dict with this value under each of count keys. NULL with a pending
 * error (dict.fromkeys). */
struct rt_object *rt_dict_fromkeys(struct rt_object *const *keys, size_t count,
                                   struct rt_object *value);

#endif
