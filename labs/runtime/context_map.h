/* Context map: the values of variables, which never change.
 *
 * In the place of CPython 3.12's Python/hamt.c. A map with one more value is a
 * new map, and the old one stays as it is, so that to copy a context is to
 * hold its map once more. CPython shares most of the tree between the two;
 * programs have a handful of variables, and then an array that is copied is
 * the faster tree. */
#ifndef LABS_RUNTIME_CONTEXT_MAP_H
#define LABS_RUNTIME_CONTEXT_MAP_H

#include <stddef.h>

struct rt_object;

/* The value of a variable in a map, borrowed as long as that lives, or NULL.
 * NULL is a map without values. */
struct rt_object *rt_context_map_find(struct rt_object *object,
                                      const struct rt_object *variable);

/* A new map that has a value for this variable besides what the old one has;
 * the old map may be NULL, all are borrowed. NULL with a pending memory error.
 */
struct rt_object *rt_context_map_with(struct rt_object *object,
                                      struct rt_object *variable,
                                      struct rt_object *value);

/* The same without a value for it: 0 and the new map, NULL if nothing is left;
 * -1 with a pending memory error. */
int rt_context_map_without(struct rt_object *object,
                           const struct rt_object *variable,
                           struct rt_object **result);

size_t rt_context_map_size(const struct rt_object *map); // NULL is fine

#endif
