/* Process pool state: what the files about process pools share. */
#ifndef LABS_RUNTIME_PROCESS_POOL_STATE_H
#define LABS_RUNTIME_PROCESS_POOL_STATE_H

#include <poll.h>
#include <stdatomic.h>

#include "labs/runtime/connection.h"
#include "labs/runtime/process_pool.h"
#include "labs/runtime/thread_lock.h"
#include "labs/runtime/thread_queue.h"

enum {
    RT_PROCESS_POOL_EXTRA_CALLS = 1 // EXTRA_QUEUED_CALLS
};

struct rt_process_worker {
    struct rt_process_pool *pool;
    struct rt_process *process;  // ours; NULL: there is none
    struct rt_connection ours;   // to the worker
    struct rt_connection theirs; // open while it is forked, and in it
    struct rt_object *work;      // the call that it makes, or NULL; ours
    int calls;                   // that it has made
};

struct rt_process_pool {
    atomic_int holders;           // its owner and its manager
    struct rt_process_pool *next; // of process_pool_life.c
    struct rt_process_pool_options options;
    int wake; // a descriptor (process_pool_wait.c)

    /* Guards that nobody puts work into a pool that is broken or over. */
    struct rt_thread_lock lock;
    struct rt_thread_queue pending; // calls that can be cancelled
    atomic_bool broken, shut_down, cancels;
    struct rt_thread *manager; // ours; NULL: not started

    // The manager's alone, once there is one:
    struct rt_thread_queue next_calls; // that the workers take next
    struct pollfd *polls;              // one, and two for each worker; ours
    int max_workers;
    struct rt_process_worker workers[]; // all without a process at first
};

/* Lets go of it, as its owner or its manager does; the last one frees it
 * (process_pool_life.c). */
void rt_process_pool_let_go(struct rt_process_pool *pool);

/* --- workers and manager (process_pool.c) -------------------------------- */

/* Forks all workers. 0, or -1 with a pending error: then some are there. */
int rt_process_pool_start_workers(struct rt_process_pool *pool);

/* Ends all workers that are there, and waits for them: kindly, or, if the pool
 * is broken, with a signal. */
void rt_process_pool_end_workers(struct rt_process_pool *pool);

/* What the manager does from its start to its end, when the pool has been shut
 * down and all is done, or when it has broken. Ends the workers. */
void rt_process_pool_manage(struct rt_process_pool *pool);

/* --- waiting (process_pool_wait.c) --------------------------------------- */

enum rt_process_news {
    RT_PROCESS_SILENT,
    RT_PROCESS_ANSWERS, // there is an answer, the begin of one, or the end
    RT_PROCESS_DEAD     // it is over, and there is nothing left to read
};

/* Tells the manager that there is something to do. */
void rt_process_pool_wake(struct rt_process_pool *pool);

/* Waits, without the GIL, until the manager is told so or a worker has news;
 * and what this one has, as of then. */
void rt_process_pool_wait(struct rt_process_pool *pool);
enum rt_process_news rt_process_pool_news(const struct rt_process_pool *pool,
                                          int worker);

/* --- the calls (process_pool_work.c) ------------------------------------- */

/* Moves calls from the pending ones to the next ones as long as there is room
 * there: for max_workers + RT_PROCESS_POOL_EXTRA_CALLS. They are running from
 * now on; those that were cancelled are left out. If that was asked for when
 * the pool was shut down, cancels the rest. */
void rt_process_pool_choose_next(struct rt_process_pool *pool);

/* Takes the first of the next ones, or of the pending ones, which is yours;
 * NULL: there is none. */
struct rt_object *rt_process_pool_next_call(struct rt_process_pool *pool);
struct rt_object *rt_process_pool_next_pending(struct rt_process_pool *pool);

/* Whether it was shut down, and neither next nor pending calls are left. Then
 * there will never be any. */
bool rt_process_pool_is_drained(struct rt_process_pool *pool);

/* Nobody can submit anything from now on. */
void rt_process_pool_mark_broken(struct rt_process_pool *pool);

/* A call as new bytes that make a message (process_message.h). NULL with a
 * pending error. */
struct rt_object *rt_process_work_pack(struct rt_object *work);

/* The end of a call, which is stolen: tells its future of the answer, or of
 * the pending error. None is pending afterwards. */
void rt_process_work_settle(struct rt_object *work, struct rt_object *answer);
void rt_process_work_fail(struct rt_object *work);

#endif
