/* Method: a function bound to the object that it was looked up on.
 *
 * After CPython 3.12: Objects/classobject.c (PyMethodObject). A method is made
 * anew each time it is looked up and holds its object: kept by that object it
 * closes a cycle. */
#ifndef LABS_RUNTIME_METHOD_H
#define LABS_RUNTIME_METHOD_H

#include "labs/runtime/function.h"
#include "labs/runtime/object.h"

struct rt_weakref;

struct rt_method { // PyMethodObject
    struct rt_object head;
    struct rt_weakref *weakrefs;
    struct rt_object *function; // ours
    struct rt_object *self;     // ours
};

/* A new method that calls function with self; both borrowed. A callable that
 * is no function is called with a tuple of self and the argument. Two methods
 * are equal if their functions are equal and their objects are the same one.
 * There can be weak references to it; a deep copy is bound to a copy of the
 * object. NULL with a pending error: no memory, or a type error, because
 * function cannot be called (PyMethod_New). */
struct rt_object *rt_method_new(struct rt_object *function,
                                struct rt_object *self);
bool rt_method_check(const struct rt_object *object);

/* Of a method: what it calls and what it is bound to, borrowed as long as the
 * method lives. */
struct rt_object *rt_method_function(const struct rt_object *method);
struct rt_object *rt_method_self(const struct rt_object *method);

#endif
