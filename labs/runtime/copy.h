/* Copy: shallow and deep copies.
 *
 * After CPython 3.12: Lib/copy.py. A shallow copy is a new object that holds
 * the same references; a deep copy copies what they lead to as well. A memo
 * remembers what has been copied to what, so that an object that is held
 * twice, or holds itself, is copied once, and the copy has the same shape. */
#ifndef LABS_RUNTIME_COPY_H
#define LABS_RUNTIME_COPY_H

#include "labs/runtime/object.h"

/* A new reference to a shallow copy; the object itself, if its type has no
 * copy slot. NULL with a pending error. */
struct rt_object *rt_copy(struct rt_object *object);

/* The same for a deep copy. */
struct rt_object *rt_deepcopy(struct rt_object *object);

/* --- for deepcopy slots -------------------------------------------------- */

/* Remembers the copy, before its parts are copied. 0, or -1 with a pending
 * memory error. */
int rt_copy_memo_add(struct rt_copy_memo *memo, struct rt_object *object,
                     struct rt_object *copy);

/* The copy that was remembered, borrowed, or NULL. */
struct rt_object *rt_copy_memo_get(const struct rt_copy_memo *memo,
                                   const struct rt_object *object);

/* A new reference to the deep copy of a part, remembered or new; of NULL,
 * NULL. 0, or -1 with a pending error. */
int rt_copy_part(struct rt_object *part, struct rt_copy_memo *memo,
                 struct rt_object **copy);

#endif
