/* Executor state: what the files about executors share. */
#ifndef LABS_RUNTIME_EXECUTOR_STATE_H
#define LABS_RUNTIME_EXECUTOR_STATE_H

#include <stdatomic.h>

#include "labs/runtime/executor.h"
#include "labs/runtime/object.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_lock.h"
#include "labs/runtime/thread_queue.h"
#include "labs/runtime/thread_semaphore.h"

enum {
    RT_EXECUTOR_NAME_BYTES = 48
};

struct rt_executor {
    atomic_int holders;       // its owner and its workers
    struct rt_executor *next; // of executor_life.c
    char name[RT_EXECUTOR_NAME_BYTES];
    int (*initializer)(void *data);
    void *data;
    struct rt_thread_queue work;     // of calls, see below
    struct rt_thread_semaphore idle; // workers that wait for work
    struct rt_thread_lock lock;      // guards what follows
    bool broken, shut_down;
    int max_workers, thread_count;
    struct rt_thread *threads[]; // ours
};

/* Lets go of it, as its owner or as a worker does; the last one frees it
 * (executor_life.c). */
void rt_executor_let_go(struct rt_executor *executor);

/* A call in the queue (executor_work.c). */
struct rt_executor_work {
    struct rt_object head;
    struct rt_object *future; // ours
    rt_executor_call *call;
    struct rt_object *argument; // ours, or NULL
};

/* A new one with a new future. NULL with a pending memory error. */
struct rt_object *rt_executor_work_new(rt_executor_call *call,
                                       struct rt_object *argument);

/* Makes the call, unless it has been cancelled, and tells the future. */
void rt_executor_work_run(struct rt_object *object);

#endif
