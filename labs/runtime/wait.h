/* Wait: until some of many are done.
 *
 * After CPython 3.12: Lib/asyncio/tasks.py, wait(). Nothing is cancelled, and
 * no error of the others comes out of it. */
#ifndef LABS_RUNTIME_WAIT_H
#define LABS_RUNTIME_WAIT_H

struct rt_object;

enum rt_wait {
    RT_WAIT_ALL,   // ALL_COMPLETED
    RT_WAIT_FIRST, // FIRST_COMPLETED
    RT_WAIT_ERROR  // FIRST_EXCEPTION: all, or the first that fails
};

/* A new coroutine that waits for a list of futures, borrowed, at most that
 * long; INFINITY: as long as it takes. Its result is a tuple of two lists:
 * those that are done and those that are not, in the order of the first. NULL
 * with a pending error: no memory, or a value error for an empty list. */
struct rt_object *rt_wait(struct rt_object *futures, double timeout_s,
                          enum rt_wait mode);

#endif
