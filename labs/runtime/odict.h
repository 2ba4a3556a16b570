/* Odict: a dict whose order can be changed at both ends.
 *
 * After CPython 3.12: collections.OrderedDict, Objects/odictobject.c and
 * Lib/collections/__init__.py. Since dicts keep their order this is the type
 * for those who move keys, as a cache does with the key that was used last.
 * What dict.h says about keys, about replacing and about code that runs
 * meanwhile holds here, too. There can be weak references to one.
 *
 * All functions but rt_odict_check() and rt_odict_equal() are for ordered
 * dicts only. */
#ifndef LABS_RUNTIME_ODICT_H
#define LABS_RUNTIME_ODICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rt_object;

/* A new empty ordered dict, tracked by the collector. NULL with a pending
 * memory error. */
struct rt_object *rt_odict_new(void);
bool rt_odict_check(const struct rt_object *object);

/* As rt_dict_set(), rt_dict_get(), rt_dict_remove(), rt_dict_clear(),
 * rt_dict_size() and rt_dict_slots(). */
int rt_odict_set(struct rt_object *object, struct rt_object *key,
                 struct rt_object *value);
struct rt_object *rt_odict_get(struct rt_object *object,
                               struct rt_object *key);
int rt_odict_remove(struct rt_object *object, struct rt_object *key);
void rt_odict_clear(struct rt_object *object);
size_t rt_odict_size(const struct rt_object *object);
size_t rt_odict_slots(const struct rt_object *object);

/* Moves key to the end, or to the beginning if not last. 0, or -1 with a
 * pending error, a key error if it is not there (move_to_end). */
int rt_odict_move_to_end(struct rt_object *object, struct rt_object *key,
                         bool last);

/* Takes the last key out, or the first if not last, and gives it with its
 * value: new references. 0, or -1 with a pending error, a key error if there
 * is none (popitem). */
int rt_odict_pop(struct rt_object *object, bool last, struct rt_object **key,
                 struct rt_object **value);

/* Walks through the ordered dict: start with *key NULL, each call puts the
 * next key and its value in place, both borrowed until they are removed.
 * Returns 1, 0 at the end, or -1 with a pending error, a runtime error if
 * *key is not there any more. */
int rt_odict_next(struct rt_object *object, struct rt_object **key,
                  struct rt_object **value);

/* The same backwards, from the end with *key NULL. */
int rt_odict_previous(struct rt_object *object, struct rt_object **key,
                      struct rt_object **value);

/* A number that grows with each change of the order, as when a key comes, goes
 * or moves; but clearing counts only from CPython 3.13 on (od_state). */
uint64_t rt_odict_state(const struct rt_object *object);

/* Whether the ordered dict a has the same keys and values as b, which is
 * another and has them in the same order, or a dict, whose order does not
 * count. 1 or 0, or -1 with a pending error (odict_richcompare). */
int rt_odict_equal(struct rt_object *a, struct rt_object *b);

#endif
