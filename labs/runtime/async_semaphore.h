/* Async semaphore: for tasks, so many at a time.
 *
 * After CPython 3.12: Lib/asyncio/locks.py, Semaphore and BoundedSemaphore. A
 * release hands its unit over to the first in line, which has it from then on;
 * cancelled before it runs, it passes the unit on. */
#ifndef LABS_RUNTIME_ASYNC_SEMAPHORE_H
#define LABS_RUNTIME_ASYNC_SEMAPHORE_H

#include "labs/runtime/object.h"

/* A new semaphore with so many units. A bounded one never has more of them.
 * NULL with a pending error: no memory, or a value error below 0. */
struct rt_object *rt_async_semaphore_new(int64_t value, bool is_bounded);

/* A new coroutine that takes a unit. NULL with a pending memory error. */
struct rt_object *rt_async_semaphore_acquire(struct rt_object *semaphore);

/* Takes one if that needs no waiting, and no coroutine; whether it did. */
bool rt_async_semaphore_try(struct rt_object *semaphore);

/* Gives a unit back. 0, or -1 with a pending error: a value error if a bounded
 * one has all of its units. */
int rt_async_semaphore_release(struct rt_object *object);

/* Whether a task would have to wait. */
bool rt_async_semaphore_is_locked(const struct rt_object *semaphore);

#endif
