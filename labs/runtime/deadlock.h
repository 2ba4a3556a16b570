/* Deadlock: sees threads that wait for each other, and those that only might.
 *
 * While it watches, it notes for each lock with a name (thread_lock.h) who has
 * it and who waits for it, and in which order locks are taken. Two things are
 * reported, by the names of the locks and of the threads:
 *
 *   a deadlock       a thread is about to wait for ever for a lock whose owner
 *                    waits, perhaps by way of others, for this thread. It does
 *                    not wait: the acquire fails with a runtime error.
 *   a wrong order    one thread took B while it had A, another, or the same at
 *                    another time, took A while it had B. Nothing happened
 * this time; with other luck it is a deadlock. This is what makes tests of
 * locks worth something (the idea is that of Linux's lockdep; CPython has
 * neither).
 *
 * It has room for 64 locks, 64 threads that wait and 256 pairs; what does not
 * fit is not seen. */
#ifndef LABS_RUNTIME_DEADLOCK_H
#define LABS_RUNTIME_DEADLOCK_H

#include <stddef.h>

/* From now on, with nothing noted; and no longer. While no thread has or wants
 * a lock that has a name. */
void rt_deadlock_watch(void);
void rt_deadlock_unwatch(void);

/* How many reports there are, at most 16, and one of them, as in
 *
 *   wrong order: Thread-1 took B after A, Thread-2 took A after B
 *   deadlock: Thread-2 waits for A, which Thread-1 has; Thread-1 waits for B,
 *   which Thread-2 has
 *
 * in one line; borrowed until rt_deadlock_watch(). Each wrong order is
 * reported once. */
size_t rt_deadlock_report_count(void);
const char *rt_deadlock_report(size_t index);

#endif
