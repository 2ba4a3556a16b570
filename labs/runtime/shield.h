/* Shield: waiting without passing a cancellation on.
 *
 * After CPython 3.12: Lib/asyncio/tasks.py, shield(). Whoever waits gets an
 * outer future; cancelling that leaves the inner one alone. */
#ifndef LABS_RUNTIME_SHIELD_H
#define LABS_RUNTIME_SHIELD_H

struct rt_loop;
struct rt_object;

/* A new future that ends as awaitable does; one that is done already is its
 * own shield. awaitable, a future or a coroutine, is stolen, also on failure;
 * NULL is passed on. Somebody should keep the inner task: the loop does not.
 * NULL with a pending error. */
struct rt_object *rt_shield(struct rt_loop *loop, struct rt_object *awaitable);

#endif
