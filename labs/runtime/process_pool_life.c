#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/os_error.h"
#include "labs/runtime/process_pool_state.h"
#include "labs/runtime/thread.h"

/* Those that can still be given work, or have some. */
static pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rt_process_pool *all; // guarded by all_mutex

// --- fork ------------------------------------------------------------------

static void
hold(void)
{
    pthread_mutex_lock(&all_mutex);
}

static void
let_go(void)
{
    pthread_mutex_unlock(&all_mutex);
}

/* In a new process the pools are the parent's. A worker sees that its parent
 * has died because the other end of its pipe is closed then, so nobody else
 * may have a copy of it: neither its siblings nor any other child. */
static void
forget_all(void)
{
    for (; all != NULL; all = all->next) {
        for (int i = 0; i < all->max_workers; i++) {
            rt_connection_close(&all->workers[i].ours);
        }
        close(all->wake);
        all->wake = -1;
        atomic_store(&all->shut_down, true);
        all->manager = NULL;
    }
    pthread_mutex_unlock(&all_mutex);
}

static void
care_for_forks(void)
{
    pthread_atfork(hold, let_go, forget_all);
}

// --- the end of the program ------------------------------------------------

static void
enlist(struct rt_process_pool *pool)
{
    static pthread_once_t cared = PTHREAD_ONCE_INIT;
    pthread_once(&cared, care_for_forks);
    pthread_mutex_lock(&all_mutex);
    pool->next = all;
    all = pool;
    pthread_mutex_unlock(&all_mutex);
}

/* Nothing happens if it is not there any more. */
static void
unlist(struct rt_process_pool *pool)
{
    pthread_mutex_lock(&all_mutex);
    struct rt_process_pool **link = &all;
    while (*link != NULL && *link != pool) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = pool->next;
    }
    pthread_mutex_unlock(&all_mutex);
}

/* Who ends the program waits for the managers, so they must hear of it
 * (_python_exit). A pool stays in the list until it is freed. */
static void
shut_all_down(void)
{
    pthread_mutex_lock(&all_mutex);
    for (struct rt_process_pool *pool = all; pool != NULL; pool = pool->next) {
        atomic_store(&pool->shut_down, true);
        rt_process_pool_wake(pool);
    }
    pthread_mutex_unlock(&all_mutex);
}

// --- life ------------------------------------------------------------------

void
rt_process_pool_let_go(struct rt_process_pool *pool)
{
    if (atomic_fetch_sub(&pool->holders, 1) != 1) {
        return;
    }
    unlist(pool);
    rt_thread_free(pool->manager);
    rt_thread_queue_destroy(&pool->pending);
    rt_thread_queue_destroy(&pool->next_calls);
    rt_thread_lock_destroy(&pool->lock);
    if (pool->wake >= 0) {
        close(pool->wake);
    }
    rt_free(pool->polls);
    rt_free(pool);
}

static int
check(int max_workers, const struct rt_process_pool_options *options)
{
    if (max_workers <= 0) {
        return rt_error_set(RT_ERROR_VALUE,
                            "max_workers must be greater than 0");
    }
    if (options != NULL && options->max_tasks_per_child < 0) {
        return rt_error_set(RT_ERROR_VALUE,
                            "max_tasks_per_child must be >= 1");
    }
    return 0;
}

/* All but what can fail. */
static void
init(struct rt_process_pool *pool, int max_workers)
{
    pool->max_workers = max_workers;
    atomic_init(&pool->holders, 1);
    rt_thread_lock_init(&pool->lock, NULL);
    rt_thread_queue_init(&pool->pending, RT_QUEUE_FIFO, 0, NULL);
    rt_thread_queue_init(&pool->next_calls, RT_QUEUE_FIFO,
                         (size_t)max_workers + RT_PROCESS_POOL_EXTRA_CALLS,
                         NULL);
    for (int i = 0; i < max_workers; i++) {
        pool->workers[i] = (struct rt_process_worker){
            .pool = pool, .ours = {.file = -1}, .theirs = {.file = -1}};
    }
}

struct rt_process_pool *
rt_process_pool_new(int max_workers,
                    const struct rt_process_pool_options *options)
{
    if (check(max_workers, options) != 0) {
        return NULL;
    }
    size_t count = (size_t)max_workers;
    struct rt_process_pool *pool =
        rt_alloc(sizeof(*pool) + count * sizeof(struct rt_process_worker));
    struct pollfd *polls = rt_alloc((2 * count + 1) * sizeof(*polls));
    int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pool == NULL || polls == NULL || wake < 0) {
        int number = errno;
        rt_free(pool);
        rt_free(polls);
        if (wake < 0) {
            rt_os_error(number, "eventfd");
            return NULL;
        }
        close(wake);
        return rt_error_no_memory();
    }
    *pool = (struct rt_process_pool){.wake = wake, .polls = polls};
    if (options != NULL) {
        pool->options = *options;
    }
    init(pool, max_workers);
    enlist(pool);
    rt_thread_at_shutdown(shut_all_down);
    return pool;
}

void
rt_process_pool_free(struct rt_process_pool *pool)
{
    if (pool != NULL) {
        (void)rt_process_pool_shut_down(pool, false, false);
        rt_process_pool_let_go(pool);
    }
}
