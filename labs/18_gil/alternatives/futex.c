/* Another right solution: the lock is a word that threads sleep on (a futex),
 * and so is the number of hand-overs, on which a dropper sleeps. Taking a free
 * lock is one instruction; the mutex guards the figures alone. */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labs/runtime/deadline.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil.h"

/* In the place of a condition that is not needed here. */
struct words {
    _Atomic uint32_t held;
    _Atomic uint32_t hand_overs;
};

_Static_assert(sizeof(struct words) <= sizeof(pthread_cond_t), "room");

static struct words *
words_of(struct rt_gil *gil)
{
    return (struct words *)(void *)&gil->freed;
}

/* Sleeps while the word is that. Returns whether the deadline has come. */
static bool
sleep_while(_Atomic uint32_t *word, uint32_t value,
            const struct timespec *deadline)
{
    return syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, deadline,
                   NULL, FUTEX_BITSET_MATCH_ANY) != 0 &&
           errno == ETIMEDOUT;
}

static void
wake(_Atomic uint32_t *word, int most)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most);
}

void
rt_gil_init(struct rt_gil *gil)
{
    struct words *words = words_of(gil);
    atomic_init(&words->held, 0);
    atomic_init(&words->hand_overs, 0);
    pthread_mutex_init(&gil->mutex, NULL);
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

static bool
try_take(struct words *words)
{
    uint32_t nobody = 0;
    return atomic_compare_exchange_strong(&words->held, &nobody, 1);
}

/* Returns how long that took. */
static int64_t
take_in_the_end(struct rt_gil *gil)
{
    struct words *words = words_of(gil);
    int64_t start = rt_monotonic_ns();
    do {
        uint32_t seen = atomic_load(&words->hand_overs);
        struct timespec end = rt_deadline_in_us(rt_gil_interval_us(gil));
        if (sleep_while(&words->held, 1, &end) &&
            atomic_load(&words->hand_overs) == seen) {
            atomic_store(&gil->drop_request, true);
        }
    } while (!try_take(words));
    return rt_monotonic_ns() - start;
}

void
rt_gil_take(struct rt_gil *gil, const void *thread)
{
    int error = errno;
    struct words *words = words_of(gil);
    bool waits = !try_take(words);
    int64_t waited = waits ? take_in_the_end(gil) : 0;
    bool is_other = gil->last_holder != thread; // the lock guards that
    gil->last_holder = thread;

    pthread_mutex_lock(&gil->mutex);
    gil->stats.waits += waits;
    gil->stats.hand_overs += is_other;
    if (waited > gil->stats.longest_wait_ns) {
        gil->stats.longest_wait_ns = waited;
    }
    pthread_mutex_unlock(&gil->mutex);

    atomic_store(&gil->drop_request, false);
    if (is_other) {
        atomic_fetch_add(&words->hand_overs, 1);
        wake(&words->hand_overs, INT32_MAX);
    }
    errno = error;
}

void
rt_gil_drop(struct rt_gil *gil, const void *thread)
{
    struct words *words = words_of(gil);
    bool forced = thread != NULL && rt_gil_drop_requested(gil);
    uint32_t mine = atomic_load(&words->hand_overs);
    atomic_store(&words->held, 0);
    wake(&words->held, 1);
    while (forced && atomic_load(&words->hand_overs) == mine) {
        sleep_while(&words->hand_overs, mine, NULL);
    }
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
    pthread_mutex_lock(&gil->mutex);
    struct rt_gil_stats stats = gil->stats;
    pthread_mutex_unlock(&gil->mutex);
    return stats;
}
