/* Wrong on purpose: the figures are copied without the mutex, while somebody
 * writes them. */
#include <assert.h>
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
    gil->stats = (struct rt_gil_stats){.hand_overs = 0};
    atomic_init(&gil->interval_us, RT_GIL_INTERVAL_US);
    atomic_init(&gil->drop_request, false);
}

void
rt_gil_destroy(struct rt_gil *gil)
{
    assert(!gil->locked);
    pthread_cond_destroy(&gil->switched);
    pthread_cond_destroy(&gil->freed);
    pthread_mutex_destroy(&gil->mutex);
}

/* Waits, interval by interval, with the mutex held before and after. */
static void
wait_until_free(struct rt_gil *gil)
{
    int64_t start = rt_monotonic_ns();
    while (gil->locked) {
        int64_t hand_overs = gil->stats.hand_overs;
        struct timespec deadline = rt_deadline_in_us(rt_gil_interval_us(gil));
        int result =
            pthread_cond_timedwait(&gil->freed, &gil->mutex, &deadline);
        /* Who has only just got it may keep it for an interval of their own.
         */
        if (result == ETIMEDOUT && gil->locked &&
            gil->stats.hand_overs == hand_overs) {
            atomic_store(&gil->drop_request, true);
        }
    }
    int64_t waited = rt_monotonic_ns() - start;
    gil->stats.waits++;
    if (waited > gil->stats.longest_wait_ns) {
        gil->stats.longest_wait_ns = waited;
    }
}

void
rt_gil_take(struct rt_gil *gil, const void *thread)
{
    int error = errno;
    pthread_mutex_lock(&gil->mutex);
    if (gil->locked) {
        wait_until_free(gil);
    }
    gil->locked = true;
    if (gil->last_holder != thread) {
        gil->last_holder = thread;
        gil->stats.hand_overs++;
        pthread_cond_signal(&gil->switched);
    }
    atomic_store(&gil->drop_request, false);
    pthread_mutex_unlock(&gil->mutex);
    errno = error;
}

void
rt_gil_drop(struct rt_gil *gil, const void *thread)
{
    pthread_mutex_lock(&gil->mutex);
    assert(gil->locked);
    gil->locked = false;
    pthread_cond_signal(&gil->freed);
    if (thread != NULL) {
        gil->last_holder = thread;
        /* Whoever made the request waits in rt_gil_take() and leaves it only
         * with the lock, so this comes to an end. */
        bool forced = rt_gil_drop_requested(gil);
        while (forced && gil->last_holder == thread) {
            pthread_cond_wait(&gil->switched, &gil->mutex);
        }
    }
    pthread_mutex_unlock(&gil->mutex);
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

struct rt_gil_stats
rt_gil_stats(struct rt_gil *gil)
{
    return gil->stats;
}
