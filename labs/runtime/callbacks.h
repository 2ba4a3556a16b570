/* Callbacks: who is to be called when something is done.
 *
 * Most futures have one waiter, so the first callback needs no memory of its
 * own; a list is made for the second. After CPython 3.12:
 * Modules/_asynciomodule.c, fut_callback0 and fut_callbacks. */
#ifndef LABS_RUNTIME_CALLBACKS_H
#define LABS_RUNTIME_CALLBACKS_H

#include "labs/runtime/object.h"

/* Empty when zeroed. Part of an object, for whose collector it is one
 * reference. */
struct rt_callbacks {
    struct rt_object *held; // ours: NULL, a callback, or a list of them
};

/* Whether a callback is to be bound to the current context (context.h) before
 * it is added: not if it is a task or a future, which know theirs, or if there
 * is nothing to tell contexts apart. */
bool rt_callbacks_need_context(const struct rt_object *callback);

/* Whether there is one, and a list to be made for a second. */
bool rt_callbacks_need_list(const struct rt_callbacks *callbacks);

/* Adds a callback at the end; it is borrowed, and kept until it is removed.
 * list: an empty one, borrowed, or NULL if none is needed. It is made before,
 * because a collection may run then, and whatever code it runs may change the
 * callbacks; here none runs. 0, or -1 with a pending memory error. */
int rt_callbacks_add(struct rt_callbacks *callbacks,
                     struct rt_object *callback, struct rt_object *list);

/* Removes all that are this very object, bound or not; how many that were. */
size_t rt_callbacks_remove(struct rt_callbacks *callbacks,
                           const struct rt_object *callback);

/* Whether there is, or was, more than one; else `held` is the one itself. */
bool rt_callbacks_have_list(const struct rt_callbacks *callbacks);

size_t rt_callbacks_count(const struct rt_callbacks *callbacks);

/* The oldest has the index 0. Borrowed. */
struct rt_object *rt_callbacks_at(const struct rt_callbacks *callbacks,
                                  size_t index);

/* Releases all of them; empty before the first of them is. */
void rt_callbacks_clear(struct rt_callbacks *callbacks);

#endif
