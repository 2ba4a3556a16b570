/* Set iter: goes through a set once, and notices when keys come or go.
 *
 * After CPython 3.12: Objects/setobject.c, setiterobject. An iterator is an
 * object that holds its set until it has come to the end. */
#ifndef LABS_RUNTIME_SET_ITER_H
#define LABS_RUNTIME_SET_ITER_H

#include <stddef.h>

struct rt_object;

/* A new iterator over the set in the order of its table. NULL with a pending
 * memory error. */
struct rt_object *rt_set_iter_new(struct rt_object *set);

/* Puts the next key in place, a new reference. 1, 0 at the end and ever after,
 * or -1 with a pending runtime error each time from when the number of keys is
 * not what it was at the beginning ("Set changed size during iteration"). */
int rt_set_iter_next(struct rt_object *object, struct rt_object **key);

/* How many are still to come (__length_hint__). */
size_t rt_set_iter_left(struct rt_object *object);

#endif
