/* Weakref: a reference that does not keep its object alive.
 *
 * After CPython 3.12: Objects/weakrefobject.c. An object of a type with a
 * weaklist_offset carries a list of the weak references to it: first the one
 * without a callback, which is shared by all who ask for it, then those with
 * one, the newest first. When the object dies all of them are cleared before
 * the first callback runs, so that no callback sees it.
 *
 * Proxies and the entries of weak dicts are weak references, too (see
 * weak_kind.h); the shared proxy stands right behind the shared reference. */
#ifndef LABS_RUNTIME_WEAKREF_H
#define LABS_RUNTIME_WEAKREF_H

#include "labs/runtime/object.h"

struct rt_weakref {
    struct rt_object head;
    struct rt_object *referent;  // borrowed; NULL: dead or cleared
    struct rt_object *callback;  // ours, or NULL
    struct rt_weakref *next;     // in the list of the referent
    struct rt_weakref *previous; // the same; of the first one not defined
    union { // for other kinds of weak references, which fill it themselves
        int64_t hash;          // of the referent
        struct rt_object *key; // ours, or NULL
    } of_kind;
};

/* A new reference to a weak reference. callback, borrowed, is called with the
 * weak reference once the object has died; NULL: no callback, and the same
 * weak reference as the last time, if it is still there. NULL with a pending
 * error: no memory, or there are no weak references to such an object. */
struct rt_object *rt_weakref_new(struct rt_object *object,
                                 struct rt_object *callback);

/* A new reference to the object, or NULL, without an error, if it is dead. */
struct rt_object *rt_weakref_get(struct rt_object *reference);

/* Whether it is a weak reference, of whatever kind (PyWeakref_Check). */
bool rt_weakref_check(const struct rt_object *object);

/* How many weak references to the object there are; the first of its list,
 * borrowed, or NULL. */
size_t rt_weakref_count(struct rt_object *object);
struct rt_weakref *rt_weakref_first(struct rt_object *object);

/* For dealloc slots, when the finalizer is through: clears all weak references
 * to the dying object, then calls the callbacks in the order of the list, each
 * once, and releases them. Asks for no memory; a pending error stays pending
 * (PyObject_ClearWeakRefs). */
void rt_weakref_clear_all(struct rt_object *object);

/* Takes one off the list and makes it forget its object, without calling or
 * releasing its callback; nothing happens if it is dead (_PyWeakref_ClearRef).
 */
void rt_weakref_clear(struct rt_weakref *reference);

/* Calls the callback of one that has it, and keeps it alive until the call is
 * over; an error in it is unraisable (handle_callback). */
void rt_weakref_call_back(struct rt_weakref *reference);

#endif
