/* Async lock: for tasks, one at a time.
 *
 * After CPython 3.12: Lib/asyncio/locks.py, Lock. Tasks wait in line. A
 * released lock is not handed over: the first in line is woken, and takes it
 * when it runs; nobody new may overtake those who wait. */
#ifndef LABS_RUNTIME_ASYNC_LOCK_H
#define LABS_RUNTIME_ASYNC_LOCK_H

#include "labs/runtime/object.h"

/* A new lock, not taken. NULL with a pending memory error. */
struct rt_object *rt_async_lock_new(void);

/* A new coroutine that takes the lock. NULL with a pending memory error. */
struct rt_object *rt_async_lock_acquire(struct rt_object *lock);

/* Takes the lock if that needs no waiting, and no coroutine; whether it did.
 */
bool rt_async_lock_try(struct rt_object *lock);

/* 0, or -1 with a pending runtime error if nobody has it. */
int rt_async_lock_release(struct rt_object *object);

bool rt_async_lock_is_locked(const struct rt_object *lock);

#endif
