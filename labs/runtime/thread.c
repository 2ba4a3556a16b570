#include "labs/runtime/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil_release.h"
#include "labs/runtime/thread_local.h"
#include "labs/runtime/thread_record.h"
#include "labs/runtime/thread_state.h"

static void (*excepthook)(struct rt_thread *thread,
                          const struct rt_error_state *error);

// --- life ------------------------------------------------------------------

/* "Thread-1", "Dummy-1"; counter is that of the kind. */
static void
name_by_number(struct rt_thread *thread, const char *kind, atomic_int *counter)
{
    snprintf(thread->name, RT_THREAD_NAME_BYTES, "%s-%d", kind,
             atomic_fetch_add(counter, 1) + 1);
}

struct rt_thread *
rt_thread_new(const char *name, int (*body)(void *argument), void *argument)
{
    static atomic_int counter;
    struct rt_thread *thread = rt_alloc(sizeof(*thread));
    if (thread == NULL) {
        return rt_error_no_memory();
    }
    *thread = (struct rt_thread){
        .body = body,
        .argument = argument,
        .daemon = rt_thread_is_daemon(rt_thread_current()),
    };
    atomic_init(&thread->holders, 1);
    rt_thread_lock_init(&thread->begun, NULL);
    rt_thread_lock_init(&thread->ended, NULL);
    if (name != NULL) {
        rt_thread_set_name(thread, name);
    }
    else {
        name_by_number(thread, "Thread", &counter);
    }
    return thread;
}

void
rt_thread_free(struct rt_thread *thread)
{
    if (thread != NULL && atomic_fetch_sub(&thread->holders, 1) == 1) {
        if (atomic_load(&thread->started) && !thread->joined) {
            pthread_detach(thread->handle);
        }
        rt_thread_lock_destroy(&thread->ended);
        rt_thread_lock_destroy(&thread->begun);
        rt_free(thread);
    }
}

// --- running ---------------------------------------------------------------

void
rt_thread_set_excepthook(void (*hook)(struct rt_thread *thread,
                                      const struct rt_error_state *error))
{
    excepthook = hook;
}

static void
report_error(struct rt_thread *thread)
{
    struct rt_error_state error = rt_error_fetch();
    if (excepthook != NULL) {
        excepthook(thread, &error);
    }
    else {
        fprintf(stderr, "Exception in thread %s:\n%s%s%s\n", thread->name,
                rt_error_name(error.error), error.text[0] != '\0' ? ": " : "",
                error.text);
    }
    rt_error_restore(&error);
    rt_error_clear();
}

/* The first function of the new thread (_bootstrap_inner). */
static void *
run(void *data)
{
    struct rt_thread *thread = data;
    rt_thread_attach();
    rt_thread_state()->thread = thread;
    thread->ident = (uint64_t)pthread_self();
    thread->native_id = gettid();
    rt_thread_join_the_living(thread);
    rt_thread_lock_release(&thread->begun);
    if (thread->body(thread->argument) != 0) {
        report_error(thread);
    }
    rt_thread_leave_the_living(thread);
    rt_thread_local_end_thread();
    rt_thread_state()->thread = NULL;
    atomic_store(&thread->over, true);
    rt_thread_lock_release(&thread->ended);
    rt_thread_free(thread);
    rt_thread_detach();
    return NULL;
}

int
rt_thread_start(struct rt_thread *thread)
{
    if (atomic_exchange(&thread->started, true)) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "threads can only be started once");
    }
    rt_thread_attach();
    rt_thread_lock_acquire(&thread->begun, RT_NO_TIMEOUT);
    rt_thread_lock_acquire(&thread->ended, RT_NO_TIMEOUT);
    atomic_fetch_add(&thread->holders, 1);
    if (pthread_create(&thread->handle, NULL, run, thread) != 0) {
        rt_thread_lock_release(&thread->begun);
        rt_thread_lock_release(&thread->ended);
        atomic_store(&thread->started, false);
        atomic_fetch_sub(&thread->holders, 1);
        return rt_error_set(RT_ERROR_RUNTIME, "can't start new thread");
    }
    rt_thread_lock_acquire(&thread->begun, RT_NO_TIMEOUT);
    return 0;
}

void
rt_thread_await_end(struct rt_thread *thread, int64_t timeout_us)
{
    if (rt_thread_lock_acquire(&thread->ended, timeout_us) != 1) {
        return;
    }
    if (!thread->joined) {
        bool held = rt_gil_release_begin();
        pthread_join(thread->handle, NULL);
        rt_gil_release_end(held);
        thread->joined = true;
    }
    rt_thread_lock_release(&thread->ended);
}

int
rt_thread_join(struct rt_thread *thread, int64_t timeout_us)
{
    if (!atomic_load(&thread->started)) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "cannot join thread before it is started");
    }
    if (thread == rt_thread_current()) {
        return rt_error_set(RT_ERROR_RUNTIME, "cannot join current thread");
    }
    bool no_time = timeout_us < 0 && timeout_us != RT_NO_TIMEOUT;
    rt_thread_await_end(thread, no_time ? 0 : timeout_us);
    return 0;
}

bool
rt_thread_is_alive(struct rt_thread *thread)
{
    return atomic_load(&thread->started) && !atomic_load(&thread->over);
}

// --- what is known of it ---------------------------------------------------

const char *
rt_thread_name(const struct rt_thread *thread)
{
    return thread->name;
}

void
rt_thread_set_name(struct rt_thread *thread, const char *name)
{
    snprintf(thread->name, RT_THREAD_NAME_BYTES, "%s", name);
}

bool
rt_thread_is_daemon(const struct rt_thread *thread)
{
    return thread->daemon;
}

int
rt_thread_set_daemon(struct rt_thread *thread, bool daemon)
{
    if (atomic_load(&thread->started)) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "cannot set daemon status of active thread");
    }
    thread->daemon = daemon;
    return 0;
}

uint64_t
rt_thread_ident(const struct rt_thread *thread)
{
    return thread->ident;
}

int64_t
rt_thread_native_id(const struct rt_thread *thread)
{
    return thread->native_id;
}

/* What stands for a thread that was not started here, as long as it runs. */
static struct rt_thread *
adopt(void)
{
    static _Thread_local struct rt_thread adopted;
    static atomic_int counter;
    atomic_init(&adopted.holders, 1);
    atomic_init(&adopted.started, true);
    adopted.ident = (uint64_t)pthread_self();
    adopted.native_id = gettid();
    adopted.daemon = !rt_thread_is_main();
    rt_thread_lock_init(&adopted.begun, NULL);
    rt_thread_lock_init(&adopted.ended, NULL);
    rt_thread_lock_acquire(&adopted.ended, RT_NO_TIMEOUT); // for ever
    if (rt_thread_is_main()) {
        rt_thread_set_name(&adopted, "MainThread");
    }
    else {
        name_by_number(&adopted, "Dummy", &counter);
    }
    return &adopted;
}

struct rt_thread *
rt_thread_current(void)
{
    struct rt_thread_state *state = rt_thread_state();
    if (state->thread == NULL) {
        state->thread = adopt();
    }
    return state->thread;
}
