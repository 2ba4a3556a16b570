/* Odict iter: goes through an ordered dict once, from either end.
 *
 * After CPython 3.12: Objects/odictobject.c, odictiterobject. It knows the key
 * that it will give next, so it notices each change of the order. */
#ifndef LABS_RUNTIME_ODICT_ITER_H
#define LABS_RUNTIME_ODICT_ITER_H

#include <stdbool.h>

#include "labs/runtime/dict_iter.h"

/* A new iterator over the ordered dict, from the end if reversed. NULL with a
 * pending memory error. */
struct rt_object *rt_odict_iter_new(struct rt_object *odict,
                                    enum rt_dict_part part, bool reversed);

/* Puts the next key, value or item in place, a new reference. 1, 0 at the end
 * and ever after, or -1 with a pending error: a runtime error if the order has
 * changed ("OrderedDict mutated during iteration", then it is at its end), or
 * else the number of keys ("OrderedDict changed size during iteration", again
 * with each call). Changes after the last key was given go unnoticed. */
int rt_odict_iter_next(struct rt_object *object, struct rt_object **item);

#endif
