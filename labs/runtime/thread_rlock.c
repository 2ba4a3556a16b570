#include "labs/runtime/thread_rlock.h"

#include <assert.h>
#include <limits.h>
#include <stddef.h>

#include "labs/runtime/error.h"
#include "labs/runtime/thread_state.h"

void
rt_thread_rlock_init(struct rt_thread_rlock *rlock, const char *name)
{
    rt_thread_lock_init(&rlock->lock, name);
    atomic_init(&rlock->owner, NULL);
    rlock->count = 0;
}

void
rt_thread_rlock_destroy(struct rt_thread_rlock *rlock)
{
    rt_thread_lock_destroy(&rlock->lock);
}

/* Only this thread writes its own address there, and takes it away again: so
 * the answer cannot change while it is being given. */
bool
rt_thread_rlock_is_owned(const struct rt_thread_rlock *rlock)
{
    return atomic_load(&rlock->owner) == rt_thread_state();
}

int
rt_thread_rlock_acquire(struct rt_thread_rlock *rlock, int64_t timeout_us)
{
    if (rt_thread_rlock_is_owned(rlock)) {
        if (rlock->count == ULONG_MAX) {
            return rt_error_set(RT_ERROR_OVERFLOW,
                                "Internal lock count overflowed");
        }
        rlock->count++;
        return 1;
    }
    int got = rt_thread_lock_acquire(&rlock->lock, timeout_us);
    if (got == 1) {
        atomic_store(&rlock->owner, rt_thread_state());
        rlock->count = 1;
    }
    return got;
}

int
rt_thread_rlock_release(struct rt_thread_rlock *rlock)
{
    if (!rt_thread_rlock_is_owned(rlock)) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "cannot release un-acquired lock");
    }
    rlock->count--;
    if (rlock->count > 0) {
        return 0;
    }
    atomic_store(&rlock->owner, NULL);
    return rt_thread_lock_release(&rlock->lock);
}

unsigned long
rt_thread_rlock_release_all(struct rt_thread_rlock *rlock)
{
    assert(rt_thread_rlock_is_owned(rlock));
    unsigned long count = rlock->count;
    rlock->count = 1;
    rt_thread_rlock_release(rlock);
    return count;
}

int
rt_thread_rlock_acquire_again(struct rt_thread_rlock *rlock,
                              unsigned long count)
{
    if (rt_thread_rlock_acquire(rlock, RT_NO_TIMEOUT) != 1) {
        return -1;
    }
    rlock->count = count;
    return 0;
}
