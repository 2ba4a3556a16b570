/* Function: code, and the namespace in which it was defined.
 *
 * After CPython 3.12: Objects/funcobject.c, as much as there is to a function
 * whose code is in C. A function holds the dict of its globals, which mostly
 * holds the function: a cycle. */
#ifndef LABS_RUNTIME_FUNCTION_H
#define LABS_RUNTIME_FUNCTION_H

#include "labs/runtime/object.h"

struct rt_weakref;

struct rt_function { // PyFunctionObject
    struct rt_object head;
    struct rt_weakref *weakrefs;
    struct rt_object *globals; // ours: a dict, or NULL
    int (*code)(struct rt_object *self, struct rt_object *argument);
};

/* A new function that runs code, which borrows the object that the function is
 * bound to, NULL if it is called by itself, and the argument of the call, and
 * returns 0, or -1 with a pending error. NULL with a pending memory error. */
struct rt_object *rt_function_new(int (*code)(struct rt_object *self,
                                              struct rt_object *argument));

/* The same with globals, borrowed: the function takes a reference
 * (PyFunction_New). */
struct rt_object *rt_function_new_in(struct rt_object *globals,
                                     int (*code)(struct rt_object *self,
                                                 struct rt_object *argument));
bool rt_function_check(const struct rt_object *object);

/* Its globals, borrowed, or NULL. */
struct rt_object *rt_function_globals(const struct rt_object *function);

#endif
