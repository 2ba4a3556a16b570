/* Async condition: tasks that share a lock tell each other of changes.
 *
 * After CPython 3.12: Lib/asyncio/locks.py, Condition. */
#ifndef LABS_RUNTIME_ASYNC_CONDITION_H
#define LABS_RUNTIME_ASYNC_CONDITION_H

#include "labs/runtime/object.h"

/* A new condition with this lock, borrowed; NULL: with one of its own. NULL
 * with a pending memory error. */
struct rt_object *rt_async_condition_new(struct rt_object *lock);

/* Its lock, borrowed, which is taken and given back as any other. */
struct rt_object *rt_async_condition_lock(const struct rt_object *condition);

/* A new coroutine that gives the lock back, waits to be notified and takes the
 * lock again, also when it is cancelled. It fails with a runtime error if
 * nobody has the lock. NULL with a pending memory error. */
struct rt_object *rt_async_condition_wait(struct rt_object *condition);

/* Wakes the first so many who wait; SIZE_MAX: all. They go on when they have
 * got the lock, one after the other. 0, or -1 with a pending error: a runtime
 * error if nobody has the lock. */
int rt_async_condition_notify(struct rt_object *object, size_t count);

#endif
