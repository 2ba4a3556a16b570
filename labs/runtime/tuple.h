/* Tuple: items that never change.
 *
 * After CPython 3.12: Objects/tupleobject.c. The items lie behind the head, in
 * one block. There is no clear slot: a cycle that goes through a tuple is
 * broken somewhere else. An item may be NULL, for None. */
#ifndef LABS_RUNTIME_TUPLE_H
#define LABS_RUNTIME_TUPLE_H

#include "labs/runtime/object.h"

struct rt_tuple {
    struct rt_object head;
    size_t size;
    struct rt_object *items[]; // our references
};

extern const struct rt_type rt_tuple_type;

/* A new tuple of count items, borrowed. NULL with a pending memory error. */
struct rt_object *rt_tuple_new(struct rt_object *const *items, size_t count);

/* The same for a type that was made from a copy of rt_tuple_type. */
struct rt_object *rt_tuple_new_of(const struct rt_type *type,
                                  struct rt_object *const *items,
                                  size_t count);

/* Whether it is a tuple of any such type. */
bool rt_tuple_check(const struct rt_object *object);

size_t rt_tuple_size(struct rt_object *tuple);
struct rt_object *rt_tuple_at(struct rt_object *object, size_t index);

#endif
