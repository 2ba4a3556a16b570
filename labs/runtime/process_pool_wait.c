#include <sys/eventfd.h>
#include <unistd.h>

#include "labs/runtime/connection_wait.h"
#include "labs/runtime/error.h"
#include "labs/runtime/process.h"
#include "labs/runtime/process_pool_state.h"

void
rt_process_pool_wake(struct rt_process_pool *pool)
{
    (void)eventfd_write(pool->wake, 1);
}

void
rt_process_pool_wait(struct rt_process_pool *pool)
{
    eventfd_t times = 0;
    size_t count = 0;
    pool->polls[count++].fd = pool->wake;
    for (int i = 0; i < pool->max_workers; i++) {
        const struct rt_process_worker *worker = &pool->workers[i];
        pool->polls[count++].fd = worker->ours.file;
        pool->polls[count++].fd = rt_process_sentinel(worker->process);
    }
    if (rt_connection_wait(pool->polls, count, RT_NO_TIMEOUT) < 0) {
        rt_error_clear(); // no memory in the system: try again
        return;
    }
    // Before anybody looks at what there is to do: what comes later wakes
    // again.
    if (pool->polls[0].revents != 0) {
        (void)eventfd_read(pool->wake, &times);
    }
}

enum rt_process_news
rt_process_pool_news(const struct rt_process_pool *pool, int worker)
{
    if (pool->polls[1 + 2 * worker].revents != 0) {
        return RT_PROCESS_ANSWERS;
    }
    return pool->polls[2 + 2 * worker].revents != 0 ? RT_PROCESS_DEAD
                                                    : RT_PROCESS_SILENT;
}
