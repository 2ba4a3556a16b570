/* Thread state: what each thread knows of itself and the lock of the runtime.
 *
 * After CPython 3.12: Include/cpython/pystate.h, Python/pystate.c. A thread
 * that wants to touch objects attaches itself: from then on it holds the GIL,
 * except where it releases it (gil_release.h) or passes it on at a safe point
 * (safe_point.h). A program that never attaches anybody has one thread and
 * needs no lock: all of this does nothing then. rt_thread_start() attaches the
 * thread that calls it, and the new one. */
#ifndef LABS_RUNTIME_THREAD_STATE_H
#define LABS_RUNTIME_THREAD_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "labs/runtime/gil.h"

/* By which rule threads pass the lock on. */
enum rt_gil_rule {
    RT_GIL_CPYTHON,  // gil.h; the one at the start
    RT_GIL_IO_FIRST, // gil_io.h
    RT_GIL_OFF       // there is no lock (see free_threading.h)
};

struct rt_thread_state {
    bool holds_gil;
    struct rt_thread *thread;       // see thread.h; borrowed
    struct rt_thread_value *values; // see thread_local.h
};

/* This thread's own; its address tells it from all others. */
struct rt_thread_state *rt_thread_state(void);

/* Takes the GIL for this thread, and gives it back for good; nothing happens
 * if it is so already. Before the latter the thread lets go of its values
 * (PyGILState_Ensure, PyGILState_Release). */
void rt_thread_attach(void);
void rt_thread_detach(void);

/* Whether the calling thread is the one in which the program started. */
bool rt_thread_is_main(void);

/* --- the lock, for gil_release.c and safe_point.c ------------------------ */

/* What rt_gil_take() and rt_gil_drop() do, for this thread and by the rule;
 * from_outside: it comes back from waiting for something else. */
void rt_thread_take_gil(bool from_outside);
void rt_thread_drop_gil(void);

/* Whether somebody waits so long that the holder should drop it. */
bool rt_thread_drop_requested(void);

/* --- for people ---------------------------------------------------------- */

/* Another rule from now on; while no thread but the caller is attached. */
void rt_gil_set_rule(enum rt_gil_rule rule);
enum rt_gil_rule rt_gil_rule(void);

/* Of the lock of the runtime, whatever the rule: see gil.h. */
int rt_set_switch_interval_us(int64_t interval_us);
int64_t rt_switch_interval_us(void);
struct rt_gil_stats rt_switch_stats(void);

#endif
