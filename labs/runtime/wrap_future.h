/* Wrap future: the future of a pool of threads as one of a loop.
 *
 * After CPython 3.12: Lib/asyncio/futures.py, wrap_future() and
 * _chain_future(). What the one comes to, the other comes to:
 *
 *     worker: the call ends ---> a letter to the loop ---> future is done
 *     loop:   the future is cancelled ---> the call, unless it has begun
 *
 * The two may end in either order, in different threads, and the loop may be
 * gone before the call is over. */
#ifndef LABS_RUNTIME_WRAP_FUTURE_H
#define LABS_RUNTIME_WRAP_FUTURE_H

struct rt_loop;
struct rt_object;

/* A new future of the loop that ends as a pool future (pool_future.h), which
 * is borrowed, does. A result of NULL becomes None. NULL with a pending memory
 * error. */
struct rt_object *rt_wrap_future(struct rt_loop *loop,
                                 struct rt_object *source);

/* For a loop that is closed: it gets no letters any more. */
void rt_wrap_future_forget(const struct rt_loop *loop);

#endif
