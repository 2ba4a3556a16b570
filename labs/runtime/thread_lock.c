#include "labs/runtime/thread_lock.h"

#include <errno.h>
#include <stddef.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gil_release.h"

static const struct rt_thread_lock_watcher *watching;

void
rt_thread_lock_init(struct rt_thread_lock *lock, const char *name)
{
    pthread_mutex_init(&lock->mutex, NULL);
    rt_deadline_cond_init(&lock->released);
    lock->name = name;
    lock->locked = false;
    lock->waiting = 0;
}

void
rt_thread_lock_destroy(struct rt_thread_lock *lock)
{
    if (watching != NULL && lock->name != NULL) {
        watching->ends(lock);
    }
    pthread_cond_destroy(&lock->released);
    pthread_mutex_destroy(&lock->mutex);
}

static bool
try_acquire(struct rt_thread_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    bool got = !lock->locked;
    lock->locked = true;
    pthread_mutex_unlock(&lock->mutex);
    return got;
}

/* Without the GIL. Whoever finds the lock free may take it: those who wait
 * have no claim to it, they are only told when to look again. */
static bool
wait_and_acquire(struct rt_thread_lock *lock, int64_t timeout_us)
{
    struct timespec deadline = rt_deadline_in_us(timeout_us);
    int result = 0;
    pthread_mutex_lock(&lock->mutex);
    lock->waiting++;
    while (lock->locked && result != ETIMEDOUT) {
        result = timeout_us == RT_NO_TIMEOUT
                     ? pthread_cond_wait(&lock->released, &lock->mutex)
                     : pthread_cond_timedwait(&lock->released, &lock->mutex,
                                              &deadline);
    }
    lock->waiting--;
    bool got = !lock->locked;
    lock->locked = true;
    pthread_mutex_unlock(&lock->mutex);
    return got;
}

static int
acquire(struct rt_thread_lock *lock, int64_t timeout_us)
{
    if (try_acquire(lock)) {
        return 1;
    }
    if (timeout_us == 0) {
        return 0;
    }
    bool held = rt_gil_release_begin();
    bool got = wait_and_acquire(lock, timeout_us);
    rt_gil_release_end(held);
    return got;
}

int
rt_thread_lock_acquire(struct rt_thread_lock *lock, int64_t timeout_us)
{
    if (timeout_us < 0 && timeout_us != RT_NO_TIMEOUT) {
        return rt_error_set(RT_ERROR_VALUE,
                            "timeout value must be a non-negative number");
    }
    if (timeout_us > RT_MAX_TIMEOUT_US) {
        return rt_error_set(RT_ERROR_OVERFLOW, "timeout value is too large");
    }
    if (watching == NULL || lock->name == NULL) {
        return acquire(lock, timeout_us);
    }
    if (timeout_us != 0 &&
        watching->wants(lock, timeout_us == RT_NO_TIMEOUT) != 0) {
        return -1;
    }
    int got = acquire(lock, timeout_us);
    if (got == 1) {
        watching->has(lock);
    }
    else if (timeout_us != 0) {
        watching->gave_up(lock);
    }
    return got;
}

int
rt_thread_lock_release(struct rt_thread_lock *lock)
{
    if (watching != NULL && lock->name != NULL) {
        watching->releases(lock);
    }
    pthread_mutex_lock(&lock->mutex);
    bool was_locked = lock->locked;
    lock->locked = false;
    pthread_cond_signal(&lock->released);
    pthread_mutex_unlock(&lock->mutex);
    return was_locked
               ? 0
               : rt_error_set(RT_ERROR_RUNTIME, "release unlocked lock");
}

bool
rt_thread_lock_is_locked(struct rt_thread_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    bool locked = lock->locked;
    pthread_mutex_unlock(&lock->mutex);
    return locked;
}

int
rt_thread_lock_waiting(struct rt_thread_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    int waiting = lock->waiting;
    pthread_mutex_unlock(&lock->mutex);
    return waiting;
}

void
rt_thread_lock_set_watcher(const struct rt_thread_lock_watcher *watcher)
{
    watching = watcher;
}
