/* Pending calls: what other threads ask the main thread to do.
 *
 * After CPython 3.12: Py_AddPendingCall() in Python/ceval_gil.c. A signal
 * handler's helper or a thread of a library, which holds no GIL, leaves a call
 * in a ring of 32; the main thread makes it at its next safe point, when every
 * object is in order. */
#ifndef LABS_RUNTIME_PENDING_CALLS_H
#define LABS_RUNTIME_PENDING_CALLS_H

#include <stdatomic.h>
#include <stdbool.h>

enum {
    RT_PENDING_CALLS = 32 // NPENDINGCALLS
};

/* Adds a call at the end. From any thread, with or without the GIL. 0, or -1
 * without an error if the ring is full: try again later. */
int rt_pending_calls_add(int (*call)(void *argument), void *argument);

/* Makes the calls that are there, the oldest first, at most 32, so that a call
 * that adds itself again does not go on for ever. In another than the main
 * thread, or inside such a call, nothing happens. -1 with the pending error of
 * a call that failed; those behind it are made the next time
 * (Py_MakePendingCalls). */
int rt_pending_calls_run(void);

/* Whether there may be calls to make. */
extern atomic_bool rt_pending_calls_there; // written by pending_calls.c

#endif
