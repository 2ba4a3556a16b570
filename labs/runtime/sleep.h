/* Sleep: letting others run for some time.
 *
 * After CPython 3.12: Lib/asyncio/tasks.py, sleep(). */
#ifndef LABS_RUNTIME_SLEEP_H
#define LABS_RUNTIME_SLEEP_H

struct rt_object;

/* A new coroutine that ends after that many seconds of the loop's time, with
 * None. 0 or less is once around the loop, as RT_YIELD(rt_none) is in a body
 * without making a coroutine. NULL with a pending memory error. */
struct rt_object *rt_sleep(double delay_s);

#endif
