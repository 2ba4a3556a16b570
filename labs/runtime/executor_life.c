#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/executor_state.h"

/* Those that can still be given work. */
static pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rt_executor *all; // guarded by all_mutex

void
rt_executor_let_go(struct rt_executor *executor)
{
    if (atomic_fetch_sub(&executor->holders, 1) != 1) {
        return;
    }
    for (int i = 0; i < executor->thread_count; i++) {
        rt_thread_free(executor->threads[i]);
    }
    rt_thread_lock_destroy(&executor->lock);
    rt_thread_semaphore_destroy(&executor->idle);
    rt_thread_queue_destroy(&executor->work);
    rt_free(executor);
}

// --- the end of the program ------------------------------------------------

static void
enlist(struct rt_executor *executor)
{
    pthread_mutex_lock(&all_mutex);
    executor->next = all;
    all = executor;
    pthread_mutex_unlock(&all_mutex);
}

/* Nothing happens if it is not there any more. */
static void
unlist(struct rt_executor *executor)
{
    pthread_mutex_lock(&all_mutex);
    struct rt_executor **link = &all;
    while (*link != NULL && *link != executor) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = executor->next;
    }
    pthread_mutex_unlock(&all_mutex);
}

/* Workers are no daemons: who ends the program waits for them, so they must
 * hear of it (_python_exit). */
static void
shut_all_down(void)
{
    for (;;) {
        pthread_mutex_lock(&all_mutex);
        struct rt_executor *first = all;
        if (first != NULL) {
            all = first->next;
            atomic_fetch_add(&first->holders, 1);
        }
        pthread_mutex_unlock(&all_mutex);
        if (first == NULL) {
            break;
        }
        rt_executor_shut_down(first, false, false);
        rt_executor_let_go(first);
    }
}

// --- for people ------------------------------------------------------------

int
rt_executor_usual_workers(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 5 : processors > 28 ? 32 : (int)processors + 4;
}

struct rt_executor *
rt_executor_new(int max_workers, const char *name,
                int (*initializer)(void *data), void *data)
{
    static atomic_int counter;
    if (max_workers <= 0) {
        rt_error_set(RT_ERROR_VALUE, "max_workers must be greater than 0");
        return NULL;
    }
    size_t size = (size_t)max_workers * sizeof(struct rt_thread *);
    struct rt_executor *executor = rt_alloc(sizeof(*executor) + size);
    if (executor == NULL) {
        return rt_error_no_memory();
    }
    *executor = (struct rt_executor){
        .initializer = initializer, .data = data, .max_workers = max_workers};
    atomic_init(&executor->holders, 1);
    if (name != NULL) {
        snprintf(executor->name, RT_EXECUTOR_NAME_BYTES, "%s", name);
    }
    else {
        snprintf(executor->name, RT_EXECUTOR_NAME_BYTES,
                 "ThreadPoolExecutor-%d", atomic_fetch_add(&counter, 1));
    }
    rt_thread_queue_init(&executor->work, RT_QUEUE_FIFO, 0, NULL);
    rt_thread_semaphore_init(&executor->idle, 0, false);
    rt_thread_lock_init(&executor->lock, NULL);
    enlist(executor);
    rt_thread_at_shutdown(shut_all_down);
    return executor;
}

void
rt_executor_free(struct rt_executor *executor)
{
    if (executor != NULL) {
        unlist(executor);
        rt_executor_shut_down(executor, false, false);
        rt_executor_let_go(executor);
    }
}
