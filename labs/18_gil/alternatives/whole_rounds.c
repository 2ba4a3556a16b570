/* Rounds of a whole interval each, whoever wakes the taker meanwhile. */
#include <errno.h>
#include <stddef.h>

#include "labs/runtime/deadline.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil.h"

static void
lock(struct rt_gil *g)
{
    pthread_mutex_lock(&g->mutex);
}
static void
unlock(struct rt_gil *g)
{
    pthread_mutex_unlock(&g->mutex);
}

void
rt_gil_init(struct rt_gil *gil)
{
    pthread_mutex_init(&gil->mutex, NULL);
    rt_deadline_cond_init(&gil->freed);
    rt_deadline_cond_init(&gil->switched);
    gil->locked = false;
    gil->last_holder = NULL;
    gil->stats = (struct rt_gil_stats){0};
    atomic_init(&gil->interval_us, RT_GIL_INTERVAL_US);
    atomic_init(&gil->drop_request, false);
}

void
rt_gil_destroy(struct rt_gil *gil)
{
    pthread_cond_destroy(&gil->switched);
    pthread_cond_destroy(&gil->freed);
    pthread_mutex_destroy(&gil->mutex);
}

int
rt_gil_set_interval_us(struct rt_gil *gil, int64_t us)
{
    if (us <= 0) {
        return rt_error_set(RT_ERROR_VALUE,
                            "switch interval must be strictly positive");
    }
    gil->interval_us = us;
    return 0;
}

int64_t
rt_gil_interval_us(const struct rt_gil *gil)
{
    return gil->interval_us;
}

/* One round of waiting, with the mutex. It lasts for a whole interval, also
 * when this thread was woken in vain on the way. */
static void
one_round(struct rt_gil *gil)
{
    struct timespec end = rt_deadline_in_us(gil->interval_us);
    int64_t before = gil->stats.hand_overs;
    int rc = 0;
    while (gil->locked && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&gil->freed, &gil->mutex, &end);
    }
    if (gil->locked && before == gil->stats.hand_overs) {
        gil->drop_request = true;
    }
}

void
rt_gil_take(struct rt_gil *gil, const void *thread)
{
    int err = errno;
    lock(gil);
    if (gil->locked) {
        int64_t t0 = rt_monotonic_ns();
        do {
            one_round(gil);
        } while (gil->locked);
        int64_t t = rt_monotonic_ns() - t0;
        gil->stats.waits++;
        if (t > gil->stats.longest_wait_ns) {
            gil->stats.longest_wait_ns = t;
        }
    }
    gil->locked = true;
    if (gil->last_holder != thread) {
        gil->last_holder = thread;
        gil->stats.hand_overs++;
        pthread_cond_broadcast(&gil->switched);
    }
    gil->drop_request = false;
    unlock(gil);
    errno = err;
}

void
rt_gil_drop(struct rt_gil *gil, const void *thread)
{
    lock(gil);
    gil->locked = false;
    pthread_cond_signal(&gil->freed);
    if (thread != NULL && gil->drop_request) {
        while (gil->last_holder == thread) {
            pthread_cond_wait(&gil->switched, &gil->mutex);
        }
    }
    unlock(gil);
}

struct rt_gil_stats
rt_gil_stats(struct rt_gil *gil)
{
    lock(gil);
    struct rt_gil_stats s = gil->stats;
    unlock(gil);
    return s;
}
