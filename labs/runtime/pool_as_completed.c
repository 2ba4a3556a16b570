#include "labs/runtime/pool_as_completed.h"

#include "labs/runtime/error.h"
#include "labs/runtime/object.h"

int
rt_pool_as_completed_init(struct rt_pool_as_completed *iterator,
                          struct rt_object *const *futures, size_t count,
                          int64_t timeout_us)
{
    iterator->given = 0;
    iterator->timeout_us = timeout_us;
    iterator->deadline = rt_deadline_in_us(timeout_us);
    return rt_pool_watcher_init(&iterator->watcher, futures, count);
}

void
rt_pool_as_completed_destroy(struct rt_pool_as_completed *iterator)
{
    rt_pool_watcher_destroy(&iterator->watcher);
}

static bool
has_next(void *data)
{
    const struct rt_pool_as_completed *iterator = data;
    return iterator->watcher.done_count > iterator->given;
}

/* Takes the first in the line, with the lock taken. */
static struct rt_object *
take(struct rt_pool_as_completed *iterator)
{
    struct rt_pool_watcher *watcher = &iterator->watcher;
    struct rt_pool_watch *watch = watcher->first_done;
    watcher->first_done = watch->next_done;
    if (watcher->first_done == NULL) {
        watcher->end_of_done = &watcher->first_done;
    }
    iterator->given++;
    return rt_new_ref(watch->future);
}

int
rt_pool_as_completed_next(struct rt_pool_as_completed *iterator,
                          struct rt_object **future)
{
    struct rt_pool_watcher *watcher = &iterator->watcher;
    if (iterator->given == watcher->count) {
        *future = NULL;
        return 0;
    }
    int64_t left_us = iterator->timeout_us >= 0
                          ? rt_deadline_left_us(&iterator->deadline)
                          : iterator->timeout_us;
    rt_thread_lock_acquire(&watcher->lock, RT_NO_TIMEOUT);
    int result = rt_thread_condition_wait_for(&watcher->ended, has_next,
                                              iterator, left_us);
    if (result == 1) {
        *future = take(iterator);
    }
    rt_thread_lock_release(&watcher->lock);
    if (result == 0) {
        rt_error_set(RT_ERROR_TIMEOUT, "%zu (of %zu) futures unfinished",
                     watcher->count - iterator->given, watcher->count);
    }
    return result == 1 ? 0 : -1;
}
