#include "labs/runtime/pool_wait.h"

#include "labs/runtime/pool_future.h"
#include "labs/runtime/pool_watch.h"

static bool
are_all_done(void *data)
{
    const struct rt_pool_watcher *watcher = data;
    return watcher->done_count == watcher->count;
}

static bool
is_one_done(void *data)
{
    const struct rt_pool_watcher *watcher = data;
    return watcher->done_count > 0 || are_all_done(data);
}

static bool
has_one_failed(void *data)
{
    const struct rt_pool_watcher *watcher = data;
    return watcher->failed_count > 0 || are_all_done(data);
}

int
rt_pool_wait(struct rt_object *const *futures, size_t count,
             int64_t timeout_us, enum rt_pool_wait_until until, bool *is_done)
{
    static bool (*const MAY_GO_ON[])(void *data) = {
        [RT_POOL_WAIT_FIRST_COMPLETED] = is_one_done,
        [RT_POOL_WAIT_FIRST_EXCEPTION] = has_one_failed,
        [RT_POOL_WAIT_ALL_COMPLETED] = are_all_done,
    };
    struct rt_pool_watcher watcher;
    if (rt_pool_watcher_init(&watcher, futures, count) != 0) {
        return -1;
    }
    rt_thread_lock_acquire(&watcher.lock, RT_NO_TIMEOUT);
    int result = rt_thread_condition_wait_for(&watcher.ended, MAY_GO_ON[until],
                                              &watcher, timeout_us);
    rt_thread_lock_release(&watcher.lock);
    for (size_t i = 0; i < count; i++) {
        is_done[i] = rt_pool_future_is_settled(futures[i]);
    }
    rt_pool_watcher_destroy(&watcher);
    return result < 0 ? -1 : 0;
}
