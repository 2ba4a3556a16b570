/* Closure: a function of C together with what it works on, to be called later.
 *
 * After CPython 3.12: Objects/methodobject.c. Methods (method.h) are found
 * through an object; these are made for one occasion, as callbacks of an event
 * loop or of a future. */
#ifndef LABS_RUNTIME_CLOSURE_H
#define LABS_RUNTIME_CLOSURE_H

#include "labs/runtime/object.h"

/* A new closure. work is called with self and the argument of the call, both
 * borrowed, the argument maybe NULL; it returns 0, or -1 with a pending error.
 * self is borrowed, too, and kept as long as the closure lives; NULL is fine.
 * NULL with a pending memory error. */
struct rt_object *rt_closure_new(int (*work)(struct rt_object *self,
                                             struct rt_object *argument),
                                 struct rt_object *self);

/* A function without an object of its own, for ever: a static variable
 *
 *     static struct rt_static_function stop = RT_STATIC_FUNCTION(stop_work);
 *
 * whose address of head is the object. */
struct rt_static_function {
    struct rt_object head;
    int (*work)(struct rt_object *argument);
};
extern const struct rt_type rt_static_function_type;

#define RT_STATIC_FUNCTION(function)                                          \
    {                                                                         \
        {RT_IMMORTAL_REFCNT, &rt_static_function_type}, (function)            \
    }

#endif
