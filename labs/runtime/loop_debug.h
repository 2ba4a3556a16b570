/* Loop debug: what a loop says when it is asked to be strict.
 *
 * After CPython 3.12: Lib/asyncio/base_events.py, the parts that look at
 * self._debug. Calls from the wrong thread are an error, and callbacks that
 * keep all others waiting are named. */
#ifndef LABS_RUNTIME_LOOP_DEBUG_H
#define LABS_RUNTIME_LOOP_DEBUG_H

#include "labs/runtime/object.h"

struct rt_loop;

/* --- for people ---------------------------------------------------------- */

void rt_loop_set_debug(struct rt_loop *loop, bool is_debug);
bool rt_loop_is_debug(const struct rt_loop *loop);

/* How long a callback or the step of a task may take before it is named; 0.1
 * at first (slow_callback_duration). */
void rt_loop_set_slow_callback(struct rt_loop *loop, double seconds);

/* Who hears of it, with "Executing <...> took 0.123 seconds"; NULL: the
 * standard error stream. */
typedef void rt_loop_slow_handler(const char *message, void *data);
void rt_loop_set_slow_handler(struct rt_loop *loop,
                              rt_loop_slow_handler *handler, void *data);

/* --- for the loop -------------------------------------------------------- */

/* 0, or -1 with a pending runtime error: the loop is strict and runs in
 * another thread. */
int rt_loop_check_thread(const struct rt_loop *loop);

/* In a strict loop: what is ready becomes a handle where it is none and no
 * task, because those are timed. 0, or -1 with a pending memory error. */
int rt_loop_make_handles(struct rt_loop *loop);

/* Calls call(object, argument), and says so if it takes long. What call
 * returns. */
int rt_loop_call_timed(struct rt_loop *loop, struct rt_object *object,
                       struct rt_object *argument,
                       int (*call)(struct rt_object *object,
                                   struct rt_object *argument));

#endif
