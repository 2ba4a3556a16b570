/* Wrong on purpose: one condition is destroyed twice and the other one not
 * at all. */
#include <errno.h>
#include <stddef.h>

#include "labs/runtime/deadline.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil.h"

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
    pthread_cond_destroy(&gil->switched);
    pthread_mutex_destroy(&gil->mutex);
}

int
rt_gil_set_interval_us(struct rt_gil *gil, int64_t interval_us)
{
    if (interval_us <= 0) {
        return rt_error_set(RT_ERROR_VALUE,
                            "switch interval must be strictly positive");
    }
    atomic_store(&gil->interval_us, interval_us);
    return 0;
}

int64_t
rt_gil_interval_us(const struct rt_gil *gil)
{
    return atomic_load(&gil->interval_us);
}

static void
wait_until_free(struct rt_gil *gil)
{
    int64_t start = rt_monotonic_ns();
    gil->stats.waits++;
    while (gil->locked) {
        int64_t seen = gil->stats.hand_overs;
        struct timespec end = rt_deadline_in_us(rt_gil_interval_us(gil));
        int rc = pthread_cond_timedwait(&gil->freed, &gil->mutex, &end);
        if (rc == ETIMEDOUT && gil->locked && gil->stats.hand_overs == seen) {
            atomic_store(&gil->drop_request, true);
        }
    }
    int64_t lasted = rt_monotonic_ns() - start;
    if (lasted > gil->stats.longest_wait_ns) {
        gil->stats.longest_wait_ns = lasted;
    }
}

void
rt_gil_take(struct rt_gil *gil, const void *thread)
{
    int saved = errno;
    pthread_mutex_lock(&gil->mutex);
    if (gil->locked) {
        wait_until_free(gil);
    }
    gil->locked = true;
    if (gil->last_holder != thread) {
        gil->last_holder = thread;
        gil->stats.hand_overs++;
        pthread_cond_broadcast(&gil->switched);
    }
    atomic_store(&gil->drop_request, false);
    pthread_mutex_unlock(&gil->mutex);
    errno = saved;
}

void
rt_gil_drop(struct rt_gil *gil, const void *thread)
{
    pthread_mutex_lock(&gil->mutex);
    gil->locked = false;
    pthread_cond_signal(&gil->freed);
    if (thread != NULL && atomic_load(&gil->drop_request)) {
        while (gil->last_holder == thread) {
            pthread_cond_wait(&gil->switched, &gil->mutex);
        }
    }
    pthread_mutex_unlock(&gil->mutex);
}

struct rt_gil_stats
rt_gil_stats(struct rt_gil *gil)
{
    pthread_mutex_lock(&gil->mutex);
    struct rt_gil_stats copy = gil->stats;
    pthread_mutex_unlock(&gil->mutex);
    return copy;
}
