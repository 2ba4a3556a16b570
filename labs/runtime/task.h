/* Task: a future that a coroutine finishes, step by step.
 *
 * After CPython 3.12: Lib/asyncio/tasks.py, class Task, and
 * Modules/_asynciomodule.c. A step lets the coroutine run until it hands out
 * what it waits for; when that is done, the task is woken: it is its callback.
 * A task is thus in one of three states:
 *
 *   1  it waits: waiter is a pending future, of which the task is a callback
 *   2  it is ready: waiter is done, or NULL for a first step or after a bare
 *      yield; the task stands in the loop's queue
 *   3  it runs: it is the loop's current task, and waiter is NULL
 *
 * Cancelling in state 1 is passed on to the waiter; if that can still be
 * cancelled, the error comes back from there. Otherwise, and in the other
 * states, the task is marked, and gets the error at its next step. */
#ifndef LABS_RUNTIME_TASK_H
#define LABS_RUNTIME_TASK_H

#include "labs/runtime/future.h"

struct rt_task {
    struct rt_future future;
    struct rt_object *coroutine; // ours; NULL: it is over
    struct rt_object *waiter;    // ours: what it waits for, or NULL
    struct rt_object *context;   // ours: in which it runs; or NULL, context.h
};

/* --- for people ---------------------------------------------------------- */

/* A new task, which begins in the loop's next turn, or at once if the loop is
 * eager and runs. Steals coroutine, also on failure; NULL is passed on, so
 * that a call that makes one can stand here. NULL with a pending error: no
 * memory, not a coroutine, a closed loop. */
struct rt_object *rt_task_new(struct rt_loop *loop,
                              struct rt_object *coroutine);

bool rt_task_check(const struct rt_object *object);

/* The task that runs now, borrowed, or NULL (asyncio.current_task). */
struct rt_object *rt_task_current(const struct rt_loop *loop);

/* Calls visit with each task of the loop that is not done, in no particular
 * order. A task that nobody else holds is not kept alive by being listed
 * (asyncio.all_tasks). visit must not make or release containers. */
void rt_task_each(const struct rt_loop *loop,
                  void (*visit)(struct rt_object *task, void *data),
                  void *data);

/* How often it was asked to end; rt_future_cancel() adds one request, and this
 * takes one back. Both return how many there are. */
int rt_task_cancelling(const struct rt_object *task);
int rt_task_uncancel(struct rt_object *object);

/* --- how it works (task.c) ----------------------------------------------- */

/* One step. A NULL as value: the pending error is thrown into the coroutine.
 * 0; -1 with a pending error: the task is done already, or what it failed with
 * ends the program, too. */
int rt_task_step(struct rt_object *object, struct rt_object *value);

/* The step that a waiting task makes when its waiter is done: the waiter's
 * error is thrown in. A task that was ready just goes on. */
int rt_task_wake(struct rt_object *object);

/* Whether callback is a task that waits for this very future. */
bool rt_task_waits_for(const struct rt_object *callback,
                       const struct rt_object *future);

/* Cancelling, of a task (Task.cancel). */
bool rt_task_cancel(struct rt_object *task, struct rt_object *message);

/* What it is told when it hears at its next step that it is to end, or was
 * told the last time: a string, borrowed, or NULL; and another one, borrowed,
 * in its place (task_extra.c). Without memory for one it is told nothing. */
struct rt_object *rt_task_message(const struct rt_object *task);
void rt_task_set_message(struct rt_object *task, struct rt_object *message);

/* The first step of a task of an eager loop, in the middle of another one
 * maybe. As rt_task_step(). */
int rt_task_start_eagerly(struct rt_object *object);

#endif
