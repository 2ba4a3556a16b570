/* Dict view: the keys, the values or the items of a dict, as they are now.
 *
 * After CPython 3.12: Objects/dictobject.c, _PyDictViewObject. A view holds
 * its dict and has nothing of its own. Views of keys and of items are equal to
 * such views with the same members, views of values only to themselves. The
 * set operations of views (& | - ^) are left out. */
#ifndef LABS_RUNTIME_DICT_VIEW_H
#define LABS_RUNTIME_DICT_VIEW_H

#include <stddef.h>

#include "labs/runtime/dict_iter.h"

/* A new view of the dict (dict.keys(), values(), items()). NULL with a pending
 * memory error. */
struct rt_object *rt_dict_view_new(struct rt_object *dict,
                                   enum rt_dict_part part);
size_t rt_dict_view_size(struct rt_object *object);

/* A new iterator over what the view shows. NULL with a pending memory
 * error. */
struct rt_object *rt_dict_view_iter(struct rt_object *object, bool reversed);

/* Whether the key, the value or the item, a tuple of two, is there: 1 or 0, or
 * -1 with a pending error. Values are compared one by one. */
int rt_dict_view_contains(struct rt_object *object, struct rt_object *member);

#endif
