/* List ops: what moves many items of a list at once.
 *
 * After CPython 3.12: Objects/listobject.c. Sources of items are lists and
 * tuples, also the list itself. Bounds of slices are those of Python after
 * len() was added to negative ones: 0 <= low, and what lies behind the end is
 * the end; steps are left out. Items that leave a list are released when it is
 * in order again, from the last to the first. 0, or -1 with a pending error
 * and the list as it was. */
#ifndef LABS_RUNTIME_LIST_OPS_H
#define LABS_RUNTIME_LIST_OPS_H

#include <stddef.h>
#include <stdint.h>

struct rt_object;

/* A new list with these items, borrowed: exactly as much room as they need,
 * rounded up to an even number (list() of something that knows its length,
 * list_preallocate_exact). NULL with a pending memory error. */
struct rt_object *rt_list_from(struct rt_object *const *items, size_t count);

/* Puts item, borrowed, in front of another; an index behind the end means the
 * end (ins1). */
int rt_list_insert(struct rt_object *object, size_t index,
                   struct rt_object *item);

/* Appends all items of a list or tuple (list_extend). */
int rt_list_extend(struct rt_object *object, struct rt_object *source);

/* Takes an item out: the list's own reference, which is yours now. -1 with a
 * pending index error if it is not there (list_pop). */
int rt_list_pop_at(struct rt_object *object, size_t index,
                   struct rt_object **item);

/* A new list of the items from low to before high, exactly sized
 * (list_slice). NULL with a pending memory error. */
struct rt_object *rt_list_slice(struct rt_object *object, size_t low,
                                size_t high);

/* Replaces them by all items of a list or tuple, or by nothing if source is
 * NULL (list_ass_slice). */
int rt_list_set_slice(struct rt_object *object, size_t low, size_t high,
                      struct rt_object *source);

/* The items times over, in a new list, exactly sized, or in the list itself; a
 * count below 1 gives an empty one. A memory error if the product is larger
 * than any list (list_repeat, list_inplace_repeat). */
struct rt_object *rt_list_repeat(struct rt_object *object, int64_t times);
int rt_list_repeat_in_place(struct rt_object *object, int64_t times);

#endif
