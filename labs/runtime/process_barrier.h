/* Process barrier: multiprocessing.Barrier, where a fixed number of processes
 * wait for each other.
 *
 * After CPython 3.12: Lib/multiprocessing/synchronize.py, class Barrier, which
 * is threading's (thread_barrier.h) with its state in shared memory. One that
 * is killed while it waits is still counted as inside. */
#ifndef LABS_RUNTIME_PROCESS_BARRIER_H
#define LABS_RUNTIME_PROCESS_BARRIER_H

#include "labs/runtime/process_condition.h"
#include "labs/runtime/thread_barrier.h"

/* It must stay where it is. */
struct rt_process_barrier {
    struct rt_process_semaphore lock;
    struct rt_process_condition changed;
    struct {
        enum rt_thread_barrier_state state;
        int count; // processes inside
    } * shared;    // guarded by lock
    int parties;
    int64_t timeout_us; // of a wait that names none
    int (*action)(void *data);
    void *data;
};

/* As in thread_barrier.h; OS errors are added. */
int rt_process_barrier_init(struct rt_process_barrier *barrier, int parties,
                            int (*action)(void *data), void *data,
                            int64_t timeout_us);
void rt_process_barrier_destroy(struct rt_process_barrier *barrier);
int rt_process_barrier_wait(struct rt_process_barrier *barrier,
                            int64_t timeout_us, int *index);
void rt_process_barrier_reset(struct rt_process_barrier *barrier);
void rt_process_barrier_abort(struct rt_process_barrier *barrier);
bool rt_process_barrier_is_broken(struct rt_process_barrier *barrier);
int rt_process_barrier_waiting(struct rt_process_barrier *barrier);

#endif
