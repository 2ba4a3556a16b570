/* Lab 18: one lock for the whole runtime, and how threads pass it on. The task
 * is in task.md beside this file; what each function promises is in
 * labs/runtime/gil.h, and a helper for deadlines in labs/runtime/deadline.h.
 *
 * Work from top to bottom: the checks come in about the same order. */
#include <errno.h>
#include <stddef.h>

#include "labs/runtime/deadline.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil.h"

void
rt_gil_init(struct rt_gil *gil)
{
    // TODO 1: a value for each field; whatever is in the memory is junk. The
    // two conditions have to go by the clock of the deadlines.
    (void)gil;
}

void
rt_gil_destroy(struct rt_gil *gil)
{
    // TODO 2: what the system was asked for goes back to it.
    (void)gil;
}

int
rt_gil_set_interval_us(struct rt_gil *gil, int64_t interval_us)
{
    // TODO 3: which intervals are none? The error is RT_ERROR_VALUE, "switch
    // interval must be strictly positive".
    (void)gil;
    (void)interval_us;
    return 0;
}

int64_t
rt_gil_interval_us(const struct rt_gil *gil)
{
    // TODO 4.
    (void)gil;
    return 0;
}

void
rt_gil_take(struct rt_gil *gil, const void *thread)
{
    // TODO 5: take a free lock first; then wait for one that is taken; then
    // make a request when the wait has lasted for an interval. What has the
    // new holder to write down, and whom has it to tell?
    (void)gil;
    (void)thread;
}

void
rt_gil_drop(struct rt_gil *gil, const void *thread)
{
    // TODO 6: who is told that the lock is free? When does the dropper wait,
    // and what for?
    (void)gil;
    (void)thread;
}

struct rt_gil_stats
rt_gil_stats(struct rt_gil *gil)
{
    // TODO 7: others may be writing these figures right now.
    (void)gil;
    return (struct rt_gil_stats){.hand_overs = -1};
}
