/* The protocol.
 *
 * word     FREE       anybody may take it
 *          HELD       somebody has it
 *          RESERVED   anybody but the last holder may take it; if somebody
 *                     waits who comes from outside, only such a thread
 *
 * Three rules keep every thread from being forgotten:
 *
 * 1. Only who has just taken the lock takes the request back, and looks
 *    afterwards whether somebody from outside still waits; those count
 *    themselves first and make the request afterwards. So a request can be
 *    lost to nobody.
 * 2. Who waits leaves only with the lock. So a request, or a count that is
 *    not 0, means that somebody will come for what is reserved.
 * 3. A sleeper counts itself first and sleeps only if the word is still what
 *    it saw (the kernel compares); the dropper changes the word first and
 *    reads the count afterwards. So either the one is seen or the other.
 *
 * All of that needs sequentially consistent order, the default. */
#include "labs/runtime/gil_io.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labs/runtime/deadline.h"

enum {
    FREE,
    HELD,
    RESERVED
};

enum {
    SPINS = 200 // a holder looks at the request more often than that
};

/* Who sleeps, as a mask for the one who wakes. */
enum {
    COMPUTING = 1,
    FROM_OUTSIDE = 2
};

void
rt_gil_io_init(struct rt_gil_io *gil)
{
    atomic_init(&gil->word, FREE);
    atomic_init(&gil->outside, 0);
    atomic_init(&gil->asleep, 0);
    atomic_init(&gil->drop_request, false);
    atomic_init(&gil->interval_us, RT_GIL_INTERVAL_US);
    atomic_init(&gil->last_holder, NULL);
    atomic_init(&gil->hand_overs, 0);
    gil->stats = (struct rt_gil_stats){.hand_overs = 0};
}

/* Sleeps while the word is that, until woken or until the deadline, if there
 * is one. Returns whether the deadline came. */
static bool
sleep_while(struct rt_gil_io *gil, int word, int who,
            const struct timespec *deadline)
{
    atomic_fetch_add(&gil->asleep, 1);
    long result = syscall(SYS_futex, &gil->word, FUTEX_WAIT_BITSET_PRIVATE,
                          word, deadline, NULL, who);
    bool late = result != 0 && errno == ETIMEDOUT;
    atomic_fetch_sub(&gil->asleep, 1);
    return late;
}

/* Whether the thread took the lock; if not, what the word was. */
static bool
try_take(struct rt_gil_io *gil, const void *thread, int who, int *word)
{
    *word = atomic_load(&gil->word);
    bool mine = *word == FREE;
    if (*word == RESERVED) {
        mine =
            who == FROM_OUTSIDE || (atomic_load(&gil->outside) == 0 &&
                                    atomic_load(&gil->last_holder) != thread);
    }
    return mine && atomic_compare_exchange_strong(&gil->word, word, HELD);
}

static void
wait_from_outside(struct rt_gil_io *gil, const void *thread)
{
    atomic_fetch_add(&gil->outside, 1);
    atomic_store(&gil->drop_request, true);
    int word = HELD;
    for (int spins = 0; !try_take(gil, thread, FROM_OUTSIDE, &word); spins++) {
        if (spins >= SPINS) {
            sleep_while(gil, HELD, FROM_OUTSIDE, NULL);
        }
    }
    atomic_fetch_sub(&gil->outside, 1);
}

static void
wait_interval_by_interval(struct rt_gil_io *gil, const void *thread)
{
    int word = HELD;
    while (!try_take(gil, thread, COMPUTING, &word)) {
        int64_t hand_overs = atomic_load(&gil->hand_overs);
        struct timespec deadline =
            rt_deadline_in_us(atomic_load(&gil->interval_us));
        if (sleep_while(gil, word, COMPUTING, &deadline) &&
            atomic_load(&gil->hand_overs) == hand_overs) {
            atomic_store(&gil->drop_request, true);
        }
    }
}

/* What the new holder has to do. */
static void
note_taken(struct rt_gil_io *gil, const void *thread)
{
    if (atomic_load_explicit(&gil->last_holder, memory_order_relaxed) !=
        thread) {
        atomic_store_explicit(&gil->last_holder, thread, memory_order_relaxed);
        int64_t hand_overs =
            atomic_load_explicit(&gil->hand_overs, memory_order_relaxed);
        atomic_store_explicit(&gil->hand_overs, hand_overs + 1,
                              memory_order_relaxed);
    }
    if (rt_gil_io_drop_requested(gil)) {
        atomic_store(&gil->drop_request, false);
        if (atomic_load(&gil->outside) > 0) {
            atomic_store(&gil->drop_request, true);
        }
    }
}

void
rt_gil_io_take(struct rt_gil_io *gil, const void *thread, bool from_outside)
{
    int word = FREE;
    if (!atomic_compare_exchange_strong(&gil->word, &word, HELD)) {
        int error = errno;
        int64_t start = rt_monotonic_ns();
        if (from_outside) {
            wait_from_outside(gil, thread);
        }
        else {
            wait_interval_by_interval(gil, thread);
        }
        int64_t waited = rt_monotonic_ns() - start;
        gil->stats.waits++;
        if (waited > gil->stats.longest_wait_ns) {
            gil->stats.longest_wait_ns = waited;
        }
        errno = error;
    }
    note_taken(gil, thread);
}

static void
wake_one(struct rt_gil_io *gil, int who)
{
    syscall(SYS_futex, &gil->word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL,
            who);
}

void
rt_gil_io_drop(struct rt_gil_io *gil)
{
    assert(atomic_load_explicit(&gil->word, memory_order_relaxed) == HELD);
    if (!rt_gil_io_drop_requested(gil)) {
        atomic_store(&gil->word, FREE);
        if (atomic_load(&gil->asleep) > 0) {
            wake_one(gil, COMPUTING | FROM_OUTSIDE);
        }
        return;
    }
    atomic_store(&gil->word, RESERVED);
    // Not before: who counts itself now finds the lock reserved.
    int who = atomic_load(&gil->outside) > 0 ? FROM_OUTSIDE : COMPUTING;
    wake_one(gil, who);
}

struct rt_gil_stats
rt_gil_io_stats(const struct rt_gil_io *gil)
{
    struct rt_gil_stats stats = gil->stats;
    stats.hand_overs = atomic_load(&gil->hand_overs);
    return stats;
}
