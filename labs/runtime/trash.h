/* Trash: long chains die without a deep stack.
 *
 * After CPython 3.12: Py_TRASHCAN_BEGIN and _END in Include/cpython/object.h,
 * Objects/object.c. A container that dies releases what it holds, which dies
 * and releases what it holds, and so on: a list of a million links would need
 * a million frames of the C stack. After 50 levels the next one is put aside
 * instead, and dies when the stack has unwound. Python 3.13 does so when the C
 * stack gets short, which is much later.
 *
 *     static void
 *     chain_dealloc(struct rt_object *object)
 *     {
 *         rt_gc_untrack(object);
 *         if (rt_trash_begin(object)) {
 *             ... release, rt_gc_free(object) ...
 *             rt_trash_end();
 *         }
 *     } */
#ifndef LABS_RUNTIME_TRASH_H
#define LABS_RUNTIME_TRASH_H

#include <stdbool.h>

struct rt_object;

enum {
    RT_TRASH_LEVELS = 50 // _PyTrash_UNWIND_LEVEL
};

/* Whether the untracked object may die now; else it has been put aside, and
 * its dealloc slot will be called again. */
bool rt_trash_begin(struct rt_object *object);

/* After a rt_trash_begin() that said yes. */
void rt_trash_end(void);

#endif
