/* Pool wait: waits for several pool futures, of whatever executors
 * (concurrent.futures.wait).
 *
 * After CPython 3.12: Lib/concurrent/futures/_base.py, wait(). */
#ifndef LABS_RUNTIME_POOL_WAIT_H
#define LABS_RUNTIME_POOL_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "labs/runtime/deadline.h"

struct rt_object;

enum rt_pool_wait_until {
    RT_POOL_WAIT_FIRST_COMPLETED,
    RT_POOL_WAIT_FIRST_EXCEPTION, // or all of them, if none fails
    RT_POOL_WAIT_ALL_COMPLETED
};

/* Waits until then, or until the time is over, and says of each future whether
 * it is done: finished, or cancelled and its executor knows. futures may name
 * one several times. 0, or -1 with a pending error: of the timeout (see
 * thread_lock.h), no memory. */
int rt_pool_wait(struct rt_object *const *futures, size_t count,
                 int64_t timeout_us, enum rt_pool_wait_until until,
                 bool *is_done);

#endif
