/* Clock: time that only goes forward. */
#ifndef GRADER_CLOCK_H
#define GRADER_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds of a clock: CLOCK_MONOTONIC, or that of a process. */
static inline int64_t
clock_read_us(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t
clock_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

#endif
