/* Thread record: what is known of a thread, for the files about threads. */
#ifndef LABS_RUNTIME_THREAD_RECORD_H
#define LABS_RUNTIME_THREAD_RECORD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "labs/runtime/thread_lock.h"

enum {
    RT_THREAD_NAME_BYTES = 64
};

/* Two may hold it: the one who made it and the thread itself. Those who wait
 * for it to begin or to end wait for a lock that it releases then. Who has the
 * second one may join the thread as the system sees it: its last steps come
 * after the release. */
struct rt_thread {
    atomic_int holders;
    char name[RT_THREAD_NAME_BYTES];
    int (*body)(void *argument);
    void *argument; // borrowed
    bool daemon;
    atomic_bool started, over;
    pthread_t handle; // if started
    bool joined;      // guarded by ended
    uint64_t ident;
    int64_t native_id;
    struct rt_thread_lock begun;       // taken until it has begun
    struct rt_thread_lock ended;       // taken from its start to its end
    struct rt_thread *next, *previous; // of thread_living.c
};

/* For the thread itself, at its beginning and at its end (thread_living.c). */
void rt_thread_join_the_living(struct rt_thread *thread);
void rt_thread_leave_the_living(struct rt_thread *thread);

/* Waits until it has ended or the time is over (thread.c). */
void rt_thread_await_end(struct rt_thread *thread, int64_t timeout_us);

#endif
