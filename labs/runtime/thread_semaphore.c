#include "labs/runtime/thread_semaphore.h"

#include <limits.h>
#include <stddef.h>

#include "labs/runtime/error.h"

int
rt_thread_semaphore_init(struct rt_thread_semaphore *semaphore, int value,
                         bool bounded)
{
    if (value < 0) {
        return rt_error_set(RT_ERROR_VALUE,
                            "semaphore initial value must be >= 0");
    }
    rt_thread_lock_init(&semaphore->lock, NULL);
    rt_thread_condition_init(&semaphore->released, &semaphore->lock);
    semaphore->value = value;
    semaphore->bound = bounded ? value : -1;
    return 0;
}

void
rt_thread_semaphore_destroy(struct rt_thread_semaphore *semaphore)
{
    rt_thread_lock_destroy(&semaphore->lock);
}

static bool
has_permits(void *data)
{
    const struct rt_thread_semaphore *semaphore = data;
    return semaphore->value > 0;
}

int
rt_thread_semaphore_acquire(struct rt_thread_semaphore *semaphore,
                            int64_t timeout_us)
{
    rt_thread_lock_acquire(&semaphore->lock, RT_NO_TIMEOUT);
    int got = rt_thread_condition_wait_for(&semaphore->released, has_permits,
                                           semaphore, timeout_us);
    if (got == 1) {
        semaphore->value--;
    }
    rt_thread_lock_release(&semaphore->lock);
    return got;
}

int
rt_thread_semaphore_release(struct rt_thread_semaphore *semaphore, int count)
{
    if (count < 1) {
        return rt_error_set(RT_ERROR_VALUE, "n must be one or more");
    }
    int result = 0;
    rt_thread_lock_acquire(&semaphore->lock, RT_NO_TIMEOUT);
    int most = semaphore->bound >= 0 ? semaphore->bound : INT_MAX;
    if (count > most - semaphore->value) {
        result =
            rt_error_set(RT_ERROR_VALUE, "Semaphore released too many times");
    }
    else {
        semaphore->value += count;
        rt_thread_condition_notify(&semaphore->released, count);
    }
    rt_thread_lock_release(&semaphore->lock);
    return result;
}

int
rt_thread_semaphore_waiting(struct rt_thread_semaphore *semaphore)
{
    rt_thread_lock_acquire(&semaphore->lock, RT_NO_TIMEOUT);
    int waiting = rt_thread_condition_waiting(&semaphore->released);
    rt_thread_lock_release(&semaphore->lock);
    return waiting;
}
