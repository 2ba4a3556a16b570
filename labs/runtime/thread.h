/* Thread: a function that runs beside others, one holder of the GIL at a time.
 *
 * After CPython 3.12: Lib/threading.py, class Thread. The function runs with
 * the GIL held and passes it on at safe points (safe_point.h) and where it
 * waits. Locks and the like are in thread_lock.h and what follows it. */
#ifndef LABS_RUNTIME_THREAD_H
#define LABS_RUNTIME_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "labs/runtime/deadline.h"

struct rt_error_state;
struct rt_thread;

/* A new thread that will run body(argument). Give it back with
 * rt_thread_free(), at any time: it goes on running. name is copied, cut to 63
 * bytes; NULL: "Thread-1" and so on. It is a daemon if the calling thread is
 * one. NULL with a pending memory error. */
struct rt_thread *rt_thread_new(const char *name, int (*body)(void *argument),
                                void *argument);
void rt_thread_free(struct rt_thread *thread); // NULL is fine

/* Starts it, and returns when it has started; the calling thread is attached
 * with that (thread_state.h). body returns 0, or -1 with a pending error,
 * which goes to the hook below. 0, or -1 with a pending runtime error: a
 * second time, or the machine has no thread left. */
int rt_thread_start(struct rt_thread *thread);

/* Waits until it has ended, or until the time is over (deadline.h; below 0 but
 * RT_NO_TIMEOUT: it is over at once); which of them, rt_thread_is_alive()
 * says. As often as you like. 0, or -1 with a pending runtime error: it has
 * not been started, or it is the calling thread. */
int rt_thread_join(struct rt_thread *thread, int64_t timeout_us);

/* From just before body begins until just after it has ended. */
bool rt_thread_is_alive(struct rt_thread *thread);

/* The name, borrowed until it is changed. It may be any. */
const char *rt_thread_name(const struct rt_thread *thread);
void rt_thread_set_name(struct rt_thread *thread, const char *name);

/* A daemon does not keep the program from ending. 0, or -1 with a pending
 * runtime error once it has been started. */
bool rt_thread_is_daemon(const struct rt_thread *thread);
int rt_thread_set_daemon(struct rt_thread *thread, bool daemon);

/* A number that no other living thread has; 0 before it is started. And the
 * one by which the system knows it. */
uint64_t rt_thread_ident(const struct rt_thread *thread);
int64_t rt_thread_native_id(const struct rt_thread *thread);

/* The calling thread, borrowed for as long as it runs: the main thread is
 * "MainThread", one that was not started here "Dummy-1" and so on. */
struct rt_thread *rt_thread_current(void);

/* How many threads are alive, the main thread included; and visits each that
 * was started here, in the order of their starts (threading.active_count,
 * enumerate). visit must not start or free threads. */
int rt_thread_active_count(void);
void rt_thread_each(void (*visit)(struct rt_thread *thread, void *data),
                    void *data);

/* Who hears of an error that ends a thread; NULL: it is printed to stderr
 * (threading.excepthook). */
void
rt_thread_set_excepthook(void (*hook)(struct rt_thread *thread,
                                      const struct rt_error_state *error));

/* The end of the program, for the main thread: waits until all threads that
 * are no daemons have ended (threading._shutdown). */
void rt_thread_shutdown(void);

/* Has rt_thread_shutdown() make this call first, the one added last before the
 * others; added twice, it is made once. At most 8
 * (threading._register_atexit).
 */
void rt_thread_at_shutdown(void (*call)(void));

#endif
