#include <assert.h>
#include <pthread.h>
#include <stddef.h>

#include "labs/runtime/thread.h"
#include "labs/runtime/thread_record.h"
#include "labs/runtime/thread_state.h"

enum {
    SHUTDOWN_CALLS = 8
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; // guards all
static struct rt_thread *first_alive, *last_alive;
static void (*shutdown_calls[SHUTDOWN_CALLS])(void);
static size_t shutdown_call_count;

// --- fork ------------------------------------------------------------------

static void
hold(void)
{
    pthread_mutex_lock(&mutex);
}

static void
let_go(void)
{
    pthread_mutex_unlock(&mutex);
}

/* In a new process all threads but this one are gone, and what they would have
 * done at the end is not the new process's to do (threading._after_fork). */
static void
forget_all(void)
{
    first_alive = last_alive = NULL;
    shutdown_call_count = 0;
    pthread_mutex_unlock(&mutex);
}

__attribute__((constructor)) static void
care_for_forks(void)
{
    pthread_atfork(hold, let_go, forget_all);
}

// --- the list --------------------------------------------------------------

void
rt_thread_join_the_living(struct rt_thread *thread)
{
    pthread_mutex_lock(&mutex);
    thread->previous = last_alive;
    *(last_alive != NULL ? &last_alive->next : &first_alive) = thread;
    last_alive = thread;
    pthread_mutex_unlock(&mutex);
}

void
rt_thread_leave_the_living(struct rt_thread *thread)
{
    pthread_mutex_lock(&mutex);
    struct rt_thread *next = thread->next;
    struct rt_thread *previous = thread->previous;
    *(previous != NULL ? &previous->next : &first_alive) = next;
    *(next != NULL ? &next->previous : &last_alive) = previous;
    pthread_mutex_unlock(&mutex);
}

int
rt_thread_active_count(void)
{
    int count = 1;
    pthread_mutex_lock(&mutex);
    for (struct rt_thread *one = first_alive; one != NULL; one = one->next) {
        count++;
    }
    pthread_mutex_unlock(&mutex);
    return count;
}

void
rt_thread_each(void (*visit)(struct rt_thread *thread, void *data), void *data)
{
    pthread_mutex_lock(&mutex);
    for (struct rt_thread *one = first_alive; one != NULL; one = one->next) {
        visit(one, data);
    }
    pthread_mutex_unlock(&mutex);
}

/* Some thread that must end before the program does, held; or NULL. */
static struct rt_thread *
hold_one_to_wait_for(void)
{
    pthread_mutex_lock(&mutex);
    struct rt_thread *one = first_alive;
    while (one != NULL && (one->daemon || one == rt_thread_state()->thread)) {
        one = one->next;
    }
    if (one != NULL) {
        atomic_fetch_add(&one->holders, 1);
    }
    pthread_mutex_unlock(&mutex);
    return one;
}

void
rt_thread_at_shutdown(void (*call)(void))
{
    pthread_mutex_lock(&mutex);
    size_t at = 0;
    while (at < shutdown_call_count && shutdown_calls[at] != call) {
        at++;
    }
    assert(at < SHUTDOWN_CALLS);
    shutdown_calls[at] = call;
    if (at == shutdown_call_count) {
        shutdown_call_count++;
    }
    pthread_mutex_unlock(&mutex);
}

void
rt_thread_shutdown(void)
{
    for (size_t i = shutdown_call_count; i > 0; i--) {
        shutdown_calls[i - 1]();
    }
    // Those who are waited for may start others.
    struct rt_thread *one = hold_one_to_wait_for();
    while (one != NULL) {
        rt_thread_await_end(one, RT_NO_TIMEOUT);
        rt_thread_free(one);
        one = hold_one_to_wait_for();
    }
}
