#include "labs/runtime/process_semaphore.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "labs/runtime/error.h"
#include "labs/runtime/gil_release.h"
#include "labs/runtime/os_error.h"
#include "labs/runtime/shared_block.h"

static int
init(struct rt_process_semaphore *semaphore, int value, int most,
     bool recursive)
{
    sem_t *permits = rt_shared_block_new(sizeof(*permits));
    if (permits == NULL) {
        return -1;
    }
    sem_init(permits, 1, (unsigned)value);
    *semaphore = (struct rt_process_semaphore){
        .permits = permits, .most = most, .recursive = recursive};
    return 0;
}

int
rt_process_semaphore_init(struct rt_process_semaphore *semaphore, int value,
                          bool bounded)
{
    if (value < 0) {
        return rt_error_set(RT_ERROR_VALUE,
                            "semaphore initial value must be >= 0");
    }
    return init(semaphore, value, bounded ? value : SEM_VALUE_MAX, false);
}

int
rt_process_lock_init(struct rt_process_semaphore *lock)
{
    return init(lock, 1, 1, false);
}

int
rt_process_rlock_init(struct rt_process_semaphore *lock)
{
    return init(lock, 1, 1, true);
}

void
rt_process_semaphore_destroy(struct rt_process_semaphore *semaphore)
{
    rt_shared_block_free(semaphore->permits, sizeof(*semaphore->permits));
    semaphore->permits = NULL;
}

bool
rt_process_semaphore_is_mine(const struct rt_process_semaphore *semaphore)
{
    // In a child its thread has another number.
    return semaphore->count > 0 && semaphore->holder == gettid();
}

/* 0, or -1 with errno. */
static int
wait_for_permit(sem_t *permits, int64_t timeout_us)
{
    struct timespec deadline = rt_deadline_in_us(timeout_us);
    int result;
    bool held = rt_gil_release_begin();
    do {
        result = timeout_us == RT_NO_TIMEOUT
                     ? sem_wait(permits)
                     : sem_clockwait(permits, CLOCK_MONOTONIC, &deadline);
    } while (result != 0 && errno == EINTR);
    rt_gil_release_end(held);
    return result;
}

int
rt_process_semaphore_acquire(struct rt_process_semaphore *semaphore,
                             int64_t timeout_us)
{
    bool mine = rt_process_semaphore_is_mine(semaphore);
    if (semaphore->recursive && mine) {
        semaphore->count++;
        return 1;
    }
    if (sem_trywait(semaphore->permits) != 0 &&
        wait_for_permit(semaphore->permits, timeout_us) != 0) {
        return errno == ETIMEDOUT ? 0 : rt_os_error(errno, "semaphore");
    }
    semaphore->count = mine ? semaphore->count + 1 : 1;
    semaphore->holder = gettid();
    return 1;
}

int
rt_process_semaphore_release(struct rt_process_semaphore *semaphore)
{
    if (semaphore->recursive) {
        if (!rt_process_semaphore_is_mine(semaphore)) {
            return rt_error_set(RT_ERROR_ASSERTION,
                                "attempt to release recursive lock not owned "
                                "by thread");
        }
        if (semaphore->count > 1) {
            semaphore->count--;
            return 0;
        }
    }
    else if (rt_process_semaphore_value(semaphore) >= semaphore->most) {
        return rt_error_set(RT_ERROR_VALUE,
                            "semaphore or lock released too many times");
    }
    semaphore->count -= semaphore->count > 0 ? 1 : 0;
    return sem_post(semaphore->permits) == 0 ? 0
                                             : rt_os_error(errno, "semaphore");
}

int
rt_process_semaphore_value(const struct rt_process_semaphore *semaphore)
{
    int value = 0;
    sem_getvalue(semaphore->permits, &value);
    return value;
}
