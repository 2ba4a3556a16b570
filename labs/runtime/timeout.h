/* Timeout: a limit for a part of a task.
 *
 * After CPython 3.12: Lib/asyncio/timeouts.py. When the time has come, the
 * task is cancelled; at the end of its part the timeout recognises this
 * cancellation as its own, takes it back and makes a timeout error of it.
 * Others that were asked for meanwhile stay. In a body:
 *
 *     my->limit = rt_timeout_new(10.0);
 *     if (my->limit == NULL || rt_timeout_enter(my->limit) != 0) {
 *         RT_FAIL;
 *     }
 *     RT_AWAIT(whatever());
 *     if (rt_timeout_exit(my->limit, sent == NULL) != 0) {
 *         RT_FAIL; // a timeout error, or whatever went wrong
 *     } */
#ifndef LABS_RUNTIME_TIMEOUT_H
#define LABS_RUNTIME_TIMEOUT_H

#include "labs/runtime/object.h"

/* A new timeout, that long from now by the clock of the running loop, or at
 * that time; INFINITY: never. NULL with a pending error: no memory, or, for
 * the first, no running loop. */
struct rt_object *rt_timeout_new(double delay_s);
struct rt_object *rt_timeout_new_at(double when_s);

/* From here on it counts. 0, or -1 with a pending error: a runtime error
 * outside of a task or the second time, or no memory. */
int rt_timeout_enter(struct rt_object *object);

/* The end of what it is for. has_failed: there is a pending error. 0; -1 with
 * a pending error: that one, or a timeout error in its place. */
int rt_timeout_exit(struct rt_object *object, bool has_failed);

/* Another time, between the two. 0, or -1 with a pending error. */
int rt_timeout_reschedule(struct rt_object *object, double when_s);

double rt_timeout_when(const struct rt_object *timeout);
bool rt_timeout_expired(const struct rt_object *timeout);

#endif
