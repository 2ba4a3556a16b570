/* Loop signal: callbacks for signals.
 *
 * After CPython 3.12: Lib/asyncio/unix_events.py, and signal.set_wakeup_fd().
 * Almost nothing may be done where a signal arrives, in the middle of anything
 * else. So the handler counts it and writes to the descriptor that wakes the
 * loop (loop_poll.h); the loop finds the count and makes the callback ready,
 * as often as the signal came. There is one such place in a process: the loop
 * that has asked last gets the signals. */
#ifndef LABS_RUNTIME_LOOP_SIGNAL_H
#define LABS_RUNTIME_LOOP_SIGNAL_H

#include "labs/runtime/object.h"

struct rt_loop;

/* --- for people ---------------------------------------------------------- */

/* Calls callback with argument, both borrowed, argument maybe NULL, in the
 * loop when the signal has come; instead of what was called for it before.
 * Only in the main thread. 0, or -1 with a pending error: a runtime error in
 * another thread, for a signal that cannot be caught and for a closed loop; a
 * value error for a number that is none; no memory. */
int rt_loop_add_signal_handler(struct rt_loop *loop, int number,
                               struct rt_object *callback,
                               struct rt_object *argument);

/* The signal does again what it does without a handler. Whether there was a
 * callback. */
bool rt_loop_remove_signal_handler(struct rt_loop *loop, int number);

/* --- for the loop -------------------------------------------------------- */

bool rt_loop_has_signals(const struct rt_loop *loop);

/* Makes the callbacks of the signals that came the newest of the queue. 0, or
 * -1 with a pending memory error. */
int rt_loop_take_signals(struct rt_loop *loop);

/* Removes all handlers. */
void rt_loop_end_signals(struct rt_loop *loop);

#endif
