/* Async barrier: tasks that go on together.
 *
 * After CPython 3.12: Lib/asyncio/locks.py, Barrier. It fills until so many
 * tasks wait, then drains until all of them have left; who comes meanwhile
 * waits for the next round. */
#ifndef LABS_RUNTIME_ASYNC_BARRIER_H
#define LABS_RUNTIME_ASYNC_BARRIER_H

#include "labs/runtime/object.h"

/* A new barrier for so many tasks. NULL with a pending error: no memory, or a
 * value error below 1. */
struct rt_object *rt_async_barrier_new(int64_t parties);

/* A new coroutine that waits for the others. Its result is an int: how many
 * came before. It fails with a broken-barrier error if the barrier is reset or
 * broken meanwhile. NULL with a pending memory error. */
struct rt_object *rt_async_barrier_wait(struct rt_object *barrier);

/* New coroutines that send all who wait away with an error: and then the
 * barrier is as new, or broken for ever. NULL with a pending memory error. */
struct rt_object *rt_async_barrier_reset(struct rt_object *barrier);
struct rt_object *rt_async_barrier_abort(struct rt_object *barrier);

int64_t rt_async_barrier_waiting(const struct rt_object *object);
bool rt_async_barrier_is_broken(const struct rt_object *barrier);

#endif
