/* Another right solution: there is one condition for everything, and whoever
 * changes anything wakes all; each looks whether that was meant for it. The
 * takers' deadline is worked out here, not by the helper. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gil.h"

void
rt_gil_init(struct rt_gil *gil)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&gil->mutex, NULL);
    pthread_cond_init(&gil->freed, &attributes);
    pthread_condattr_destroy(&attributes);
    gil->locked = false;
    gil->last_holder = NULL;
    gil->stats.hand_overs = 0;
    gil->stats.waits = 0;
    gil->stats.longest_wait_ns = 0;
    atomic_store(&gil->interval_us, RT_GIL_INTERVAL_US);
    atomic_store(&gil->drop_request, false);
}

void
rt_gil_destroy(struct rt_gil *gil)
{
    pthread_cond_destroy(&gil->freed);
    pthread_mutex_destroy(&gil->mutex);
}

static struct timespec
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

/* At most an hour: a longer wait is several. */
static struct timespec
later(struct timespec time, int64_t interval_us)
{
    const int64_t most = INT64_C(3600) * 1000 * 1000;
    int64_t us = interval_us < most ? interval_us : most;
    int64_t ns = time.tv_nsec + us % 1000000 * 1000;
    time.tv_sec += us / 1000000 + ns / 1000000000;
    time.tv_nsec = ns % 1000000000;
    return time;
}

static int64_t
ns_between(struct timespec from, struct timespec to)
{
    return (to.tv_sec - from.tv_sec) * INT64_C(1000000000) +
           (to.tv_nsec - from.tv_nsec);
}

void
rt_gil_take(struct rt_gil *gil, const void *thread)
{
    const int kept = errno;
    pthread_mutex_lock(&gil->mutex);
    if (gil->locked) {
        const struct timespec start = now();
        struct timespec since = start;
        int64_t seen = gil->stats.hand_overs;
        do {
            const int64_t interval_ns =
                atomic_load(&gil->interval_us) < INT64_MAX / 1000
                    ? atomic_load(&gil->interval_us) * 1000
                    : INT64_MAX;
            struct timespec end = later(now(), gil->interval_us);
            pthread_cond_timedwait(&gil->freed, &gil->mutex, &end);
            // By the clock, whatever has ended the wait.
            if (gil->stats.hand_overs != seen) {
                seen = gil->stats.hand_overs;
                since = now();
            }
            else if (gil->locked && ns_between(since, now()) >= interval_ns) {
                atomic_store(&gil->drop_request, true);
            }
        } while (gil->locked);
        const int64_t waited = ns_between(start, now());
        gil->stats.waits += 1;
        gil->stats.longest_wait_ns = waited > gil->stats.longest_wait_ns
                                         ? waited
                                         : gil->stats.longest_wait_ns;
    }
    gil->locked = true;
    gil->stats.hand_overs += gil->last_holder != thread;
    gil->last_holder = thread;
    atomic_store(&gil->drop_request, false);
    pthread_cond_broadcast(&gil->freed);
    pthread_mutex_unlock(&gil->mutex);
    errno = kept;
}

void
rt_gil_drop(struct rt_gil *gil, const void *thread)
{
    pthread_mutex_lock(&gil->mutex);
    const bool forced = thread != NULL && atomic_load(&gil->drop_request);
    const int64_t before = gil->stats.hand_overs;
    gil->locked = false;
    pthread_cond_broadcast(&gil->freed);
    while (forced && gil->stats.hand_overs == before) {
        pthread_cond_wait(&gil->freed, &gil->mutex);
    }
    pthread_mutex_unlock(&gil->mutex);
}

int
rt_gil_set_interval_us(struct rt_gil *gil, int64_t interval_us)
{
    if (interval_us > 0) {
        gil->interval_us = interval_us;
        return 0;
    }
    return rt_error_set(RT_ERROR_VALUE,
                        "switch interval must be strictly positive");
}

int64_t
rt_gil_interval_us(const struct rt_gil *gil)
{
    return gil->interval_us;
}

struct rt_gil_stats
rt_gil_stats(struct rt_gil *gil)
{
    struct rt_gil_stats copy;
    pthread_mutex_lock(&gil->mutex);
    memcpy(&copy, &gil->stats, sizeof(copy));
    pthread_mutex_unlock(&gil->mutex);
    return copy;
}
