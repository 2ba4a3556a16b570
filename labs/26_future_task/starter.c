/* Lab 26: tasks. The task is in task.md beside this file; what each function
 * promises is in labs/runtime/task.h, the fields are there and in future.h.
 *
 * Work from top to bottom: the checks come in nearly the same order. */
#include "labs/runtime/compat.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/task.h"

int
rt_task_step(struct rt_object *object, struct rt_object *value)
{
    // TODO 1: let the coroutine run until it stops, and look at what came of
    // it: a result, an error, or something that it waits for.
    // TODO 2: the task is the current one meanwhile. Who may not enter?
    // TODO 5: a task that is marked gets something else than value.
    (void)object;
    (void)value;
    return 0;
}

int
rt_task_wake(struct rt_object *object)
{
    // TODO 3: what it waited for is done. With a result? With an error?
    (void)object;
    return 0;
}

bool
rt_task_waits_for(const struct rt_object *callback,
                  const struct rt_object *future)
{
    // TODO 4: not every callback is a task.
    (void)callback;
    (void)future;
    return false;
}

bool
rt_task_cancel(struct rt_object *object, struct rt_object *message)
{
    // TODO 6: it is done; it waits; it does not wait.
    (void)object;
    (void)message;
    return false;
}

int
rt_task_cancelling(const struct rt_object *task)
{
    // TODO 7: how many requests are there?
    (void)task;
    return -1;
}

int
rt_task_uncancel(struct rt_object *object)
{
    // TODO 8: one request less.
    (void)object;
    return -1;
}

int
rt_task_start_eagerly(struct rt_object *object)
{
    // TODO 9: a first step at once, in the middle of somebody else's.
    (void)object;
    return 0;
}
