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

/* A memo of the caller's: what was copied with it once is that copy the next
 * time, too. NULL with a pending memory error. It holds references to all
 * originals and copies, so that no address is taken twice while it lives. */
struct rt_copy_memo *rt_copy_memo_new(void);
void rt_copy_memo_free(struct rt_copy_memo *memo); // NULL is fine

/* A new reference to a deep copy that is made with this memo. NULL with a
 * pending error (copy.deepcopy(object, memo)). */
struct rt_object *rt_deepcopy_with(struct rt_object *object,
                                   struct rt_copy_memo *memo);

/* How many entries CPython's memo would have: one for each object of which
 * there is a copy, and one more, if there are any, for the list of these
 * objects, which lies under the memo's own id. What is its own copy has none.
 */
size_t rt_copy_memo_size(const struct rt_copy_memo *memo);

/* The object at this place of that list, borrowed; NULL behind its end. Here
 * the list is in the order in which the objects were met (_keep_alive). */
struct rt_object *rt_copy_memo_kept(const struct rt_copy_memo *memo,
                                    size_t index);

/* --- for deepcopy slots -------------------------------------------------- */

/* Remembers the copy, which must be done before its parts are copied, if they
 * may lead back to it; what the slot returns is remembered anyway. 0, or -1
 * with a pending memory error. */
int rt_copy_memo_add(struct rt_copy_memo *memo, struct rt_object *object,
                     struct rt_object *copy);

/* The copy that was remembered, borrowed, or NULL. */
struct rt_object *rt_copy_memo_get(const struct rt_copy_memo *memo,
                                   const struct rt_object *object);

/* A new reference to the deep copy of a part, remembered or new; of NULL,
 * NULL. 0, or -1 with a pending error. */
int rt_copy_part(struct rt_object *part, struct rt_copy_memo *memo,
                 struct rt_object **copy);

/* --- for the deepcopy slot of lists -------------------------------------- */

/* A new reference to the deep copy of an item that has a deepcopy slot, which
 * puts off what the memo must know before other code runs: for slots that let
 * no other code run while they have an unfinished copy, nor release what they
 * copy. NULL with a pending error. */
struct rt_object *rt_copy_whole(struct rt_object *item,
                                struct rt_copy_memo *memo);

/* The same for any item. */
static inline struct rt_object *
rt_copy_item(struct rt_object *item, struct rt_copy_memo *memo)
{
    return item->ob_type->deepcopy == NULL ? rt_new_ref(item)
                                           : rt_copy_whole(item, memo);
}

/* Now the memo must know: for such a slot that fails, before it releases its
 * copy. 0, or -1 with a pending memory error, and the memo does not know of
 * all that was copied. */
int rt_copy_memo_settle(struct rt_copy_memo *memo);

#endif
