/* Dict iter: goes through a dict once, and notices when keys come or go.
 *
 * After CPython 3.12: Objects/dictobject.c, dictiterobject. An iterator is an
 * object that holds its dict until it has come to the end. Replacing values
 * meanwhile is fine. */
#ifndef LABS_RUNTIME_DICT_ITER_H
#define LABS_RUNTIME_DICT_ITER_H

#include <stdbool.h>
#include <stddef.h>

struct rt_object;

enum rt_dict_part {
    RT_DICT_KEYS,
    RT_DICT_VALUES,
    RT_DICT_ITEMS // tuples of key and value
};

/* A new iterator over the dict in the order of insertion, or in the opposite
 * one. NULL with a pending memory error. */
struct rt_object *rt_dict_iter_new(struct rt_object *dict,
                                   enum rt_dict_part part, bool reversed);

/* Puts the next key, value or item in place, a new reference. 1, 0 at the end
 * and ever after, or -1 with a pending error: a runtime error if the number of
 * keys is not what it was at the beginning ("dictionary changed size during
 * iteration", again with each call), or if more keys come than there were
 * ("dictionary keys changed during iteration", then it is at its end). An item
 * that nobody else holds any more is used again for the next one. */
int rt_dict_iter_next(struct rt_object *object, struct rt_object **item);

/* How many are still to come (__length_hint__). */
size_t rt_dict_iter_left(struct rt_object *object);

/* A tuple of key and value, a new reference: the last one, changed, if nobody
 * but the caller holds it, else a new one. NULL with a pending memory error.
 */
struct rt_object *rt_dict_iter_item(struct rt_object *last,
                                    struct rt_object *key,
                                    struct rt_object *value);

#endif
