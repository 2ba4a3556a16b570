/* Loop: calls what is ready, then waits for more.
 *
 * After CPython 3.12: Lib/asyncio/base_events.py. The loop has a queue of
 * objects that are to be called, a heap of timers and a set of descriptors.
 * One turn (_run_once):
 *
 *   1. forget the cancelled timers: those at the top of the heap, or all, when
 *      there are more than 100 timers and more than half of them are cancelled
 *   2. wait for descriptors: not at all if something is ready or the loop is
 * to stop, else until the first deadline, else without end
 *   3. timers that are due, by a nanosecond too, join the end of the queue
 *   4. call what is in the queue now; what that adds is for the next turn
 *
 * Times are in seconds, as a double, because sums of them must be what they
 * are in Python. All functions but rt_loop_call_soon_threadsafe() are for the
 * thread that runs the loop. A loop is given back after the last of its
 * futures and handles. */
#ifndef LABS_RUNTIME_LOOP_H
#define LABS_RUNTIME_LOOP_H

#include "labs/runtime/object.h"

struct rt_loop; // see loop_state.h

/* A new loop, or NULL with a pending error. Give it back with rt_loop_free(),
 * which closes it; NULL is fine. */
struct rt_loop *rt_loop_new(void);
void rt_loop_free(struct rt_loop *loop);

/* Waiting does not wait any more, but moves the clock, which stands at 0, to
 * the next deadline. To wait without end is then a runtime error. For tests,
 * before the loop runs. */
void rt_loop_use_virtual_clock(struct rt_loop *loop);

/* Seconds, since some time (loop.time). */
double rt_loop_time(const struct rt_loop *loop);

/* How many turns have begun. */
int64_t rt_loop_turns(const struct rt_loop *loop);

/* --- callbacks ----------------------------------------------------------- */

/* Calls callback with argument, both borrowed, in the next turn. argument may
 * be NULL. There is no handle: to be able to take the call back, make one
 * (handle.h) and give it as the callback. 0, or -1 with a pending error: no
 * memory, or the loop is closed. */
int rt_loop_call_soon(struct rt_loop *loop, struct rt_object *callback,
                      struct rt_object *argument);

/* The same from any thread. callback is stolen, also on failure, because
 * counting is the business of the loop's thread. A loop that waits wakes up.
 */
int rt_loop_call_soon_threadsafe(struct rt_loop *loop,
                                 struct rt_object *callback);

/* Calls it after that many seconds, or at that time. A new handle, or NULL
 * with a pending error. */
struct rt_object *rt_loop_call_later(struct rt_loop *loop, double delay_s,
                                     struct rt_object *callback,
                                     struct rt_object *argument);
struct rt_object *rt_loop_call_at(struct rt_loop *loop, double when_s,
                                  struct rt_object *callback,
                                  struct rt_object *argument);

/* --- running ------------------------------------------------------------- */

/* Turns until rt_loop_stop() was called, and that turn is over. 0, or -1 with
 * a pending error: the loop is closed or runs already, or another one runs in
 * this thread, or what a callback failed with ends the program. */
int rt_loop_run_forever(struct rt_loop *loop);

/* Turns until a future is done, or the task of a coroutine. What it gave, a
 * new reference, or NULL with its pending error. Borrows a future, steals a
 * coroutine; NULL is passed on. */
struct rt_object *rt_loop_run_until_complete(struct rt_loop *loop,
                                             struct rt_object *awaitable);

void rt_loop_stop(struct rt_loop *loop);
bool rt_loop_is_running(const struct rt_loop *loop);

/* The loop that runs in this thread; NULL with a pending runtime error if
 * there is none (get_running_loop). The second one: NULL without an error. */
struct rt_loop *rt_loop_get_running(void);
struct rt_loop *rt_loop_running(void);

/* Cancels all that is ready or planned. 0, or -1 with a pending runtime error
 * while it runs. Closing twice is fine. */
int rt_loop_close(struct rt_loop *loop);
bool rt_loop_is_closed(const struct rt_loop *loop);

/* New tasks begin at once, in the middle of the caller, instead of in the next
 * turn (asyncio.eager_task_factory, from 3.12). */
void rt_loop_set_eager(struct rt_loop *loop, bool is_eager);

/* --- what goes wrong ----------------------------------------------------- */

/* An error that nobody waits for. */
struct rt_loop_trouble {
    const char *message;
    struct rt_object *exception; // borrowed; NULL: there is none
    struct rt_object *source;    // borrowed: a handle, a future or a task
};

/* Hears of it (call_exception_handler). NULL: it is written to the standard
 * error stream. */
typedef void rt_loop_handler(struct rt_loop *loop,
                             const struct rt_loop_trouble *trouble,
                             void *data);
void rt_loop_set_exception_handler(struct rt_loop *loop,
                                   rt_loop_handler *handler, void *data);
void rt_loop_call_exception_handler(struct rt_loop *loop,
                                    const struct rt_loop_trouble *trouble);

#endif
