/* Thread rlock: threading.RLock, a lock that its owner may take again.
 *
 * After CPython 3.12: Modules/_threadmodule.c, rlockobject. It needs as many
 * releases as it was taken, all by the owner. Conventions: thread_lock.h. */
#ifndef LABS_RUNTIME_THREAD_RLOCK_H
#define LABS_RUNTIME_THREAD_RLOCK_H

#include <stdatomic.h>

#include "labs/runtime/thread_lock.h"

struct rt_thread_rlock {
    struct rt_thread_lock lock;
    _Atomic(const void *) owner; // a thread's state; NULL: nobody
    unsigned long count;         // of the owner alone
};

void rt_thread_rlock_init(struct rt_thread_rlock *rlock, const char *name);
void rt_thread_rlock_destroy(struct rt_thread_rlock *rlock);

/* 1 when it is taken, once more by the owner or for the first time; 0 when
 * the time is over; -1 with a pending error. */
int rt_thread_rlock_acquire(struct rt_thread_rlock *rlock, int64_t timeout_us);

/* Once less. 0, or -1 with a pending runtime error if this thread does not
 * own it. */
int rt_thread_rlock_release(struct rt_thread_rlock *rlock);

/* Whether this thread owns it. */
bool rt_thread_rlock_is_owned(const struct rt_thread_rlock *rlock);

/* Releases it as often as the owner has taken it, which is returned; and takes
 * it again that often, however long it takes: -1 with a pending error. For
 * conditions (_release_save, _acquire_restore). */
unsigned long rt_thread_rlock_release_all(struct rt_thread_rlock *rlock);
int rt_thread_rlock_acquire_again(struct rt_thread_rlock *rlock,
                                  unsigned long count);

#endif
