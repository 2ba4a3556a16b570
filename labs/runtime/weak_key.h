/* Weak key: a weak reference that tables find by its object.
 *
 * After CPython 3.12: weakref_hash() and weakref_richcompare() in
 * Objects/weakrefobject.c. Its hash is that of the object, and is remembered,
 * because a key must be found when the object is dead, too. Two are equal if
 * their objects live and are equal; a dead one is equal to itself alone. */
#ifndef LABS_RUNTIME_WEAK_KEY_H
#define LABS_RUNTIME_WEAK_KEY_H

#include "labs/runtime/object.h"

/* A new weak key, never one that is there already; callback, borrowed or NULL,
 * as for rt_weakref_new(). NULL with a pending error: no memory, no weak
 * references to such an object, or no hash of it. */
struct rt_object *rt_weak_key_new(struct rt_object *object,
                                  struct rt_object *callback);

#endif
