/* Gil io: another rule for the same lock, under which whoever comes back from
 * the outside goes first.
 *
 * CPython's rule is fair to threads that compute and hard on the others: a
 * thread that reads, answers and reads again waits a whole interval each time
 * it comes back, with one other thread at work (the convoy effect, bpo-7946).
 * Here such a thread makes its request at once. The holder drops the lock at
 * its next safe point, reserved for the one who comes from outside, so that no
 * third thread can step in. Threads that compute still give each other the
 * interval.
 *
 * The lock is one word (a futex), so taking and dropping it costs no system
 * call as long as nobody waits. */
#ifndef LABS_RUNTIME_GIL_IO_H
#define LABS_RUNTIME_GIL_IO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "labs/runtime/gil.h"

struct rt_gil_io {
    atomic_int word;    // enum in gil_io.c; threads sleep on it
    atomic_int outside; // threads that wait and come from outside
    atomic_int asleep;  // threads that may have to be woken
    atomic_bool drop_request;
    _Atomic int64_t interval_us;
    _Atomic(const void *) last_holder;
    _Atomic int64_t hand_overs; // written by the holder
    struct rt_gil_stats stats;  // guarded by the lock itself
};

void rt_gil_io_init(struct rt_gil_io *gil);

/* Waits until the thread holds the lock; from_outside says that it comes back
 * from waiting for something else than this lock. errno stays as it is. */
void rt_gil_io_take(struct rt_gil_io *gil, const void *thread,
                    bool from_outside);

/* The holder lets go; if there is a request, the next to hold the lock is
 * another thread. It does not wait for that. */
void rt_gil_io_drop(struct rt_gil_io *gil);

static inline bool
rt_gil_io_drop_requested(const struct rt_gil_io *gil)
{
    return atomic_load_explicit(&gil->drop_request, memory_order_relaxed);
}

/* What has happened so far; asked by the holder. */
struct rt_gil_stats rt_gil_io_stats(const struct rt_gil_io *gil);

#endif
