/* Wait for: one result, with a limit.
 *
 * After CPython: Lib/asyncio/tasks.py, wait_for(). Too late, what was waited
 * for is cancelled; it is over before the error comes. Since 3.12 it is a
 * timeout around an await; up to 3.11 something that ends in the very turn in
 * which the time is over has still made it. RT_COMPAT says which. */
#ifndef LABS_RUNTIME_WAIT_FOR_H
#define LABS_RUNTIME_WAIT_FOR_H

struct rt_object;

/* A new coroutine with the result of awaitable, a future or a coroutine,
 * stolen, also on failure; NULL is passed on. Its error is a timeout error
 * when that takes longer; INFINITY: it may take as long as it wants. With a
 * limit of 0 or less only what is done already is in time; a coroutine does
 * not even begin. NULL with a pending memory error. */
struct rt_object *rt_wait_for(struct rt_object *awaitable, double timeout_s);

/* A new coroutine that cancels a future, borrowed, and ends when that is over,
 * with None (_cancel_and_wait). NULL with a pending memory error. */
struct rt_object *rt_cancel_and_wait(struct rt_object *future);

#endif
