#include "labs/runtime/deadline.h"

#include <errno.h>

enum {
    US_PER_S = 1000 * 1000,
    NS_PER_US = 1000,
    NS_PER_S = 1000 * 1000 * 1000
};

/* A century: nobody waits longer, and no sum overflows. */
static const int64_t FAR_S = INT64_C(100) * 366 * 24 * 3600;

int64_t
rt_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

struct timespec
rt_deadline_in_us(int64_t timeout_us)
{
    struct timespec then;
    clock_gettime(CLOCK_MONOTONIC, &then);
    if (timeout_us <= 0) {
        return then;
    }
    int64_t seconds = timeout_us / US_PER_S;
    then.tv_sec += seconds < FAR_S ? seconds : FAR_S;
    then.tv_nsec += timeout_us % US_PER_S * NS_PER_US;
    if (then.tv_nsec >= NS_PER_S) {
        then.tv_sec++;
        then.tv_nsec -= NS_PER_S;
    }
    return then;
}

int64_t
rt_deadline_left_us(const struct timespec *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t left_ns = (deadline->tv_sec - now.tv_sec) * NS_PER_S +
                      (deadline->tv_nsec - now.tv_nsec);
    return left_ns <= 0 ? 0 : (left_ns + NS_PER_US - 1) / NS_PER_US;
}

int
rt_deadline_poll(struct pollfd *files, size_t count, int64_t timeout_us)
{
    struct timespec deadline = rt_deadline_in_us(timeout_us);
    int found;
    do {
        int64_t left_us = rt_deadline_left_us(&deadline);
        struct timespec left = {.tv_sec = left_us / US_PER_S,
                                .tv_nsec = left_us % US_PER_S * NS_PER_US};
        found = ppoll(files, count, timeout_us == RT_NO_TIMEOUT ? NULL : &left,
                      NULL);
    } while (found < 0 && errno == EINTR);
    return found;
}

void
rt_deadline_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}
