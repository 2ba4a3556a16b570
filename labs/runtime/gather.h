/* Gather: the results of many, in the order in which they were named.
 *
 * After CPython 3.12: Lib/asyncio/tasks.py, gather(). It gives a future of its
 * own kind, which is a callback of all its children. The first child that
 * fails ends it, and the others go on; unless errors are to take their places
 * among the results. A cancelled child counts as one that has failed.
 * Cancelling the future cancels the children; it ends when they have, with the
 * cancelled-error of the last of them in that order. */
#ifndef LABS_RUNTIME_GATHER_H
#define LABS_RUNTIME_GATHER_H

#include "labs/runtime/future.h"

struct rt_gather { // _GatheringFuture
    struct rt_future future;
    struct rt_object *children; // ours: a list of futures
    size_t expected;            // children, without repetitions
    size_t finished;            // of them
    bool return_exceptions;
    bool is_cancel_requested; // and a child could be cancelled
};

/* --- for people ---------------------------------------------------------- */

/* A new future of the results of `awaitables`, a list of futures and
 * coroutines, borrowed; coroutines become tasks, in their order, and may stand
 * there once. A future may stand there twice. The result is a list. NULL with
 * a pending error. */
struct rt_object *rt_gather(struct rt_loop *loop, struct rt_object *awaitables,
                            bool return_exceptions);

/* The future itself, or a new task for a coroutine (ensure_future). Steals
 * awaitable, also on failure; NULL is passed on. A new reference, or NULL with
 * a pending error: a type error for what is neither, no memory. */
struct rt_object *rt_ensure_future(struct rt_loop *loop,
                                   struct rt_object *awaitable);

/* --- how it works (gather.c) --------------------------------------------- */

/* A child is done; called once for each of them (_done_callback). 0, or -1
 * with a pending error. */
int rt_gather_call(struct rt_object *outer, struct rt_object *child);

/* Cancelling, of a gather (_GatheringFuture.cancel): whether one of the
 * children could be. message is borrowed, a string or NULL. */
bool rt_gather_cancel(struct rt_object *outer, struct rt_object *message);

/* --- as an object (gather_type.c) ---------------------------------------- */

/* A new one, pending, without children, and with all else 0. NULL with a
 * pending memory error. */
struct rt_object *rt_gather_new(struct rt_loop *loop, bool return_exceptions);

#endif
