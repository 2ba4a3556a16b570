/* Task group: tasks that live and die together.
 *
 * After CPython 3.12: Lib/asyncio/taskgroups.py. The end of the group waits
 * for all of its tasks. The first one that fails, and is not just cancelled,
 * has the others cancelled, and the task that owns the group, too, if it is
 * still busy with the group's own part. All errors come out together, as one
 * group of exceptions. In a body:
 *
 *     my->group = rt_task_group_new();
 *     if (my->group == NULL || rt_task_group_enter(my->group) != 0) {
 *         RT_FAIL;
 *     }
 *     ... rt_task_group_create_task(my->group, some_coroutine()) ...
 *     RT_AWAIT(whatever());
 *     RT_AWAIT(rt_task_group_exit(my->group, sent == NULL));
 *     if (sent == NULL) {
 *         RT_FAIL;
 *     } */
#ifndef LABS_RUNTIME_TASK_GROUP_H
#define LABS_RUNTIME_TASK_GROUP_H

#include "labs/runtime/object.h"

/* A new group. NULL with a pending memory error. */
struct rt_object *rt_task_group_new(void);

/* It belongs to the current task. 0, or -1 with a pending runtime error:
 * outside of a task, or the second time. */
int rt_task_group_enter(struct rt_object *object);

/* A new task in the group. Steals coroutine, also on failure; NULL is passed
 * on. NULL with a pending error: among others a runtime error when the group
 * is over, or is failing. */
struct rt_object *rt_task_group_create_task(struct rt_object *object,
                                            struct rt_object *coroutine);

/* A new coroutine that waits for the end of all tasks. has_failed: there is a
 * pending error, which ended the group's part; it is taken over. NULL with a
 * pending error. */
struct rt_object *rt_task_group_exit(struct rt_object *group, bool has_failed);

#endif
