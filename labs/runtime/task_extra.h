/* Task extra: what only few tasks have.
 *
 * After CPython 3.12: Task.get_name() and set_name(), and _cancel_message. All
 * tasks have a number, which is a name, "Task-3"; those that are given another
 * one are few, as are those that are asked to end with a message. So both
 * stand in a table of the loop, and cost the others nothing. */
#ifndef LABS_RUNTIME_TASK_EXTRA_H
#define LABS_RUNTIME_TASK_EXTRA_H

struct rt_loop;
struct rt_object;

enum {
    RT_TASK_NAME_BYTES = 64
};

/* Copies the name, cut to the size of the buffer. */
void rt_task_copy_name(const struct rt_object *task,
                       char buffer[RT_TASK_NAME_BYTES]);

/* Another name, copied, cut to 63 bytes. 0, or -1 with a pending memory
 * error. */
int rt_task_set_name(struct rt_object *task, const char *name);

/* For a task that dies, and for a loop. */
void rt_task_forget_extra(struct rt_object *task);
void rt_task_forget_extras(struct rt_loop *loop);

#endif
