/* List: an array that grows.
 *
 * After CPython 3.12: Objects/listobject.c. There is room for more than the
 * items that are there, about an eighth more at each growth, so that n appends
 * copy fewer than 9n pointers. An item may be NULL, for None. What moves many
 * items is in list_ops.h. */
#ifndef LABS_RUNTIME_LIST_H
#define LABS_RUNTIME_LIST_H

#include "labs/runtime/object.h"

struct rt_list {
    struct rt_object head;
    struct rt_object **items; // our references
    size_t size;              // items that are there
    size_t allocated;         // items that there is room for
};

/* A new empty list, tracked. NULL with a pending memory error. */
struct rt_object *rt_list_new(void);
bool rt_list_check(const struct rt_object *object);

size_t rt_list_size(struct rt_object *list);
struct rt_object *rt_list_at(struct rt_object *object, size_t index);

/* Adds item, borrowed, at the end. 0, or -1 with a pending memory error. */
int rt_list_append(struct rt_object *object, struct rt_object *item);

/* Puts item, borrowed, in the place of another, which is released last. -1
 * with a pending index error. */
int rt_list_set(struct rt_object *object, size_t index,
                struct rt_object *item);

/* Takes the last item off: the list's own reference, which is yours now. -1
 * with a pending index error if there is none. */
int rt_list_pop(struct rt_object *object, struct rt_object **item);

/* Releases all items, from the last to the first; the list is empty before
 * the first of them is. */
void rt_list_clear(struct rt_object *object);

#endif
