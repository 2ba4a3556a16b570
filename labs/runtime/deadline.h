/* Deadline: a moment on a clock that nobody can set back.
 *
 * Whoever waits with a timeout and may be woken early waits again for what is
 * left of it, not for the whole. So a timeout becomes a deadline once, at the
 * start. The clock is CLOCK_MONOTONIC (time.monotonic). */
#ifndef LABS_RUNTIME_DEADLINE_H
#define LABS_RUNTIME_DEADLINE_H

#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
    RT_NO_TIMEOUT = -1 // instead of a timeout: wait as long as it takes
};

/* What the clock says now, in nanoseconds. */
int64_t rt_monotonic_ns(void);

/* The moment that comes so many microseconds from now; one of 0 or less is
 * now. One beyond the end of the clock is its end. */
struct timespec rt_deadline_in_us(int64_t timeout_us);

/* What is left until then in microseconds, rounded up; 0 when it is past. */
int64_t rt_deadline_left_us(const struct timespec *deadline);

/* As poll(), but with a timeout in microseconds, and when a signal comes it
 * waits again for what is left. The GIL is the caller's concern. */
int rt_deadline_poll(struct pollfd *files, size_t count, int64_t timeout_us);

/* A condition variable whose timed waits go by this clock. */
void rt_deadline_cond_init(pthread_cond_t *cond);

#endif
