/* Another right solution: those who wait stand in a queue, each with a
 * semaphore of its own. A drop on request gives the lock to the first of them,
 * so that it never is free in between and nobody else can take it; a drop
 * without a request frees the lock and wakes the first, who has to be quick.
 *
 * The queue hangs on the lock by its last holder's neighbour in memory: the
 * storage of a condition that is not needed here. */
#include <errno.h>
#include <semaphore.h>

#include "labs/runtime/deadline.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil.h"

struct waiter {
    const void *thread;
    sem_t wake;
    bool has_it; // given by the dropper
    struct waiter *next;
};

struct queue {
    struct waiter *first;
    struct waiter **end;
};

_Static_assert(sizeof(struct queue) <= sizeof(pthread_cond_t), "room");

static struct queue *
queue_of(struct rt_gil *gil)
{
    return (struct queue *)(void *)&gil->freed;
}

void
rt_gil_init(struct rt_gil *gil)
{
    struct queue *queue = queue_of(gil);
    pthread_mutex_init(&gil->mutex, NULL);
    queue->first = NULL;
    queue->end = &queue->first;
    gil->locked = false;
    gil->last_holder = NULL;
    gil->stats = (struct rt_gil_stats){.waits = 0};
    atomic_init(&gil->interval_us, RT_GIL_INTERVAL_US);
    atomic_init(&gil->drop_request, false);
}

void
rt_gil_destroy(struct rt_gil *gil)
{
    pthread_mutex_destroy(&gil->mutex);
}

static void
leave(struct queue *queue, struct waiter *waiter)
{
    struct waiter **at = &queue->first;
    while (*at != waiter) {
        at = &(*at)->next;
    }
    *at = waiter->next;
    if (*at == NULL) {
        queue->end = at;
    }
}

/* With the mutex: the lock belongs to the thread from now on. */
static void
belongs_to(struct rt_gil *gil, const void *thread)
{
    gil->locked = true;
    if (gil->last_holder != thread) {
        gil->stats.hand_overs++;
        gil->last_holder = thread;
    }
    atomic_store(&gil->drop_request, false);
}

/* Sleeps for an interval, without the mutex; makes the request at its end. */
static void
sleep_once(struct rt_gil *gil, struct waiter *waiter)
{
    int64_t hand_overs = gil->stats.hand_overs;
    struct timespec end = rt_deadline_in_us(gil->interval_us);
    pthread_mutex_unlock(&gil->mutex);
    bool late = sem_clockwait(&waiter->wake, CLOCK_MONOTONIC, &end) != 0 &&
                errno == ETIMEDOUT;
    pthread_mutex_lock(&gil->mutex);
    if (late && gil->locked && !waiter->has_it &&
        hand_overs == gil->stats.hand_overs) {
        atomic_store(&gil->drop_request, true);
    }
}

static void
wait_in_queue(struct rt_gil *gil, const void *thread)
{
    struct queue *queue = queue_of(gil);
    struct waiter waiter = {.thread = thread};
    int64_t start = rt_monotonic_ns();
    sem_init(&waiter.wake, 0, 0);
    *queue->end = &waiter;
    queue->end = &waiter.next;
    while (!waiter.has_it && gil->locked) {
        sleep_once(gil, &waiter);
    }
    if (!waiter.has_it) {
        leave(queue, &waiter);
    }
    sem_destroy(&waiter.wake);
    int64_t waited = rt_monotonic_ns() - start;
    if (waited > gil->stats.longest_wait_ns) {
        gil->stats.longest_wait_ns = waited;
    }
    gil->stats.waits++;
}

void
rt_gil_take(struct rt_gil *gil, const void *thread)
{
    int error = errno;
    pthread_mutex_lock(&gil->mutex);
    if (gil->locked) {
        wait_in_queue(gil, thread);
    }
    belongs_to(gil, thread);
    pthread_mutex_unlock(&gil->mutex);
    errno = error;
}

void
rt_gil_drop(struct rt_gil *gil, const void *thread)
{
    pthread_mutex_lock(&gil->mutex);
    struct queue *queue = queue_of(gil);
    struct waiter *first = queue->first;
    gil->locked = false;
    if (first != NULL) {
        if (thread != NULL && rt_gil_drop_requested(gil)) {
            leave(queue, first);
            first->has_it = true;
            belongs_to(gil, first->thread);
        }
        sem_post(&first->wake);
    }
    pthread_mutex_unlock(&gil->mutex);
}

int
rt_gil_set_interval_us(struct rt_gil *gil, int64_t interval_us)
{
    if (interval_us < 1) {
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
    pthread_mutex_lock(&gil->mutex);
    struct rt_gil_stats stats = gil->stats;
    pthread_mutex_unlock(&gil->mutex);
    return stats;
}
