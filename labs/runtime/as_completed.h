/* As completed: results in the order in which they come.
 *
 * After CPython 3.12: Lib/asyncio/tasks.py, as_completed(). In a body:
 *
 *     my->results = rt_as_completed(loop, futures, INFINITY);
 *     while ((next = rt_as_completed_next(my->results)) != NULL) {
 *         RT_AWAIT(next);
 *         ...
 *     } */
#ifndef LABS_RUNTIME_AS_COMPLETED_H
#define LABS_RUNTIME_AS_COMPLETED_H

#include "labs/runtime/object.h"

struct rt_loop;

/* A new object that watches futures and coroutines, a list, borrowed. Each of
 * them stands there once. Those that are not done after that time are given
 * up; INFINITY: none. NULL with a pending error. */
struct rt_object *rt_as_completed(struct rt_loop *loop,
                                  struct rt_object *awaitables,
                                  double timeout_s);

/* A new coroutine with the next result, or the next error, which is a timeout
 * error for each one that was given up. NULL without a pending error when
 * there were as many as there are futures; NULL with one without memory. */
struct rt_object *rt_as_completed_next(struct rt_object *object);

#endif
