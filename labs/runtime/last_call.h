/* Last call: calls a function when an object has died, without being part of
 * the object (weakref.finalize).
 *
 * After CPython 3.12: Lib/weakref.py, class finalize. A registry keeps each of
 * them alive until it has been called, by the object's death, by hand or at
 * the end of the program, or has been detached. It refers weakly to its
 * object, with itself as the callback. The collector knows three objects: it,
 * the weak reference and what the registry knows of it. A copy is one that the
 * registry does not know: it has no object and is not alive. */
#ifndef LABS_RUNTIME_LAST_CALL_H
#define LABS_RUNTIME_LAST_CALL_H

#include "labs/runtime/object.h"

/* A new reference to a new one, registered. function, borrowed, is called
 * with it. NULL with a pending error. */
struct rt_object *rt_last_call_new(struct rt_object *object,
                                   struct rt_object *function);
bool rt_last_call_check(const struct rt_object *object);

/* Calls the function now, unless it has been called or detached: then nothing
 * happens. 0, or -1 with the function's pending error. */
int rt_last_call_now(struct rt_object *last_call);

/* Whether it was registered still, and its object alive; it is not any more.
 */
bool rt_last_call_detach(struct rt_object *last_call);

/* Whether it is registered still. */
bool rt_last_call_is_alive(struct rt_object *last_call);

/* The end of the program, one of the exit functions of shutdown.h: calls all
 * that are left, the newest first; an error in one is unraisable and does not
 * stop the next. No automatic collection starts meanwhile. */
void rt_last_call_at_exit(void);

#endif
