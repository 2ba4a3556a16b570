/* Runner: a program of coroutines from beginning to end.
 *
 * After CPython 3.12: Lib/asyncio/runners.py, run(). */
#ifndef LABS_RUNTIME_RUNNER_H
#define LABS_RUNTIME_RUNNER_H

struct rt_object;

/* Runs a coroutine, stolen, also on failure, on a loop of its own; NULL is
 * passed on. Tasks that are left over are cancelled and finished, and threads
 * that make calls for the loop have ended, before the loop is closed. Its
 * result, a new reference, or NULL with a pending error: a runtime error if a
 * loop runs in this thread already. */
struct rt_object *rt_run(struct rt_object *coroutine);

#endif
