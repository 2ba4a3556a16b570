#include "labs/runtime/pool_watch.h"

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/object.h"
#include "labs/runtime/pool_future.h"

int
rt_pool_watcher_init(struct rt_pool_watcher *watcher,
                     struct rt_object *const *futures, size_t count)
{
    *watcher = (struct rt_pool_watcher){
        .watches = rt_alloc(count * sizeof(struct rt_pool_watch))};
    if (watcher->watches == NULL) {
        rt_error_no_memory();
        return -1;
    }
    watcher->end_of_done = &watcher->first_done;
    rt_thread_lock_init(&watcher->lock, NULL);
    rt_thread_condition_init(&watcher->ended, &watcher->lock);
    for (size_t i = 0; i < count; i++) {
        struct rt_pool_watch *watch = &watcher->watches[watcher->count];
        *watch =
            (struct rt_pool_watch){.watcher = watcher, .future = futures[i]};
        if (rt_pool_future_watch(futures[i], watch)) {
            rt_incref(futures[i]);
            watcher->count++;
        }
    }
    return 0;
}

void
rt_pool_watcher_destroy(struct rt_pool_watcher *watcher)
{
    for (size_t i = 0; i < watcher->count; i++) {
        rt_pool_future_unwatch(watcher->watches[i].future,
                               &watcher->watches[i]);
        rt_decref(watcher->watches[i].future);
    }
    rt_thread_lock_destroy(&watcher->lock);
    rt_free(watcher->watches);
}

void
rt_pool_watch_tell(struct rt_pool_watch *watch, bool has_failed)
{
    struct rt_pool_watcher *watcher = watch->watcher;
    rt_thread_lock_acquire(&watcher->lock, RT_NO_TIMEOUT);
    *watcher->end_of_done = watch;
    watcher->end_of_done = &watch->next_done;
    watcher->done_count++;
    watcher->failed_count += has_failed ? 1 : 0;
    rt_thread_condition_notify_all(&watcher->ended);
    rt_thread_lock_release(&watcher->lock);
}
