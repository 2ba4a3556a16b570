/* Gather: the results of many, in the order in which they were named.
 *
 * After CPython 3.12: Lib/asyncio/tasks.py, gather(). It gives a future of its
 * own kind, which is a callback of all its children. The first child that
 * fails ends it, and the others go on; unless errors are to take their places
 * among the results. A cancelled child counts as one that has failed.
 * Cancelling the future cancels the children; it ends when they have. */
#ifndef LABS_RUNTIME_GATHER_H
#define LABS_RUNTIME_GATHER_H

#include "labs/runtime/object.h"

struct rt_loop;

/* A new future of the results of `awaitables`, a list of futures and
 * coroutines, borrowed; coroutines become tasks, in their order, and may stand
 * there once. A future may stand there twice. The result is a list. NULL with
 * a pending error. */
struct rt_object *rt_gather(struct rt_loop *loop, struct rt_object *awaitables,
                            bool return_exceptions);

/* The future itself, or a new task for a coroutine (ensure_future). Steals
 * awaitable, also on failure; NULL is passed on. A new reference, or NULL with
 * a pending error. */
struct rt_object *rt_ensure_future(struct rt_loop *loop,
                                   struct rt_object *awaitable);

#endif
