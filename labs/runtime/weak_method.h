/* Weak method: a weak reference to a bound method.
 *
 * After CPython 3.12: Lib/weakref.py, class WeakMethod. A method lives no
 * longer than the call that it was looked up for, so a plain weak reference to
 * it is dead at once. A weak method refers weakly to its two parts, the object
 * and the function, and makes an equal method whenever it is asked for.
 *
 * All functions but rt_weak_method_new() and rt_weak_method_check() are for
 * weak methods only. */
#ifndef LABS_RUNTIME_WEAK_METHOD_H
#define LABS_RUNTIME_WEAK_METHOD_H

#include "labs/runtime/object.h"

/* A new weak method. callback, borrowed or NULL, is called once, with the weak
 * method, when the first of the two parts has died. Two of them are equal if
 * they are alive and their objects are equal and their functions are; dead
 * ones only to themselves. NULL with a pending error: no memory, or a type
 * error, because method is no method or a part takes no weak references. */
struct rt_object *rt_weak_method_new(struct rt_object *method,
                                     struct rt_object *callback);
bool rt_weak_method_check(const struct rt_object *object);

/* A new method; or NULL, without an error if a part is dead, with a pending
 * memory error if there is no memory. */
struct rt_object *rt_weak_method_get(struct rt_object *object);

#endif
